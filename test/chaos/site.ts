// What chaos rages in: real hosts, the GitHub double over HTTP, and the server as a process of its own that may be killed.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ConfigFiles } from '../../src/deploy.ts';
import { Report } from '../../src/core/report.ts';
import { freePort } from '../support/embedded-host.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { startGitHub } from '../support/github/double.ts';
import type { GitHubDouble } from '../support/github/double.ts';
import type { RepoDouble } from '../support/github/repo.ts';

export interface Site {
  readonly lab: Lab;
  readonly github: GitHubDouble;
  readonly repo: RepoDouble;
  readonly data: string;
  /** Of the age identity, for who wants to plan beside the server. */
  readonly agePath: string;
  readonly keyPath: string;
  startServer(): Promise<void>;
  killServer(): Promise<void>;
  /** What deploy-configs/ holds in a round. */
  files(round: number): Promise<ConfigFiles>;
  stop(): Promise<void>;
}

export const SECRET = 'a secret that must not stay anywhere in chaos';

/** Large enough that a file written in part would be seen. */
export function contentOf(round: number): string {
  return `round ${round}\n`.repeat(20_000);
}

export async function startSite(names: Readonly<Record<string, 'bookworm' | 'trixie'>>): Promise<Site> {
  const directory = mkdtempSync(join(tmpdir(), 'ashore-chaos-'));
  const lab = await startLab(Object.entries(names).map(([name, suite]) => ({ name, suite })));
  const secret = randomBytes(32).toString('hex');
  const manifest = Manifest.parse(parse(readFileSync('app.yml', 'utf8')));
  const github = await startGitHub({
    secret,
    permissions: manifest.default_permissions,
    events: manifest.default_events,
  });
  github.createUser('ada');
  const repo = await github.createRepo('acme', 'infra');
  repo.collaborator('ada', 'maintain');
  const identity = await generateX25519Identity();
  const agePath = join(directory, 'age.txt');
  writeFileSync(agePath, `${identity}\n`);
  const keyPath = join(directory, 'id');
  writeFileSync(keyPath, lab.clientKey.privateKey, { mode: 0o600 });
  writeFileSync(join(directory, 'app.pem'), github.privateKey);
  const sealed = await encrypt(await identityToRecipient(identity));
  const files = async (round: number): Promise<ConfigFiles> => configOf(lab, round, sealed);
  const data = join(directory, 'data');
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'] ?? '',
    APP_ID: String(github.appId),
    PRIVATE_KEY_PATH: join(directory, 'app.pem'),
    WEBHOOK_SECRET: secret,
    GITHUB_API_URL: github.apiUrl,
    ASHORE_REPOSITORIES: 'all',
    ASHORE_SSH_KEY_PATH: keyPath,
    ASHORE_AGE_KEY_PATH: agePath,
    ASHORE_DATA: data,
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'warn',
  };
  const first = Object.fromEntries([...(await files(0))].map(([path, bytes]) => [path, Buffer.from(bytes)]));
  await repo.commit({ branch: 'main', author: 'ada', message: 'Begin', files: first });
  let server: ChildProcess | undefined;
  const site: Site = {
    lab,
    github,
    repo,
    data,
    agePath,
    keyPath,
    files,
    startServer: async () => {
      server = await startProcess(env);
      github.setWebhookUrl(`http://127.0.0.1:${port}/api/github/webhooks`);
    },
    killServer: async () => {
      const killed = server;
      server = undefined;
      if (!killed || killed.exitCode !== null) return;
      killed.kill('SIGKILL');
      await once(killed, 'exit');
    },
    stop: async () => {
      await site.killServer();
      await github.stop();
      await lab.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await site.startServer();
  return site;
}

/** What the server's own store says, read beside it. */
export interface Books {
  readonly runs: readonly {
    readonly id: string;
    readonly told: boolean;
    readonly report: Report | undefined;
    readonly ended: string | null;
  }[];
  readonly deliveries: readonly {
    readonly guid: string;
    readonly state: string;
    readonly error: string | null;
  }[];
  readonly leases: number;
}

export function readBooks(data: string): Books {
  const db = new DatabaseSync(join(data, 'ashore.db'), { readOnly: true });
  try {
    const runs = Runs.parse(db.prepare('select id, told, ended from runs order by started_at').all());
    const deliveries = Deliveries.parse(db.prepare('select guid, state, error from deliveries').all());
    const leases = z.array(z.unknown()).parse(db.prepare('select * from leases').all()).length;
    return {
      runs: runs.map(({ id, told, ended }) => ({ id, told: told === 1, ended, report: reportIn(ended) })),
      deliveries,
      leases,
    };
  } finally {
    db.close();
  }
}

const Manifest = z.object({
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
});
const Runs = z.array(z.object({ id: z.string(), told: z.number(), ended: z.string().nullable() }));
const Deliveries = z.array(z.object({ guid: z.string(), state: z.string(), error: z.string().nullable() }));

function reportIn(ended: string | null): Report | undefined {
  if (ended === null) return undefined;
  const parsed = z.object({ is: z.literal('report'), report: Report }).safeParse(JSON.parse(ended));
  return parsed.data?.report;
}

async function encrypt(recipient: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(SECRET);
}

function configOf(lab: Lab, round: number, sealed: Uint8Array): ConfigFiles {
  const hosts = [...lab.hosts.values()].map(
    ({ name, address, hostKey }) => `  ${name}: { address: ${address}, host_key: ${hostKey} }\n`,
  );
  const text = (lines: string): Uint8Array => new TextEncoder().encode(lines);
  return new Map([
    ['deploy-configs/hosts.yml', text(`ssh: { user: deploy, sudo: true }\nhosts:\n${hosts.join('')}`)],
    ['deploy-configs/policy.yml', text('deploy: { on: comment, by: [write], approvals: 0 }\nconfirm: []\n')],
    ['deploy-configs/files/chaos', text(contentOf(round))],
    ['deploy-configs/secrets/chaos/key.age', sealed],
    ['deploy-configs/shop.yml', text(stackOf(round))],
  ]);
}

function stackOf(round: number): string {
  return `on: all
resources:
  - package: lab-hello
    version: "1.${round % 2}"
  - file: /etc/chaos.conf
    source: files/chaos
  - file: /etc/chaos.key
    secret: chaos/key
    mode: "06${round % 2}0"
  - command: count
    run: [sh, -c, 'echo "$0" >>/var/log/chaos; sync /var/log/chaos; sleep 1', "${round}"]
  - service: chaos
    unit:
      Unit: { Description: Chaos }
      Service: { ExecStart: /bin/sleep infinity }
      Install: { WantedBy: multi-user.target }
    enabled: true
    running: true
    settle: 2
    restart_on: [/etc/chaos.conf]
`;
}

async function startProcess(env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = Promise.withResolvers<void>();
  let said = '';
  child.stdout.on('data', (data) => (said = (said + String(data)).slice(-20_000)));
  child.once('exit', (code) => ready.reject(new Error(`the server ended with ${code}: ${said}`)));
  void answers(Number(env['PORT']), child).then((up) => up && ready.resolve());
  await ready.promise;
  return child;
}

async function answers(port: number, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null) {
    const up = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}
