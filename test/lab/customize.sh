#!/bin/bash
# mmdebstrap's customize hook: turns a minimal Debian tree ($1) into the base of a lab host, with a package pool in /srv/pool.
set -euo pipefail
root=$1
pool_packages=(nginx-light tree jq curl strace acl busybox-static cron logrotate nftables rsync xz-utils podman runc iptables netavark aardvark-dns)

# All .debs of the pool packages and of what they need beyond the tree, by this machine's apt for the tree's suite.
fill_pool() {
  APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get install --yes --download-only --reinstall --no-install-recommends "${pool_packages[@]}"
  mkdir -p "$root/srv/pool"
  mv "$root"/var/cache/apt/archives/*.deb "$root/srv/pool/"
}

# A tiny package with a service and a conffile; its scripts do what debhelper's would.
hello_package() {
  local version=$1 work
  work=$(mktemp -d)
  chmod 755 "$work"
  mkdir -p "$work"/{DEBIAN,etc/lab-hello,usr/bin,usr/lib/systemd/system}
  cat >"$work/DEBIAN/control" <<C
Package: lab-hello
Version: $version
Architecture: all
Maintainer: Lab <lab@localhost>
Description: service and conffile to try upgrades with
C
  echo /etc/lab-hello/config >"$work/DEBIAN/conffiles"
  echo "greeting=hello from $version" >"$work/etc/lab-hello/config"
  printf '#!/bin/sh\necho hello %s\n' "$version" >"$work/usr/bin/lab-hello"
  cat >"$work/usr/lib/systemd/system/lab-hello.service" <<C
[Unit]
Description=Lab hello $version
[Service]
ExecStart=/bin/sh -c 'lab-hello; exec sleep infinity'
[Install]
WantedBy=multi-user.target
C
  cat >"$work/DEBIAN/postinst" <<'C'
#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
deb-systemd-helper enable lab-hello.service
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
deb-systemd-invoke restart lab-hello.service
C
  cat >"$work/DEBIAN/prerm" <<'C'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then deb-systemd-invoke stop lab-hello.service; fi
C
  cat >"$work/DEBIAN/postrm" <<'C'
#!/bin/sh
set -e
if [ "$1" = purge ]; then deb-systemd-helper purge lab-hello.service; fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
C
  chmod 755 "$work"/DEBIAN/p* "$work/usr/bin/lab-hello"
  dpkg-deb --root-owner-group --build "$work" "$root/srv/pool/lab-hello_${version}_all.deb"
  rm -rf "$work"
}

index_pool() (
  cd "$root/srv/pool"
  for deb in *.deb; do
    dpkg-deb --field "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -c1-64)"
  done >Packages
  # Without it apt asks for every way a list might be compressed, and complains of each.
  cat >Release <<C
Origin: Lab
Label: Lab
Suite: lab
Date: $(date -Ru)
SHA256:
 $(sha256sum <Packages | cut -c1-64) $(stat -c %s Packages) Packages
C
)

# The pool is the hosts' only source, with its list already read. What this machine's apt was told is removed.
point_apt_at_pool() {
  rm -rf "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/* "$root/etc/apt/apt.conf.d/99mmdebstrap" \
    "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
  echo 'deb [trusted=yes] file:/srv/pool ./' >"$root/etc/apt/sources.list.d/pool.list"
  echo 'Acquire::Languages "none";' >"$root/etc/apt/apt.conf.d/99lab"
  chroot "$root" apt-get update
}

users() {
  chroot "$root" useradd --create-home --shell /bin/bash deploy
  echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/deploy"
  chmod 440 "$root/etc/sudoers.d/deploy"
  local home
  for home in "$root/root" "$root/home/deploy"; do
    install -d -m 700 "$home/.ssh"
    install -m 600 "$LAB_PUBLIC_KEY" "$home/.ssh/authorized_keys"
  done
  chroot "$root" chown -R deploy: /home/deploy/.ssh
}

services() {
  local unit conf
  # Timers would take dpkg's lock behind a test's back; a console has nobody to log in.
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    console-getty.service getty.target; do
    ln -sfn /dev/null "$root/etc/systemd/system/$unit"
  done
  mkdir -p "$root/var/log/journal" "$root/etc/systemd/journald.conf.d" "$root/etc/sysctl.d"
  printf '[Journal]\nStorage=persistent\nSystemMaxUse=64M\n' >"$root/etc/systemd/journald.conf.d/lab.conf"
  # Debian's own files set keys of the whole machine, read-only in a container: systemd-sysctl would fail.
  for conf in "$root"/usr/lib/sysctl.d/*.conf; do
    [[ ! -e $conf ]] || ln -sfn /dev/null "$root/etc/sysctl.d/${conf##*/}"
  done
}

# What has to differ from host to host: host.ts gives each its own.
forget_identity() {
  rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/dbus/machine-id" "$root/etc/hostname" "$root/etc/resolv.conf"
  : >"$root/etc/machine-id"
  : >"$root/etc/fstab"
}

fill_pool
for version in 1.0 1.1; do hello_package "$version"; done
index_pool
point_apt_at_pool
users
services
forget_identity
