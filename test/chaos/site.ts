// Where chaos happens: hosts of the lab, the GitHub double, the store, and the servers as processes of their own that may be killed.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ConfigFiles } from '../../src/deploy.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { startGitHub } from '../support/github/double.ts';
import type { GitHubDouble } from '../support/github/double.ts';
import type { RepoDouble } from '../support/github/repo.ts';
import { startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { readEmbedded, readPostgres } from './books.ts';
import type { ReadBooks } from './books.ts';
import { configOf, sealSecret } from './configuration.ts';
import { giveDisks } from './disks.ts';
import { startServers } from './servers.ts';
import type { Servers } from './servers.ts';
import { createTally } from './tally.ts';
import type { Tally } from './tally.ts';

export interface Site {
  readonly lab: Lab;
  readonly github: GitHubDouble;
  readonly repo: RepoDouble;
  readonly servers: Servers;
  /** Undefined: the store is embedded. */
  readonly postgres: Postgres | undefined;
  readonly readBooks: ReadBooks;
  readonly tally: Tally;
  /** Of the age identity, for who wants to plan beside the servers. */
  readonly agePath: string;
  readonly keyPath: string;
  /** What deploy-configs/ holds in a round. */
  files(round: number): ConfigFiles;
  stop(): Promise<void>;
}

/** Which hosts there are, and what the servers stand on. */
export interface Plot {
  readonly hosts: Readonly<Record<string, 'bookworm' | 'trixie'>>;
  /** More than one need the database. */
  readonly servers: number;
  readonly database: boolean;
}

/** Seconds after which a server counts as gone. */
export const LEASE = 4;

const HOOKS = '/api/github/webhooks';

export async function startSite(plot: Plot): Promise<Site> {
  const directory = mkdtempSync(join(tmpdir(), 'ashore-chaos-'));
  const [lab, postgres] = await Promise.all([
    startLab(Object.entries(plot.hosts).map(([name, suite]) => ({ name, suite }))),
    plot.database ? startPostgres() : undefined,
  ]);
  await Promise.all([...lab.hosts.values()].map(giveDisks));
  const { github, repo, secret } = await startRepo();
  const identity = await generateX25519Identity();
  const sealed = await sealSecret(await identityToRecipient(identity));
  const files = (round: number): ConfigFiles => configOf(lab, round, sealed);
  await repo.commit({ branch: 'main', author: 'ada', message: 'Begin', files: bytesOf(files(0)) });
  const place = (name: string, content: string): string => {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const agePath = place('age.txt', `${identity}\n`);
  const keyPath = place('id', lab.clientKey.privateKey);
  const data = join(directory, 'data');
  const database = await postgres?.fresh();
  const servers = await startServers(plot.servers, {
    PATH: process.env['PATH'] ?? '',
    APP_ID: String(github.appId),
    PRIVATE_KEY_PATH: place('app.pem', github.privateKey),
    WEBHOOK_SECRET: secret,
    GITHUB_API_URL: github.apiUrl,
    ASHORE_REPOSITORIES: 'all',
    ASHORE_SSH_KEY_PATH: keyPath,
    ASHORE_AGE_KEY_PATH: agePath,
    ASHORE_LEASE: String(LEASE),
    ...(database === undefined ? { ASHORE_DATA: data } : { DATABASE_URL: database }),
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'info',
  });
  github.setWebhookUrl(`${servers.url}${HOOKS}`);
  return {
    lab,
    github,
    repo,
    servers,
    postgres,
    readBooks: database === undefined ? readEmbedded(data) : readPostgres(database),
    tally: createTally(),
    agePath,
    keyPath,
    files,
    stop: async () => {
      await servers.stop();
      await Promise.all([github.stop(), lab.stop(), postgres?.stop()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function bytesOf(files: ConfigFiles): Record<string, Buffer> {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes)]));
}

async function startRepo() {
  const secret = randomBytes(32).toString('hex');
  const manifest = Manifest.parse(parse(readFileSync('app.yml', 'utf8')));
  const { default_permissions: permissions, default_events: events } = manifest;
  const github = await startGitHub({ secret, permissions, events });
  github.createUser('ada');
  const repo = await github.createRepo('acme', 'infra');
  repo.collaborator('ada', 'maintain');
  return { github, repo, secret };
}

const Manifest = z.object({
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
});
