// The cached half of the lab: one client key, and per suite one base tree that hosts lie over as an overlay.
// A base is named by a stamp over all that defines it, so a changed definition is a new base and never disturbs hosts on the old one.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readFile, utimes } from 'node:fs/promises';
import path from 'node:path';

import { cacheRoot, exists, must, start } from './machine.ts';

export type Suite = 'bookworm' | 'trixie';

export interface ClientKey {
  /** Of the private key, in OpenSSH's format, mode 0600. */
  readonly path: string;
  readonly privateKey: string;
  /** 'ssh-ed25519 AAAA…' */
  readonly publicKey: string;
}

const keyPath = path.join(cacheRoot, 'id_ed25519');
const lockPath = path.join(cacheRoot, '.lock');

/** The key that `root` and `deploy` accept on every host. Made once and kept, because it is part of the bases. */
export async function ensureClientKey(): Promise<ClientKey> {
  await mkdir(cacheRoot, { recursive: true });
  const make = '[ -e "$1.pub" ] || ssh-keygen -q -t ed25519 -N "" -C ashore-lab -f "$1" </dev/null';
  await must('flock', lockPath, 'sh', '-c', make, 'sh', keyPath);
  const [privateKey, publicKey] = await Promise.all([
    readFile(keyPath, 'utf8'),
    readFile(`${keyPath}.pub`, 'utf8'),
  ]);
  return { path: keyPath, privateKey, publicKey: publicKey.split(' ', 2).join(' ') };
}

/** The root tree of a suite's base, built when there is none of the present definition. */
export async function ensureBase(suite: Suite, log: (line: string) => void): Promise<string> {
  const base = path.join(cacheRoot, `${suite}-${await stamp(suite)}`);
  if (!(await exists(base))) {
    const what = `the base of ${suite}: about half a minute`;
    await build([script('base.sh'), suite, base, `${keyPath}.pub`], suite, what, log);
  }
  const now = new Date();
  await utimes(base, now, now); // base.sh leaves what was handed out lately
  return base;
}

async function stamp(suite: Suite): Promise<string> {
  const hash = createHash('sha256').update(suite);
  for (const file of [script('base.sh'), script('mirror.sh'), script('customize.sh'), `${keyPath}.pub`])
    hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}

function script(name: string): string {
  return path.join(import.meta.dirname, name);
}

/** Into `name.log`. flock(1) hands its lock down to the script, so the lock lasts as long as the build, even when this process dies. */
export async function build(
  argv: readonly string[],
  name: string,
  what: string,
  log: (line: string) => void,
): Promise<void> {
  const began = Date.now();
  log(`building ${what}`);
  const logPath = path.join(cacheRoot, `${name}.log`);
  const output = await open(logPath, 'a');
  const child = start(['flock', lockPath, ...argv], ['ignore', output.fd, output.fd]);
  const [status] = await once(child, 'close');
  await output.close();
  if (status !== 0)
    throw new Error(
      `lab: building ${name} failed, see ${logPath}:\n${(await readFile(logPath, 'utf8')).slice(-2000)}`,
    );
  log(`${name} is there after ${Math.round((Date.now() - began) / 1000)} s`);
}
