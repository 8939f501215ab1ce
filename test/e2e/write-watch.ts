// What was written on a lab host, seen from outside of it: the upper side of its overlay and its memory file systems, before and
// after. The time of change of every entry counts, so a file that was made and removed again shows in its directory.
import path from 'node:path';
import type { LabHost } from '../lab/lab.ts';
import { must } from '../lab/machine.ts';

/** What the host itself writes whenever somebody logs in or a unit runs, whoever it is. */
const RECORDS: readonly RegExp[] = [
  // journald's record of the login, of sudo, and of the unit.
  /^\/(var|run)\/log\/journal(\/|$)/,
  // The manager's and logind's own: the transient unit, the session, its user manager.
  /^\/run\/(systemd|user|credentials)(\/|$)/,
  /^\/var\/lib\/systemd(\/|$)/,
  // sshd's and sudo's records of who came.
  /^\/(run\/utmp|var\/log\/(wtmp|lastlog|btmp|wtmp\.db)|var\/lib\/(wtmpdb|lastlog)(\/.*)?)$/,
  /^\/run\/sudo(\/|$)/,
  // pam_motd's text for whoever logs in; it is renamed in place, so /run itself changes.
  /^\/run(\/motd\.dynamic)?$/,
  // systemd 252 makes the private /dev of a unit in a directory of /tmp that it removes again; what is in /tmp still counts.
  /^\/tmp$/,
];

const IN_MEMORY = ['/run', '/tmp', '/dev/shm'];
const FORMAT = '%C@ %i %s %m %U\\0';

export async function startWatch(host: LabHost): Promise<() => Promise<string[]>> {
  const before = await readEntries(host);
  return async () => {
    const after = await readEntries(host);
    const paths = new Set([...before.keys(), ...after.keys()]);
    return [...paths]
      .filter((entry) => before.get(entry) !== after.get(entry))
      .filter((entry) => !RECORDS.some((record) => record.test(entry)))
      .toSorted();
  };
}

async function readEntries(host: LabHost): Promise<ReadonlyMap<string, string>> {
  const upper = path.join(host.root, '..', 'changes', 'upper');
  const disk = await must('find', upper, '-mindepth', '1', '-printf', `/%P\\0${FORMAT}`);
  // Status 1: what went away while it was listed.
  const memory = await host.exec(['find', ...IN_MEMORY, '-printf', `%p\\0${FORMAT}`]);
  const words = `${disk}${memory.stdout}`.split('\0');
  const entries = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2) entries.set(words[at] ?? '', words[at + 1] ?? '');
  return entries;
}
