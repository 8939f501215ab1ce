// Brings a host up: its network namespace on the lab's bridge, systemd-nspawn in its own cgroup, and the wait for sshd.

import { type ChildProcess } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { cgroupTrees, must, start, run } from './machine.ts';
import { type Place, bridgeName, machineName, cableName } from './place.ts';

/** No default route: nothing of a host leaves the lab, and what tries is refused at once instead of hanging. */
export async function plugIn(place: Place, address: string): Promise<void> {
  const [space, veth] = [machineName(place.lab, place.name), cableName(place)];
  // An end of a cable whose namespace something still held when its host went; the number, and so the name, is ours now.
  await run(['ip', 'link', 'del', veth]);
  await must('ip', 'netns', 'add', space);
  await must('ip', 'link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
  await must('ip', 'link', 'set', veth, 'master', bridgeName(place.lab));
  await must('ip', '-n', space, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  await must('ip', '-n', space, 'link', 'set', 'lo', 'up');
  await must('ip', '-n', space, 'link', 'set', 'eth0', 'up');
}

export async function launch(place: Place, directory: string): Promise<ChildProcess> {
  const machine = machineName(place.lab, place.name);
  const nspawn = [
    'systemd-nspawn',
    '--quiet',
    '--settings=no',
    '--register=no', // the machine may have no systemd to register with
    '--keep-unit', // nor one to ask for a scope: stay in the cgroup made above
    '--boot',
    `--directory=${directory}/root`,
    `--machine=${machine}`,
    `--hostname=${place.name}`,
    `--network-namespace-path=/run/netns/${machine}`,
    '--capability=CAP_NET_ADMIN', // the firewall and the net.* sysctls of that network are the host's own
    '--capability=CAP_BPF,CAP_PERFMON', // runc and crun say by a program of bpf which devices a container has
    '--system-call-filter=bpf',
    '--link-journal=no',
    '--resolv-conf=off',
    '--timezone=off',
    '--console=read-only',
  ];
  const output = await open(path.join(directory, 'console.log'), 'w');
  const supervisor = start([...(await caged(place)), ...nspawn], ['ignore', output.fd, output.fd], {
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1', // what Debian has; a hybrid machine would pass its hybrid on
    SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network', // net.* sysctls are the host's own
    SYSTEMD_NSPAWN_LOCK: '0', // no lock file beside the tree
  });
  await output.close();
  supervisor.unref();
  return supervisor;
}

/** What goes before a command so that it runs in the host's cgroup, and ends with it. */
export async function caged(place: Place): Promise<readonly string[]> {
  const trees = await cgroupTrees();
  const groups = (trees?.all ?? []).map((tree) => path.join(tree, bridgeName(place.lab), place.name));
  for (const group of groups) await mkdir(group, { recursive: true });
  const enter = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"';
  return ['sh', '-ec', enter, 'sh', ...groups, '--'];
}

/** The child of systemd-nspawn that is PID 1 in a namespace of its own. */
export async function initOf(supervisor: number | undefined): Promise<number> {
  const children = await readFile(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8');
  for (const pid of children.trim().split(' ')) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (/^NSpid:(\t\d+)+\t1$/m.test(status)) return Number(pid);
  }
  throw new Error(`no PID 1 below systemd-nspawn ${supervisor}`);
}

/** Until sshd sends its banner. */
export async function sshReady(address: string, supervisor?: ChildProcess, seconds = 180): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await banner(address))) {
    if (supervisor !== undefined && supervisor.exitCode !== null)
      throw new Error(`it ended with ${supervisor.exitCode}`);
    if (Date.now() > end) throw new Error(`no sshd in ${seconds} s`);
    await sleep(20);
  }
}

async function banner(address: string): Promise<boolean> {
  const socket = connect({ host: address, port: 22, timeout: 1000 });
  try {
    return await new Promise((resolve) => {
      socket.on('data', (data) => resolve(data.toString('latin1').startsWith('SSH-2.0-')));
      for (const event of ['error', 'timeout', 'end']) socket.on(event, () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
