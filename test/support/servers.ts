// Server processes as they run in production, several on one PostgreSQL, behind a balancer, between the GitHub double and
// an embedded host whose answers can be held back. Each can be killed, stopped or told to end.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { hostsFile } from './desk.ts';
import { startEmbeddedHost } from './embedded-host.ts';
import type { EmbeddedHost } from './embedded-host.ts';
import { startGitHub } from './github/double.ts';
import type { GitHubDouble } from './github/double.ts';
import type { RepoDouble } from './github/repo.ts';
import { startPostgres } from './postgres.ts';

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it has logged, a line each. */
  readonly lines: string[];
  /** Its status, once it has ended; null after a signal. */
  readonly ended: Promise<number | null>;
}

export interface Harbour {
  readonly github: GitHubDouble;
  readonly repo: RepoDouble;
  readonly host: EmbeddedHost;
  /** Of the store. */
  readonly database: string;
  readonly servers: ServerProcess[];
  /** Starts another one, and sends it its share of webhooks. */
  start(): Promise<ServerProcess>;
  /** From now on the host answers nothing, until it is let go on. */
  hold(): void;
  letGo(): void;
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const PATH = '/api/github/webhooks';
const POLICY = 'deploy: { on: both, by: [write], approvals: 0 }\n';

export async function openHarbour(): Promise<Harbour> {
  const root = mkdtempSync(join(tmpdir(), 'ashore-harbour-'));
  const gate = join(root, 'held');
  const shell = join(root, 'shell');
  writeFileSync(shell, `#!/bin/sh\nwhile [ -e ${gate} ]; do sleep 0.1; done\nexec /bin/sh -c "$1"\n`);
  chmodSync(shell, 0o755);
  const [postgres, host] = await Promise.all([
    startPostgres(),
    startEmbeddedHost({ name: 'web1', shell: [shell] }),
  ]);
  const database = await postgres.fresh();
  const { github, repo, secret } = await startRepo(host);
  const env = environmentOf({ root, github, secret, host, database });
  const servers: ServerProcess[] = [];
  const balancer = await startBalancer(servers);
  github.setWebhookUrl(`${balancer.url}${PATH}`);
  return {
    github,
    repo,
    host,
    database,
    servers,
    start: async () => {
      const server = await startProcess(env);
      servers.push(server);
      return server;
    },
    hold: () => writeFileSync(gate, ''),
    letGo: () => rmSync(gate, { force: true }),
    stop: async () => {
      rmSync(gate, { force: true });
      for (const { child } of servers) child.kill('SIGKILL');
      await Promise.all(servers.map(({ ended }) => ended));
      await github.stop();
      balancer.stop();
      await Promise.all([host.stop(), postgres.stop()]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const Manifest = z.object({
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
});

async function startRepo(host: EmbeddedHost) {
  const secret = randomBytes(32).toString('hex');
  const manifest = Manifest.parse(parse(readFileSync('app.yml', 'utf8')));
  const { default_permissions: permissions, default_events: events } = manifest;
  const github = await startGitHub({ secret, permissions, events });
  github.createUser('ada');
  const repo = await github.createRepo('acme', 'infra');
  repo.collaborator('ada', 'maintain');
  const files = { 'deploy-configs/hosts.yml': hostsFile(host), 'deploy-configs/policy.yml': POLICY };
  await repo.commit({ branch: 'main', author: 'ada', message: 'Begin', files });
  return { github, repo, secret };
}

interface Surroundings {
  readonly root: string;
  readonly github: GitHubDouble;
  readonly secret: string;
  readonly host: EmbeddedHost;
  readonly database: string;
}

function environmentOf({ root, github, secret, host, database }: Surroundings): Record<string, string> {
  const [pem, key] = [join(root, 'app.pem'), join(root, 'id')];
  writeFileSync(pem, github.privateKey);
  writeFileSync(key, host.clientKey, { mode: 0o600 });
  return {
    PATH: process.env['PATH'] ?? '',
    APP_ID: String(github.appId),
    PRIVATE_KEY_PATH: pem,
    WEBHOOK_SECRET: secret,
    GITHUB_API_URL: github.apiUrl,
    ASHORE_REPOSITORIES: 'all',
    ASHORE_SSH_KEY_PATH: key,
    ASHORE_LEASE: '4',
    ASHORE_GRACE: '2',
    DATABASE_URL: database,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'debug',
  };
}

/** Resolves when it listens; rejects when it ends before that. */
export async function startProcess(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  let rest = '';
  const hear = (data: unknown): void => {
    const whole = `${rest}${String(data)}`.split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) {
      lines.push(line);
      const url = /"url":"(http:\/\/127[^"]+)".*listening/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    }
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = once(child, 'close').then(() => {
    reject(new Error(`the server ended:\n${lines.join('\n')}`));
    return child.exitCode;
  });
  const url = await listening;
  return { child, url, lines, ended };
}

export interface Balancer {
  readonly url: string;
  stop(): void;
}

/** To one after another, and to the next where one does not answer, as a balancer in front of them does. */
export async function startBalancer(servers: readonly Pick<ServerProcess, 'url'>[]): Promise<Balancer> {
  let turn = 0;
  const http = createServer((request, response) => {
    void forward([...servers.slice(turn), ...servers.slice(0, turn)], request, response);
    turn = (turn + 1) % Math.max(1, servers.length);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const stop = (): void => {
    http.closeAllConnections();
    http.close();
  };
  return { url: `http://127.0.0.1:${address.port}`, stop };
}

async function forward(
  servers: readonly Pick<ServerProcess, 'url'>[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const { host: _host, connection: _connection, 'content-length': _length, ...given } = request.headers;
  const headers = Object.entries(given).map(([name, value]): [string, string] => [name, String(value)]);
  for (const { url } of servers) {
    try {
      const sent = { method: 'POST', headers, body: Buffer.concat(chunks) };
      const limit = AbortSignal.timeout(2000);
      const answer = await fetch(`${url}${request.url}`, { ...sent, signal: limit });
      response.writeHead(answer.status).end(await answer.text());
      return;
    } catch {
      continue;
    }
  }
  response.writeHead(502).end();
}
