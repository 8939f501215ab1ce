// Many hosts on one machine: addresses 127.0.x.y of a network namespace of its own, each a connection, a login and a
// script of its own, all served by one sshd. What they find is this machine's files, below a directory of the bench.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { ConfigFiles } from '../../src/deploy.ts';
import { must, run } from '../lab/machine.ts';
import { numbered } from './work.ts';
import type { Work } from './work.ts';

export interface Fleet {
  readonly directory: string;
  readonly keyPath: string;
  readonly knownHosts: string;
  /** Put before a command, so that it sees the addresses. */
  readonly inside: readonly string[];
  /** deploy-configs/ for so many hosts with 30 files each, every fifth host with one that differs. */
  config(hosts: number): ConfigFiles;
  /** The same files, the same on every host. */
  readonly work: Work;
  stop(): Promise<void>;
}

export const FLEET_PORT = 2222;
const FILES = 30;

export async function startFleet(): Promise<Fleet> {
  const directory = mkdtempSync(join(tmpdir(), 'ashore-fleet-'));
  const space = `ashore-bench-${process.pid}`;
  await must('ip', 'netns', 'add', space);
  const inside = ['ip', 'netns', 'exec', space];
  await must(...inside, 'ip', 'link', 'set', 'lo', 'up');
  for (const name of ['host', 'client']) await makeKey(join(directory, name));
  const hostKey = readFileSync(join(directory, 'host.pub'), 'utf8').split(' ', 2).join(' ');
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, `bench ${hostKey}\n`);
  writeFileSync(join(directory, 'sshd_config'), sshdConfig(directory));
  for (const { path, content } of filesBelow(directory)) {
    mkdirSync(join(directory, 'files'), { recursive: true });
    writeFileSync(path, content, { mode: 0o644 });
  }
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const argv = [
    ...inside,
    '/usr/sbin/sshd',
    '-D',
    '-f',
    join(directory, 'sshd_config'),
    '-E',
    join(directory, 'log'),
  ];
  const sshd = spawn(argv[0] ?? '', argv.slice(1), { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await end(sshd);
    await must('ip', 'netns', 'del', space);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await listening(inside);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    directory,
    keyPath: join(directory, 'client'),
    knownHosts,
    inside,
    config: (hosts) => configOf(directory, hostKey, hosts),
    work: workBelow(directory),
    stop,
  };
}

/** `127.0.x.y` from 127.0.1.1 on. */
export function addressAt(index: number): string {
  return `127.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}

async function makeKey(path: string): Promise<void> {
  await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path);
  writeFileSync(join(path, '..', 'authorized_keys'), readFileSync(`${path}.pub`));
}

/** MaxStartups is raised because all hosts share one sshd here; PerSourcePenalties would punish the one client. */
function sshdConfig(directory: string): string {
  return `Port ${FLEET_PORT}
ListenAddress 0.0.0.0
HostKey ${directory}/host
AuthorizedKeysFile ${directory}/authorized_keys
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
MaxStartups 1000:30:2000
PidFile none
`;
}

function filesBelow(directory: string): readonly { path: string; content: string }[] {
  return numbered(FILES).map((n) => {
    const content = numbered(24).map((line) => `setting_${line} = value ${line} of file ${n}, as declared\n`);
    return { path: join(directory, 'files', `${n}.conf`), content: content.join('') };
  });
}

function workBelow(directory: string): Work {
  const files = filesBelow(directory).map((file) => ({ ...file, owner: 'root', mode: '0644' }));
  return { files, packages: [], services: [], users: [], template: undefined };
}

function configOf(directory: string, hostKey: string, count: number): ConfigFiles {
  const names = numbered(count).map((n) => `h${String(n).padStart(4, '0')}`);
  const hosts = Object.fromEntries(
    names.map((name, index) => [
      name,
      {
        address: addressAt(index),
        port: FLEET_PORT,
        host_key: hostKey,
        state: join(directory, 'state', name),
        vars: { answer: index % 5 === 0 ? 'another' : 'value 1 of file 1, as declared' },
      },
    ]),
  );
  const [first, ...others] = filesBelow(directory);
  const varied = first?.content.replace('value 1 of file 1, as declared', '${answer}');
  const resources = [
    { file: first?.path, content: varied },
    ...others.map(({ path }, index) => ({ file: path, source: `files/${index + 2}.conf` })),
  ];
  const texts = [
    ['hosts.yml', stringify({ ssh: { user: 'root', sudo: false }, hosts })],
    ['fleet.yml', stringify({ on: 'all', resources })],
    ...others.map(({ content }, index) => [`files/${index + 2}.conf`, content]),
  ] as const;
  return new Map(
    texts.map(([path = '', text = '']) => [`deploy-configs/${path}`, new TextEncoder().encode(text)]),
  );
}

async function listening(inside: readonly string[]): Promise<void> {
  const ask = `exec 3<>/dev/tcp/127.0.0.1/${FLEET_PORT} && read -r banner <&3 && [ -n "$banner" ]`;
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await run([...inside, 'bash', '-c', ask])).status === 0) return;
    await sleep(50);
  }
  throw new Error('sshd of the fleet does not answer');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
