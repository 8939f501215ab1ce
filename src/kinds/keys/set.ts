// The text that changes one line of an authorized_keys, and no other, as a person would by hand. Arguments: user, key, line.

/** The new file is put beside the old one and renamed over it; without a line, the key only goes. It stops at a link. */
export const SET_LINE = `set -e; umask 077
home=$(getent passwd "$1" | cut -d : -f 6)
cd -P -- "$home"
[ -d .ssh ] || mkdir .ssh
cd .ssh
file=authorized_keys
if [ -L "$file" ]; then echo "$home/.ssh/$file is a symbolic link" >&2; exit 1; fi
{
  if [ -f "$file" ]; then awk -v key="$2" '{ for (i = 1; i <= NF; i++) if ($i == key) next; print }' "$file"; fi
  if [ -n "$3" ]; then printf '%s\\n' "$3"; fi
} >".$file.ashore-new"
if [ -f "$file" ]; then chmod --reference="$file" ".$file.ashore-new"
elif [ "$(id -un)" != "$1" ]; then chmod 0644 ".$file.ashore-new"; fi
sync ".$file.ashore-new"
mv -f -T ".$file.ashore-new" "$file"`;
