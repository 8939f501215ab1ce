// Everything that an end-to-end test or the demo stands on: the GitHub double with a repository, the App registered as
// app.yml says, and the real server listening for its webhooks. Hosts come from outside.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Deployer } from '../../src/deploy.ts';
import { startServer } from '../../src/server.ts';
import type { Server } from '../../src/server.ts';
import type { Settings } from '../../src/settings.ts';
import { startGitHub } from './github/double.ts';
import type { GitHubDouble } from './github/double.ts';
import { Unhurried } from './github/probot.ts';
import type { RepoDouble } from './github/repo.ts';
import type { CheckRun, Comment } from './github/state.ts';

/** Who works on the stage's repository. */
const PEOPLE = { ada: 'write', grace: 'maintain', mallory: 'read' } as const;

export interface StageOptions {
  /** Path of the private key that the hosts let in. */
  readonly keyPath: string;
  /** Files of the first commit on main. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly logLevel?: Settings['logLevel'];
  readonly port?: number;
  /** Without octokit's pauses between writes, which the demo shows and tests need not wait for. */
  readonly unhurried?: boolean;
  /** In the place of the one that the settings give: with other limits, say. */
  readonly deployer?: Deployer;
}

export interface Stage {
  readonly github: GitHubDouble;
  readonly repo: RepoDouble;
  /** Starts the server anew, by a clock that is so many hours ahead from then on. */
  restart(ahead: number): Promise<void>;
  stop(): Promise<void>;
}

/** Where something is waited for. */
type Scene = Pick<Stage, 'github' | 'repo'>;

export async function startStage(options: StageOptions): Promise<Stage> {
  const { default_permissions: permissions, default_events: events } = readManifest();
  const secret = randomBytes(32).toString('hex');
  const data = mkdtempSync(join(tmpdir(), 'ashore-stage-'));
  const github = await startGitHub({
    secret,
    permissions,
    events: [...events],
    ...(options.port ? { port: options.port } : {}),
  });
  for (const login of Object.keys(PEOPLE)) github.createUser(login);
  const repo = await github.createRepo('acme', 'infra');
  for (const [login, role] of Object.entries(PEOPLE)) repo.collaborator(login, role);
  await repo.commit({ branch: 'main', author: 'grace', message: 'Hosts and policy', files: options.files });
  const settings: Settings = {
    appId: github.appId,
    privateKey: github.privateKey,
    webhookSecret: secret,
    webhookPath: '/api/github/webhooks',
    apiUrl: github.url,
    ssh: { keyPath: options.keyPath, agentSocket: undefined },
    data,
    host: '127.0.0.1',
    port: 0,
    logLevel: options.logLevel ?? 'silent',
  };
  const { deployer } = options;
  const overrides = {
    ...(options.unhurried ? { octokit: Unhurried } : {}),
    ...(deployer ? { deployer } : {}),
  };
  const start = async (ahead: number): Promise<Server> => {
    const now = (): Date => new Date(Date.now() + ahead * 3_600_000);
    const started = await startServer(settings, { ...overrides, now });
    github.setWebhookUrl(`${started.url}${settings.webhookPath}`);
    return started;
  };
  let server = await start(0);
  return {
    github,
    repo,
    restart: async (ahead) => {
      await server.stop();
      server = await start(ahead);
    },
    stop: async () => {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
      await github.stop();
    },
  };
}

/** Waits for a completed check run of that name on a commit; a later one of the same name wins. */
export async function waitForCheck(
  stage: Scene,
  sha: string,
  name: string,
  within = 120_000,
): Promise<CheckRun> {
  const ask = (): CheckRun | undefined =>
    stage.repo
      .checkRuns(sha)
      .filter((run) => run.name === name)
      .toSorted((a, b) => b.id - a.id)
      .find((run, index) => index === 0 && run.status === 'completed');
  return stage.github.waitFor(ask, { what: `${name} on ${sha.slice(0, 7)}`, within });
}

/** Waits for a comment of the App on a pull request that reads like this. */
export async function waitForComment(
  stage: Scene,
  pull: number,
  like: RegExp,
  within = 120_000,
): Promise<Comment> {
  const ask = (): Comment | undefined =>
    stage.repo.comments(pull).find((comment) => comment.app !== undefined && like.test(comment.body));
  return stage.github.waitFor(ask, { what: `a comment like ${like} on #${pull}`, within });
}

/** The digest that a plan comment asks people to type. */
export function digestIn(comment: Comment): string {
  const digest = /\/deploy ([0-9a-f]{12})/.exec(comment.body)?.[1];
  if (digest === undefined) throw new Error(`no plan in\n${comment.body}`);
  return digest;
}

const Manifest = z.object({
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
});

function readManifest(): z.infer<typeof Manifest> {
  return Manifest.parse(parse(readFileSync('app.yml', 'utf8')));
}
