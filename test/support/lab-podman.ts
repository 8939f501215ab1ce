// Podman on a host of the lab, which is a container itself: vfs, because overlay does not lie over overlay; runc, because crun raises
// RLIMIT_MEMLOCK, which needs CAP_SYS_RESOURCE; no limit of processes where the machine's cgroups are hybrid; no session keyring;
// iptables, because the scenario of another kind takes nft away.

/** Shell text; what it installs is in the lab's pool. */
export const podmanInLab = `set -e
apt-get install -q -y --no-install-recommends podman runc netavark aardvark-dns iptables nftables busybox-static curl >/dev/null
mkdir -p /etc/containers
cat >/etc/containers/containers.conf <<'C'
[containers]
pids_limit = 0
keyring = false
default_sysctls = []
[engine]
runtime = "runc"
[network]
network_backend = "netavark"
firewall_driver = "iptables"
C
cat >/etc/containers/storage.conf <<'C'
[storage]
driver = "vfs"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
C`;
