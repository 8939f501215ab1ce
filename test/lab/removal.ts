// Takes hosts and labs away. Knows them by their names only, so it also serves for what a dead process left behind.
// Processes are ended by their cgroup, which only the lab puts processes into; no pid is ever guessed.

import { readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { cgroupTrees, directories, exists, mounts, must, run, stateRoot } from './machine.ts';
import { bridgeName, hostDirectory, labDirectory, machineName } from './place.ts';

/** Seconds for what takes milliseconds, unless the machine's disk is busy. */
const PATIENCE = 30;

/** Ends all processes of a host at once and removes its cgroups. */
export async function killAll(lab: number, name: string): Promise<void> {
  const trees = await cgroupTrees();
  if (trees === undefined) return;
  const group = path.join(trees.unified, bridgeName(lab), name);
  if (await exists(group)) {
    await writeFile(path.join(group, 'cgroup.kill'), '1');
    await allEnded(lab, name);
  }
  for (const tree of trees.all)
    await until(
      () => removeCgroup(path.join(tree, bridgeName(lab), name)),
      `the cgroup of ${name} to be empty`,
    );
}

/** Waits until a host has no process left. */
export async function allEnded(lab: number, name: string, seconds = PATIENCE): Promise<void> {
  const events = path.join((await cgroupTrees())?.unified ?? '', bridgeName(lab), name, 'cgroup.events');
  const gone = async (): Promise<boolean> =>
    !(await readFile(events, 'utf8').catch(() => '')).includes('populated 1');
  await until(gone, `the processes of ${name} to end`, seconds);
}

/** Deepest first; false while one of them is still held by a process on its way out. */
async function removeCgroup(group: string): Promise<boolean> {
  for (const child of await directories(group))
    if (!(await removeCgroup(path.join(group, child)))) return false;
  return rmdir(group).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}

/** Unmounts a directory and all below it, deepest first. */
export async function unmountBelow(directory: string): Promise<void> {
  const targets = (await mounts())
    .map((mount) => mount.target)
    .filter((target) => target === directory || target.startsWith(`${directory}/`));
  for (const target of targets.toReversed()) {
    // The kernel lets go of a dead container's mounts a moment after its last process.
    await until(async () => (await run(['umount', target])).status === 0, `${target} to be unmounted`);
  }
}

/** All that a lab made on this machine, whether or not it was ever complete. */
export async function removeLab(lab: number): Promise<void> {
  const names = await directories(path.join(labDirectory(lab), 'hosts'));
  await Promise.all(names.map((name) => removeHost(lab, name)));
  await removeCables(lab);
  if ((await run(['ip', 'link', 'show', bridgeName(lab)])).status === 0)
    await must('ip', 'link', 'del', bridgeName(lab));
  for (const tree of (await cgroupTrees())?.all ?? []) await removeCgroup(path.join(tree, bridgeName(lab)));
  // The directory is the claim on the number. It goes in one step, so that nobody sees half of it.
  const gone = path.join(stateRoot, `gone-${lab}-${process.pid}`);
  await rename(labDirectory(lab), gone);
  await rm(gone, { recursive: true, force: true });
}

/** A cable goes with its namespace, but that stays for as long as anything is in it; and whoever gets the number next needs the name. */
async function removeCables(lab: number): Promise<void> {
  const links = await run(['ip', '-o', 'link', 'show', 'type', 'veth']);
  for (const [, name = ''] of links.stdout.matchAll(/^\d+: (alab\d+h\d+)@/gm))
    if (name.startsWith(`alab${lab}h`)) await run(['ip', 'link', 'del', name]);
}

async function removeHost(lab: number, name: string): Promise<void> {
  const machine = machineName(lab, name);
  await killAll(lab, name);
  if (await exists(`/run/netns/${machine}`)) await must('ip', 'netns', 'del', machine); // and with it the veth pair
  await unmountBelow(hostDirectory(lab, name));
  for (const kind of ['propagate', 'unix-export']) {
    const left = path.join('/run/systemd/nspawn', kind, machine);
    await unmountBelow(left);
    await rm(left, { recursive: true, force: true });
  }
}

async function until(done: () => Promise<boolean>, what: string, seconds = PATIENCE): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`lab: waited ${seconds} s for ${what}`);
    await sleep(10);
  }
}
