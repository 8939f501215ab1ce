#!/bin/bash
# Builds the root tree of one suite, unless it is there: base.sh SUITE TARGET PUBLIC_KEY_FILE. Needs root; base.ts runs it under a lock.
# Downloads go the way this machine's own apt goes (its mirror, its proxy); none of that stays in the tree.
set -euo pipefail
suite=$1 target=$2
export LAB_PUBLIC_KEY=$3
[[ ! -e $target ]] || exit 0
here=$(dirname "$(readlink -f "$0")")
packages=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,iproute2,ca-certificates,procps,netbase,cron,less

. "$here/mirror.sh"
security=$(mirror Debian-Security http://deb.debian.org/debian-security/)

options=$(mktemp)
trap 'rm -f "$options"' EXIT
apt-config dump --format '%F "%v";%n' Acquire | grep -iE '^Acquire::(https?|Retries)' >"$options" || :
printf 'Acquire::Languages "none";\n' >>"$options"

# Manuals are left out for size; unsafe-io stays in the tree, so that dpkg is fast inside the hosts too.
# cleanup/apt is skipped because it would remove the package lists that customize.sh leaves for the hosts.
rm -rf "$target.half"
mmdebstrap --mode=root --variant=minbase --format=directory --include="$packages" --aptopt="$options" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='force-unsafe-io' \
  --customize-hook="$here/customize.sh" --skip=cleanup/apt \
  "$suite" "$target.half" "deb $main $suite main" "deb $main $suite-updates main" "deb $security $suite-security main"
mv "$target.half" "$target"

# Bases of earlier definitions go, unless a host lies over one or base.ts handed one out within the hour.
find "$(dirname "$target")" -mindepth 1 -maxdepth 1 -name "$suite-*" -mmin +60 ! -path "$target" | while read -r old; do
  grep -qF "lowerdir=$old," /proc/self/mountinfo || rm -rf "$old"
done
