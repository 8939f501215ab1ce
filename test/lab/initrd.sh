#!/bin/busybox sh
# PID 1 of a lab's virtual machine until Debian's takes over: the modules for its disk and its network card, its address, its root.
# /modules holds their names in the order in which they go; `lab.address=` comes on the kernel's command line.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/lib/$module" || echo "initrd: $module was not taken"; done </modules
address=$(sed -n 's/.*lab\.address=\([^ ]*\).*/\1/p' /proc/cmdline)
for try in 1 2 3 4 5 6 7 8 9 10; do [ ! -b /dev/vda ] || break; sleep 0.2; done
ip addr add "$address" dev eth0
ip link set eth0 up
mount -t ext4 /dev/vda /root || exec sh
mount --move /dev /root/dev
umount /sys /proc
exec switch_root /root /sbin/init
