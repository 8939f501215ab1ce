
fail() { printf 'ashore bootstrap: %s\n' "$1" >&2; exit 1; }

# user, options, key, comment, owner of the files. A line that lets the same key in otherwise is replaced.
let_in() {
  home=$(getent passwd "$1" | cut -d : -f 6)
  [ -d "$home" ] || install -d -m 0755 "$home"
  group=$(id -gn "$5") keys=$home/.ssh/authorized_keys
  [ -d "$home/.ssh" ] || install -d -m 0755 -o "$5" -g "$group" "$home/.ssh"
  { [ ! -e "$keys" ] || grep -vF -e "${3#* }" -- "$keys" || :; printf '%s %s %s\n' "$2" "$3" "$4"; } >"$work/keys"
  install -m 0644 -o "$5" -g "$group" -T -- "$work/keys" "$keys"
}

add_deploy_user() {
  id -- "$deploy_user" >/dev/null 2>&1 || useradd --create-home --shell /bin/sh --password '*' -- "$deploy_user"
  [ -z "$deploy_key" ] || let_in "$deploy_user" "$deploy_options" "$deploy_key" 'ashore deploys' "$deploy_user"
  [ "$deploy_user" = root ] || printf '%s ALL=(root) NOPASSWD: /bin/sh -s\n' "$deploy_user" >>"$work/sudoers"
}

# The account that the looks run as, and the one program that the key of the plan reaches.
add_look() {
  id -- ashore-look >/dev/null 2>&1 || useradd --system --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin --password '*' -g nogroup -- ashore-look
  install -d -m 0755 /usr/local/lib/ashore
  install -d -m 0555 /usr/local/lib/ashore/tmp
  look_program >"$work/look"
  install -m 0755 -T -- "$work/look" /usr/local/lib/ashore/look
}

# An account of its own has nothing that it could write to, not even its own authorized_keys.
add_plan_user() {
  id -- "$plan_user" >/dev/null 2>&1 || useradd --system --no-create-home --home-dir "/var/lib/$plan_user" \
    --shell /bin/sh --password '*' -g nogroup -- "$plan_user"
  owner=root
  [ "$plan_user" != "$deploy_user" ] || owner=$deploy_user
  let_in "$plan_user" "$plan_options" "$plan_key" 'ashore plans' "$owner"
  [ "$plan_user" = root ] || printf '%s ALL=(root) NOPASSWD: /usr/local/lib/ashore/look ""\n' "$plan_user" >>"$work/sudoers"
}

# A sudoers file with a mistake locks everybody out of sudo.
install_sudoers() {
  visudo -cqf "$work/sudoers" || fail 'visudo does not take the sudoers lines; nothing was changed there'
  install -m 0440 -T -- "$work/sudoers" /etc/sudoers.d/ashore
  visudo -cq || { rm -f /etc/sudoers.d/ashore; fail 'visudo does not take /etc/sudoers with ours; ours was removed'; }
}

try_look() {
  said=$(printf '%s\n' 'touch "$TMPDIR/x" && systemctl show -p Version >/dev/null && ! touch /etc/ashore-tried 2>/dev/null && echo looked' |
    /usr/local/lib/ashore/look 2>&1) || :
  if [ -e /etc/ashore-tried ]; then
    rm -f /etc/ashore-tried /usr/local/lib/ashore/look
    fail 'a look could write on this host; the program was removed, and the key of the plan can do nothing'
  fi
  [ "$said" = looked ] || fail "a look does not work on this host (systemd and the D-Bus system bus are needed): $said"
}

main() {
  umask 022; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH; cd /
  [ "$(id -u)" -eq 0 ] || fail 'this must run as root'
  for tool in sudo visudo systemd-run useradd; do
    command -v "$tool" >/dev/null || fail "$tool is missing; apt-get install sudo systemd passwd"
  done
  work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
  echo '# Written by ashore bootstrap' >"$work/sudoers"
  add_deploy_user
  if [ -n "$plan_key" ]; then add_look; add_plan_user; fi
  install_sudoers
  if [ -n "$plan_key" ]; then try_look; fi
  [ -d "$state" ] || install -d -m 0700 -- "$state"
  echo 'ashore bootstrap: done'
}

main
