#!/bin/bash
# Makes of a base what a virtual machine boots from: image.sh SUITE BASE TARGET. Needs root; image.ts runs it under the lock of the bases.
# TARGET holds `kernel` (the suite's, as Debian builds it for clouds), `initrd`, and `disk`, an ext4 file system with the base and the modules.
set -euo pipefail
suite=$1 base=$2 target=$3
[[ ! -e $target ]] || exit 0
here=$(dirname "$(readlink -f "$0")")
. "$here/mirror.sh"

half=$target.half
tree=$half/tree
initrd=$half/initrd.tree
rm -rf "$half"
mkdir -p "$half"/work/{lists,archives}/partial "$initrd"/{bin,dev,lib,proc,root,sys}
cp -a "$base" "$tree"

# This machine's apt and its way out, with the suite's list and with what is installed in the tree.
fetch() {
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $main $suite main" >"$half/work/sources.list"
  local options=(-q -y -o "Dir::Etc::SourceList=$half/work/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State=$half/work"
    -o "Dir::State::status=$tree/var/lib/dpkg/status" -o "Dir::Cache=$half/work" -o APT::Architecture=amd64
    -o Acquire::Languages=none -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" install --download-only --no-install-recommends "$@"
}

# The kernel is only unpacked: its scripts would make an initrd for any machine, a hundred times as large as ours.
install_kernel() {
  mv "$half"/work/archives/*kmod*_*.deb "$tree/"
  chroot "$tree" sh -c 'dpkg -i /*.deb && rm /*.deb'
  dpkg-deb -x "$half"/work/archives/linux-image-[0-9]*.deb "$half/work/image"
  version=$(cd "$half/work/image/boot" && echo vmlinuz-*)
  version=${version#vmlinuz-}
  cp "$half/work/image/boot/vmlinuz-$version" "$half/kernel"
  mkdir -p "$tree/usr/lib/modules"
  cp -a "$half"/work/image/{usr/,}lib/modules/"$version" "$tree/usr/lib/modules/" 2>/dev/null || [[ -d $tree/usr/lib/modules/$version ]]
  chroot "$tree" depmod "$version"
}

# modules: one name a line, in the order in which they go.
make_initrd() {
  local file
  dpkg-deb --fsys-tarfile "$tree"/srv/pool/busybox-static_*.deb | tar -xO --wildcards './*bin/busybox' >"$initrd/bin/busybox"
  cp "$here/initrd.sh" "$initrd/init"
  chmod 755 "$initrd/bin/busybox" "$initrd/init"
  chroot "$tree" modprobe -S "$version" --show-depends -a ext4 virtio_pci virtio_blk virtio_net |
    sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
    case $file in
      *.xz) xz -dc "$tree$file" ;;
      *) cat "$tree$file" ;;
    esac >"$initrd/lib/$(basename "$file" .xz)"
    basename "$file" .xz
  done >"$initrd/modules"
  (cd "$initrd" && find . | bin/busybox cpio -o -H newc) | gzip -1 >"$half/initrd"
}

# The kernel is the machine's own, so Debian's sysctls hold again. What takes an emulated processor seconds, and no test needs, is left out:
# the caches that a first boot makes anew, file systems and modules in advance, a session of logind and a systemd for each login, and
# with each reload a dozen generators of units for what is not there.
fit_tree() {
  local unit
  find "$tree/etc/sysctl.d" -lname /dev/null -delete
  touch "$tree/etc/.updated" "$tree/var/.updated"
  sed -i /pam_systemd/d "$tree"/etc/pam.d/common-session*
  for unit in user@.service modprobe@.service kmod-static-nodes.service systemd-modules-load.service dev-{hugepages,mqueue}.mount \
    sys-fs-fuse-connections.mount sys-kernel-{config,debug,tracing}.mount; do
    ln -s /dev/null "$tree/etc/systemd/system/$unit"
  done
  mkdir -p "$tree/etc/systemd/system-generators"
  for unit in "$tree"/usr/lib/systemd/system-generators/*; do
    ln -s /dev/null "$tree/etc/systemd/system-generators/${unit##*/}"
  done
}

fetch kmod linux-image-cloud-amd64
install_kernel
make_initrd
fit_tree
truncate -s 2G "$half/disk"
mke2fs -q -t ext4 -d "$tree" "$half/disk"
rm -rf "$tree" "$initrd" "$half/work"
mv "$half" "$target"

# Images of earlier definitions go, unless image.ts handed one out within the hour; a machine that is up has a disk of its own.
find "$(dirname "$target")" -mindepth 1 -maxdepth 1 -name "virtual-$suite-*" -mmin +60 ! -path "$target" -exec rm -rf -- '{}' +
