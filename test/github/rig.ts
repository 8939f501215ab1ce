// The real server, in this process and on a port of its own, between the GitHub double and a fleet that exists only here.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProbotOctokit } from 'probot';
import type { Logger } from 'pino';
import { parse } from 'yaml';
import { z } from 'zod';
import { startServer } from '../../src/server.ts';
import type { Overrides, Server } from '../../src/server.ts';
import { createLog } from '../../src/log.ts';
import type { Settings } from '../../src/settings.ts';
import { startGitHub } from '../support/github/double.ts';
import type { GitHubDouble } from '../support/github/double.ts';
import type { RepoDouble } from '../support/github/repo.ts';
import type { CheckRun, Comment } from '../support/github/state.ts';
import { STACK, createFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

/** Octokit without its pauses of a second between writes; `defaults({ throttle })` does not turn them off in Probot 14. */
class Unhurried extends ProbotOctokit {
  constructor(options: ConstructorParameters<typeof ProbotOctokit>[0]) {
    super({ ...options, throttle: { enabled: false }, retry: { enabled: false } });
  }
}

/** ada opens, grace decides, mallory only reads. */
const PEOPLE = { ada: 'write', grace: 'maintain', mallory: 'read' } as const;
const POLICY = 'deploy-configs/policy.yml';
const BY = 'deploy: { by: [write] }\n';

export interface Rig {
  readonly github: GitHubDouble;
  readonly repo: RepoDouble;
  readonly fleet: Fleet;
  readonly settings: Settings;
  now: Date | undefined;
  /** Nothing is on its way any more, in either direction. */
  settled(): Promise<void>;
  /** A branch with this content of the stack, and a pull request of it. */
  open(content: string, options?: { readonly branch?: string; readonly by?: string }): Promise<number>;
  push(branch: string, content: string): Promise<string>;
  comment(pull: number, body: string, by?: string): Promise<Comment>;
  /** What the App has said on a pull request, oldest first. */
  said(pull: number): readonly string[];
  check(sha: string, name: string): CheckRun;
  reactions(comment: Comment): readonly string[];
  /** The digest as people type it. */
  digest(pull: number): string;
  server(): Server;
  /** `meanwhile` is done while no server runs. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** While no server runs. */
  forgetStore(): void;
  stop(): Promise<void>;
}

export interface RigOptions {
  /** policy.yml on the default branch, which names who may deploy unless told otherwise; null: there is none. */
  readonly policy?: string | null;
  readonly files?: Readonly<Record<string, string>>;
  readonly log?: Logger;
  /** Metrics are listened for at this port; 0 is any. */
  readonly metricsPort?: number;
  /** How many deliveries are at work at once. */
  readonly atOnce?: number;
  /** Seconds, as in the settings. */
  readonly grace?: number;
  readonly lease?: number;
}

export async function startRig({
  policy = BY,
  files,
  log = createLog('silent'),
  metricsPort,
  atOnce,
  grace = 0.2,
  lease,
}: RigOptions = {}): Promise<Rig> {
  const secret = randomBytes(32).toString('hex');
  const manifest = Manifest.parse(parse(readFileSync('app.yml', 'utf8')));
  const github = await startGitHub({
    secret,
    permissions: manifest.default_permissions,
    events: manifest.default_events,
  });
  for (const login of Object.keys(PEOPLE)) github.createUser(login);
  const repo = await github.createRepo('acme', 'infra');
  for (const [login, role] of Object.entries(PEOPLE)) repo.collaborator(login, role);
  const first = {
    [STACK]: 'v1',
    'README.md': 'shop',
    ...(policy === null ? {} : { [POLICY]: policy }),
    ...files,
  };
  await repo.commit({ branch: 'main', author: 'grace', message: 'Begin', files: first });
  const fleet = createFleet();
  for (const host of ['web1', 'web2']) fleet.live.set(host, 'v1');
  const data = mkdtempSync(join(tmpdir(), 'ashore-rig-'));
  const settings: Settings = {
    appId: github.appId,
    privateKey: github.privateKey,
    webhookSecret: secret,
    webhookPath: '/api/github/webhooks',
    apiUrl: github.apiUrl,
    ssh: { keyPath: undefined, agentSocket: undefined },
    data,
    grace,
    ...(lease === undefined ? {} : { lease }),
    host: '127.0.0.1',
    port: 0,
    ...(metricsPort === undefined ? {} : { metrics: { host: '127.0.0.1', port: metricsPort } }),
    logLevel: 'silent',
  };
  return assemble({ github, repo, fleet, settings }, { log, ...(atOnce === undefined ? {} : { atOnce }) });
}

const Manifest = z.object({
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
});

type Parts = Pick<Rig, 'github' | 'repo' | 'fleet' | 'settings'>;

async function assemble(
  { github, repo, fleet, settings }: Parts,
  overrides: Pick<Overrides, 'log' | 'atOnce'>,
): Promise<Rig> {
  const start = async (): Promise<Server> => {
    const now = (): Date => rig.now ?? new Date();
    const started = await startServer(settings, {
      deployer: fleet,
      octokit: Unhurried,
      ...overrides,
      now,
      patience: { pauses: [20, 20, 20, 20], again: 50 },
    });
    github.setWebhookUrl(`${started.url}${settings.webhookPath}`);
    return started;
  };
  let branches = 0;
  let server: Server;
  const rig: Rig = {
    github,
    repo,
    fleet,
    settings,
    now: undefined,
    server: () => server,
    settled: async () => {
      let seen = -1;
      while (seen !== github.deliveries().length) {
        seen = github.deliveries().length;
        await github.settled();
        await server.idle();
      }
    },
    open: async (content, { branch = `change-${++branches}`, by = 'ada' } = {}) => {
      await repo.commit({ branch, author: by, message: 'Change the shop', files: { [STACK]: content } });
      const number = await repo.openPull({ title: 'Change the shop', head: branch, by });
      await rig.settled();
      return number;
    },
    push: async (branch, content) => {
      const sha = await repo.commit({ branch, author: 'ada', message: 'More', files: { [STACK]: content } });
      await rig.settled();
      return sha;
    },
    comment: async (pull, body, by = 'grace') => {
      const comment = await repo.comment(pull, body, by);
      await rig.settled();
      return comment;
    },
    said: (pull) => repo.comments(pull).flatMap((comment) => (comment.app ? [comment.body] : [])),
    check: (sha, name) => {
      const run = repo.checkRuns(sha).find((each) => each.name === name);
      if (!run) throw new Error(`no ${name} on ${sha}`);
      return run;
    },
    reactions: (comment) => comment.reactions.map((reaction) => reaction.content),
    digest: (pull) => {
      const digest = rig
        .said(pull)
        .join('\n')
        .match(/Plan `([0-9a-f]{12})`/g)
        ?.at(-1);
      if (digest === undefined) throw new Error(`no plan on #${pull}`);
      return digest.slice(6, 18);
    },
    restart: async (meanwhile) => {
      await server.stop();
      await meanwhile?.();
      server = await start();
    },
    forgetStore: () => rmSync(settings.data, { recursive: true, force: true }),
    stop: async () => {
      await rig.settled();
      await server.stop();
      rmSync(settings.data, { recursive: true, force: true });
      await github.stop();
    },
  };
  server = await start();
  return rig;
}
