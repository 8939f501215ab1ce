// Throw-away Debian hosts on this machine: systemd as PID 1, own sshd, host key, address. For tests and the demo; needs root.
// Several labs may be up at once. A lab belongs to the process that started it, and goes with `stop` or with the next `startLab`.

import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { type ClientKey, type Suite, ensureBase, ensureClientKey } from './base.ts';
import { Host, type LabHost } from './host.ts';
import {
  directories,
  ensureTools,
  exists,
  labUnavailable,
  must,
  processIdentity,
  raiseInotifyLimit,
  stateRoot,
  withLock,
} from './machine.ts';
import { addressOf, bridgeName, labDirectory, subnet } from './place.ts';
import { removeLab } from './removal.ts';

export type { LabHost } from './host.ts';
export { labUnavailable };

export interface HostSpec {
  readonly name: string;
  readonly suite: Suite;
}

export interface Lab {
  readonly id: number;
  readonly hosts: ReadonlyMap<string, LabHost>;
  /** `root` and `deploy` (sudo without a password) accept it on every host. */
  readonly clientKey: ClientKey;
  /** A host that has to be there. */
  host(name: string): LabHost;
  /** Removes the hosts and all that the lab made. */
  stop(): Promise<void>;
}

export interface LabOptions {
  /** Told what takes long. Default: a line on stderr. */
  readonly log?: Log;
}

type Log = (line: string) => void;

function logToStderr(line: string): void {
  console.error(`lab: ${line}`);
}

export async function startLab(specs: readonly HostSpec[], options: LabOptions = {}): Promise<Lab> {
  const reason = await labUnavailable();
  if (reason !== undefined) throw new Error(reason);
  checkNames(specs);
  const log = options.log ?? logToStderr;
  await ensureTools();
  await raiseInotifyLimit();
  const clientKey = await ensureClientKey();
  const bases = new Map<Suite, string>();
  for (const suite of new Set(specs.map((spec) => spec.suite)))
    bases.set(suite, await ensureBase(suite, log));
  const id = await claim(log);
  try {
    const hosts = newHosts(id, specs, bases);
    await bridge(id);
    // All must have settled before a failure is cleaned up: no host may start behind the removal's back.
    const created = await Promise.allSettled([...hosts.values()].map((host) => host.create()));
    for (const result of created) if (result.status === 'rejected') throw result.reason;
    let stopped: Promise<void> | undefined; // only once: afterwards the number may be another lab's
    const stop = (): Promise<void> => (stopped ??= removeLab(id));
    return { id, hosts, clientKey, host: (name) => hostNamed(hosts, name), stop };
  } catch (error) {
    await removeLab(id);
    throw error;
  }
}

/** Removes the labs whose process is gone; their numbers. */
export async function sweep(log: Log = logToStderr): Promise<number[]> {
  return withLock(path.join(stateRoot, '.lock'), () => sweepLocked(log));
}

function checkNames(specs: readonly HostSpec[]): void {
  for (const { name } of specs)
    if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) throw new Error(`lab: not a host name: ${name}`);
  if (new Set(specs.map((spec) => spec.name)).size !== specs.length)
    throw new Error('lab: two hosts of one name');
  if (specs.length > 200) throw new Error('lab: more than 200 hosts');
}

function newHosts(
  lab: number,
  specs: readonly HostSpec[],
  bases: ReadonlyMap<Suite, string>,
): ReadonlyMap<string, Host> {
  const places = specs.map((spec, index) => ({
    lab,
    index,
    name: spec.name,
    suite: spec.suite,
    base: bases.get(spec.suite) ?? '',
  }));
  const neighbours = places.map((place) => `${addressOf(place)} ${place.name}\n`).join('');
  return new Map(places.map((place) => [place.name, new Host(place, place.suite, place.base, neighbours)]));
}

function hostNamed(hosts: ReadonlyMap<string, LabHost>, name: string): LabHost {
  const host = hosts.get(name);
  if (host === undefined) throw new Error(`lab: no host ${name}`);
  return host;
}

/** No NAT and no forwarding: hosts reach each other and this machine. */
async function bridge(id: number): Promise<void> {
  await must('ip', 'link', 'add', bridgeName(id), 'type', 'bridge', 'forward_delay', '0');
  await must('ip', 'addr', 'add', `${subnet(id)}.1/24`, 'dev', bridgeName(id));
  await must('ip', 'link', 'set', bridgeName(id), 'up');
}

/** A free number for a lab of this process. */
async function claim(log: Log): Promise<number> {
  return withLock(path.join(stateRoot, '.lock'), async () => {
    await sweepLocked(log);
    const addresses =
      (await must('ip', '-4', 'addr')) + (await must('ip', '-4', 'route', 'show', 'table', 'all'));
    for (let id = 1; id < 255; id += 1) {
      if ((await exists(labDirectory(id))) || addresses.includes(` ${subnet(id)}.`)) continue;
      // The owner is in place from the directory's first moment, so a half-made claim is never taken for a dead lab.
      const claimed = await mkdtemp(path.join(stateRoot, 'claim-'));
      await writeFile(path.join(claimed, 'owner'), `${await processIdentity(process.pid)}`);
      await mkdir(path.join(claimed, 'hosts'));
      await rename(claimed, labDirectory(id));
      return id;
    }
    throw new Error('lab: no free subnet');
  });
}

/** What cannot be taken away yet keeps its number, and is left to the next sweep: it is no reason for another lab to fail. */
async function sweepLocked(log: Log): Promise<number[]> {
  const swept: number[] = [];
  for (const name of await directories(stateRoot)) {
    try {
      if (await sweepOne(name)) swept.push(Number(name));
    } catch (error) {
      log(
        `what is left of ${name} could not be removed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return swept;
}

/** True when it was a lab that nobody owns any more. */
async function sweepOne(name: string): Promise<boolean> {
  if (/^(claim|gone)-/.test(name)) await rm(path.join(stateRoot, name), { recursive: true, force: true });
  if (!/^\d+$/.test(name)) return false;
  // A lab that is being stopped takes its directory away at any moment.
  const owner = await readFile(path.join(stateRoot, name, 'owner'), 'utf8').catch(() => undefined);
  if (owner === undefined || (await processIdentity(Number(owner.split(' ')[0]))) === owner) return false;
  await removeLab(Number(name));
  return true;
}
