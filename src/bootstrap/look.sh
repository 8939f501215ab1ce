#!/bin/sh
# The only thing that the key of the plan can do on this host: run the shell script on its stdin where nothing can be written.
# The script is not trusted. The walls are the kernel's and systemd's: every file system read-only, an account without rights of
# its own that may read everything (CAP_DAC_READ_SEARCH) and gain nothing more, no network, no devices. For systemd on D-Bus it
# is an ordinary account, which may look at units and start none. Words that come with the login are not looked at.
PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH; unset ENV CDPATH
cd / || exit 90
[ "$(id -u)" -eq 0 ] || exec sudo -n /usr/local/lib/ashore/look
exec systemd-run --quiet --pipe --wait --collect --service-type=exec --description='Ashore looks for a plan' \
  -p User=ashore-look -p Group=nogroup \
  -p CapabilityBoundingSet=CAP_DAC_READ_SEARCH -p AmbientCapabilities=CAP_DAC_READ_SEARCH \
  -p SecureBits=no-setuid-fixup -p NoNewPrivileges=yes \
  -p ProtectSystem=strict -p ReadOnlyPaths=/ -p ReadOnlyPaths=-/dev/shm -p ReadOnlyPaths=-/dev/mqueue \
  -p TemporaryFileSystem=/usr/local/lib/ashore/tmp:mode=1777,size=512M -p Environment=TMPDIR=/usr/local/lib/ashore/tmp \
  -p PrivateDevices=yes -p PrivateNetwork=yes -p PrivateIPC=yes -p InaccessiblePaths=-/run/systemd/journal \
  -p ProtectKernelTunables=yes -p ProtectKernelModules=yes -p ProtectKernelLogs=yes -p ProtectControlGroups=yes \
  -p ProtectClock=yes -p ProtectHostname=yes -p RestrictAddressFamilies=AF_UNIX -p RestrictNamespaces=yes \
  -p RestrictSUIDSGID=yes -p RestrictRealtime=yes -p LockPersonality=yes -p SystemCallArchitectures=native \
  -p 'SystemCallFilter=~@mount @swap @reboot @module @raw-io @clock @debug @obsolete @cpu-emulation open_by_handle_at bpf' \
  -p SystemCallErrorNumber=EPERM -p LimitCORE=0 -p TasksMax=512 -p RuntimeMaxSec=900 \
  /bin/sh -s
