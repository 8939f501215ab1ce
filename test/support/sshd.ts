// A real OpenSSH sshd on loopback: a child of the test with its own config, host keys and port, logging in the current user.
// Debian's package is installed when it is missing and this is root.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../src/core/host.ts';
import { freePort } from './embedded-host.ts';

const SSHD = '/usr/sbin/sshd';
const KEYGEN = '/usr/bin/ssh-keygen';

/** Why there is no sshd to test with, in words; undefined when there is one. */
export function sshdUnavailable(): string | undefined {
  if (existsSync(SSHD)) return undefined;
  if (process.getuid?.() !== 0) return 'openssh-server is not installed, and only root can install it';
  const argv = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', 'openssh-server'];
  // As its daemon is not wanted: invoke-rc.d(8) asks policy-rc.d before it starts anything; tests here run without one.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const installed = spawnSync('env', argv, { env, encoding: 'utf8' });
  return existsSync(SSHD) ? undefined : `openssh-server could not be installed: ${installed.stderr}`;
}

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
  /** Of the private key; the public one is beside it as `.pub`. */
  readonly path: string;
}

export interface Sshd {
  readonly dir: string;
  readonly port: number;
  /** In the order of `types`. */
  readonly hostKeys: readonly string[];
  readonly clientKey: KeyPair;
  target(over?: Partial<Target>): Target;
  newKey(type?: string): KeyPair;
  /** Ends all connections that stand now, from the host's side and without a word. */
  killSessions(): void;
  /** All that sshd said. */
  log(): string;
  stop(): Promise<void>;
}

export interface SshdOptions {
  readonly types?: readonly string[];
  readonly config?: readonly string[];
}

export async function startSshd({ types = ['ed25519'], config = [] }: SshdOptions = {}): Promise<Sshd> {
  const dir = await mkdtemp(path.join(tmpdir(), 'ashore-sshd-'));
  let count = 0;
  const newKey = (type = 'ed25519'): KeyPair => makeKey(path.join(dir, `key${(count += 1)}`), type);
  const hosts = types.map(newKey);
  const clientKey = newKey();
  const logPath = path.join(dir, 'log');
  await writeFile(path.join(dir, 'authorized_keys'), clientKey.publicKey);
  await writeFile(
    path.join(dir, 'config'),
    [
      'ListenAddress 127.0.0.1',
      ...hosts.map((key) => `HostKey ${key.path}`),
      `AuthorizedKeysFile ${dir}/authorized_keys`,
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'PidFile none',
      ...config,
      '',
    ].join('\n'),
  );
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const { child, port } = await launch(path.join(dir, 'config'), logPath);
  return {
    dir,
    port,
    hostKeys: hosts.map((key) => key.publicKey),
    clientKey,
    target: (over = {}) => ({
      host: 'web1',
      address: '127.0.0.1',
      port,
      user: userInfo().username,
      hostKeys: hosts.map((key) => key.publicKey),
      sudo: false,
      state: path.join(dir, 'state'),
      jump: null,
      ...over,
    }),
    newKey,
    killSessions: () => childrenOf(child.pid).forEach(killTree),
    log: () => readFileSync(logPath, 'utf8'),
    stop: async () => {
      childrenOf(child.pid).forEach(killTree);
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function makeKey(file: string, type: string): KeyPair {
  const made = spawnSync(KEYGEN, ['-q', '-t', type, '-N', '', '-C', '', '-f', file], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr}`);
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim();
  return { path: file, privateKey: readFileSync(file, 'utf8'), publicKey };
}

/** Somebody else may take the port between our asking for it and sshd's taking it. */
async function launch(
  config: string,
  logPath: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  for (let tries = 0; tries < 5; tries += 1) {
    const port = await freePort();
    const argv = ['-D', '-f', config, '-E', logPath, '-o', `Port=${port}`];
    const child = spawn(SSHD, argv, { stdio: 'ignore' });
    if (await listening(port, child)) return { child, port };
  }
  throw new Error(`sshd does not start: ${readFileSync(logPath, 'utf8')}`);
}

async function listening(port: number, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) return false;
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return true;
    await sleep(25);
  }
  return false;
}

function childrenOf(pid: number | undefined): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** sshd's own processes only: what a login started goes on, as it does when a network breaks. */
function killTree(pid: number): void {
  const name = readName(pid);
  if (!name.startsWith('sshd')) return;
  childrenOf(pid).forEach(killTree);
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended by itself.
  }
}

function readName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
