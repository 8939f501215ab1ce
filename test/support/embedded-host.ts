// A host inside this process: ssh2's own server on loopback, and the machine's real sh behind it as the current user.
// For machines that cannot run the lab. No sudo, no systemd; the state directory is in a scratch directory.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import ssh2 from 'ssh2';
import type { AuthContext, Connection, ParsedKey, ServerChannel } from 'ssh2';
import type { Target } from '../../src/core/host.ts';

export interface EmbeddedHost {
  readonly target: Target;
  /** Private key that the host lets in. */
  readonly clientKey: string;
  /** Scratch directory, the home of the login; removed by `stop`. */
  readonly root: string;
  /** Ends the connections that are open now, as a network does; what they started goes on. */
  cut(): void;
  stop(): Promise<void>;
}

export interface EmbeddedHostOptions {
  readonly name: string;
  /** What a command line is handed to, as sshd hands it to the login shell; `/bin/sh -c` unless given. */
  readonly shell?: readonly string[];
}

export async function startEmbeddedHost({
  name,
  shell = ['/bin/sh', '-c'],
}: EmbeddedHostOptions): Promise<EmbeddedHost> {
  const root = await mkdtemp(path.join(tmpdir(), `ashore-${name}-`));
  const hostKey = newKey();
  const clientKey = newKey();
  const allowed = parseKey(clientKey.public);
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', () => connections.delete(connection));
    connection.on('authentication', (attempt) => judge(attempt, allowed));
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) =>
        serve(acceptExec(), [...shell, command], root),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server.address());
  const cut = (): void => {
    for (const connection of connections) connection.end();
  };
  return {
    target: {
      host: name,
      address: '127.0.0.1',
      port,
      user: `${userInfo().username}-embedded`,
      hostKeys: [hostKey.public.split(' ', 2).join(' ')],
      sudo: false,
      state: path.join(root, 'state'),
      jump: null,
    },
    clientKey: clientKey.private,
    root,
    cut,
    stop: async () => {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function parseKey(text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  return key;
}

function judge(attempt: AuthContext, allowed: ParsedKey): void {
  const known = attempt.method === 'publickey' && attempt.key.data.equals(allowed.getPublicSSH());
  if (!known) {
    attempt.reject(['publickey']);
    return;
  }
  // Without a signature the client only asks whether the key would do.
  const { blob, signature, hashAlgo } = attempt;
  const proven = !blob || !signature || allowed.verify(blob, signature, hashAlgo);
  if (proven) attempt.accept();
  else attempt.reject();
}

/** The process outlives its channel, as under sshd. */
function serve(channel: ServerChannel, [program = '', ...argv]: readonly string[], home: string): void {
  // bash knows by SSH_CLIENT that sshd started it, and then reads .bashrc (bash(1), INVOCATION).
  const env = { PATH: '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8', SSH_CLIENT: '127.0.0.1 1 22' };
  const child = spawn(program, argv, { cwd: home, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stdin.on('error', () => undefined);
  channel.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.on('data', (chunk: Buffer) => channel.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => channel.stderr.write(chunk));
  child.on('error', () => channel.close());
  child.on('close', (status, signal) => {
    if (signal) channel.exit(signal.slice('SIG'.length));
    else channel.exit(status ?? 255);
    channel.end();
  });
}

/** Some of the keys that ssh2 1.17.0 makes are malformed (8 of 2000), so each is read back. */
function newKey(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const halves = [ssh2.utils.parseKey(pair.private), ssh2.utils.parseKey(pair.public)];
    if (!halves.some((half) => half instanceof Error)) return pair;
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const port = portOf(probe.address());
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return port;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('no port on loopback');
  return address.port;
}
