// The server: store, webhook route, inbox and Probot put together, started and stopped. Wiring only.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import { hostname } from 'node:os';
import { Probot, ProbotOctokit } from 'probot';
import type { Logger } from 'pino';
import { parsePolicy } from './config/parse.ts';
import { validateConfig } from './deploy.ts';
import type { ConfigFiles, Deployer } from './deploy.ts';
import { createApp } from './github/app.ts';
import { createRunner } from './github/carry-out.ts';
import type { Runner } from './github/carry-out.ts';
import { createBlobs } from './github/contents.ts';
import { createInbox } from './github/inbox.ts';
import type { Inbox, Received } from './github/inbox.ts';
import { lookAround } from './github/look-around.ts';
import { askAgain } from './github/redelivery.ts';
import type { GithubWorld } from './github/repo.ts';
import { createTurns } from './github/turns.ts';
import { createListener } from './github/webhook.ts';
import { kinds } from './kinds/index.ts';
import { createLog } from './log.ts';
import { parseRepositories } from './repositories.ts';
import type { RepositoryEntry } from './repositories.ts';
import type { Settings, SshSettings } from './settings.ts';
import { openStore } from './store/store.ts';
import type { Opened, Store, StoreOptions } from './store/store.ts';
import { startUpkeep } from './upkeep.ts';
import type { Upkeep } from './upkeep.ts';
import { createLiveDeployer, readKeys } from './world.ts';

export interface Server {
  /** `http://host:port`, without a path. */
  readonly url: string;
  /** Resolves when no delivery waits and no run is followed. */
  readonly idle: () => Promise<void>;
  /** Takes up nothing more, hands over and lets go of the store. Runs go on on their hosts, and are followed by whoever comes next. */
  readonly stop: () => Promise<void>;
  /** Resolves when others have taken over from this server, for it was silent for too long. */
  readonly lost: Promise<void>;
}

/** What tests and the demo may put in the place of the real thing. */
export interface Overrides {
  readonly deployer?: Deployer;
  readonly octokit?: typeof ProbotOctokit;
  readonly log?: Logger;
  readonly now?: () => Date;
}

/** The server cannot start here, in words for people. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

export async function startServer(settings: Settings, overrides: Overrides = {}): Promise<Server> {
  const log = overrides.log ?? createLog(settings.logLevel);
  const now = overrides.now ?? (() => new Date());
  const store = await open(settings, now);
  try {
    const { deployer } = overrides;
    const deployerOf = deployer ? () => deployer : openDeployers(settings);
    const octokit = overrides.octokit ?? ProbotOctokit;
    const parts = startWork({ settings, store, deployerOf, log, now, octokit });
    return await serve(settings, parts, { log, now });
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function serve(
  settings: Settings,
  parts: Parts,
  { log, now }: Pick<Ingredients, 'log' | 'now'>,
): Promise<Server> {
  const { store, inbox, runner } = parts;
  const state = { ready: false };
  const { webhookPath: path, webhookSecret: secret, lease = LEASE, grace = GRACE } = settings;
  const ready = (): boolean => state.ready && store.holds();
  const listener = createListener({
    path,
    secret,
    deliveries: store.deliveries,
    wake: inbox.wake,
    ready,
    log,
  });
  const http = await listen(createServer(LIMITS, listener), settings);
  const { promise: lost, resolve } = Promise.withResolvers<void>();
  const sweep = (): Promise<void> => askGitHub(parts);
  const upkeep = await startUpkeep({
    store,
    inbox,
    runner,
    sweep,
    lease: lease * 1000,
    now,
    log,
    lost: resolve,
  });
  state.ready = true;
  const url = urlOf(http);
  log.info({ url, path }, 'listening');
  const end = async (): Promise<void> => {
    state.ready = false;
    upkeep.stop();
    await stop(parts, http, grace * 1000);
  };
  return { url, lost, idle: () => settle(parts, upkeep), stop: end };
}

/** A request that dawdles must not hold a socket: GitHub itself gives up after ten seconds. */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 30_000 };

/** Seconds, where the settings say nothing. */
const GRACE = 8;
const LEASE = 30;

interface Parts {
  readonly store: Store;
  readonly probot: Probot;
  readonly inbox: Inbox;
  readonly runner: Runner;
  readonly log: Logger;
  readonly world: GithubWorld;
}

interface Ingredients {
  readonly settings: Settings;
  readonly store: Store;
  readonly deployerOf: (repo: string) => Deployer;
  readonly octokit: typeof ProbotOctokit;
  readonly log: Logger;
  readonly now: () => Date;
}

/** One deployer a repository: each reaches what it may reach, with its own key. All keys are read at the start. */
function openDeployers({ ssh, repositories: path }: Settings): (repo: string) => Deployer {
  try {
    if (path === undefined) {
      const deployer = createLiveDeployer(readKeys(ssh));
      return () => deployer;
    }
    const repositories = parseRepositories(readFileSync(path, 'utf8'));
    const entries = [...repositories].map(([repo, entry]) => [repo, openDeployer(ssh, repo, entry)] as const);
    const deployers = new Map(entries);
    return (repo) => deployers.get(repo.toLowerCase()) ?? openDeployer(ssh, repo, { hosts: [] });
  } catch (error) {
    const what = path === undefined ? 'the SSH key' : `the SSH key or ${path}`;
    throw new StartRefused(`${what} cannot be used: ${wordsOf(error)}`);
  }
}

function openDeployer(ssh: SshSettings, repo: string, entry: RepositoryEntry): Deployer {
  const { hosts, key, plan_key: planKey, age_key: ageKeyPath, secrets: secretsPath } = entry;
  const secrets = { ageKeyPath, secretsPath };
  // No agent beside a key of its own: it would offer the keys of others.
  const own = { keyPath: key, agentSocket: undefined, planKeyPath: planKey, ...secrets };
  const keys = key === undefined ? { ...ssh, planKeyPath: planKey ?? ssh.planKeyPath, ...secrets } : own;
  return createLiveDeployer({ ...readKeys(keys), permit: { repo, hosts } });
}

async function open(settings: Settings, now: () => Date): Promise<Store> {
  const { data } = settings;
  const who = `process ${process.pid} on ${hostname()}, since ${now().toISOString()}`;
  const opened = await openOrRefuse(settings, { who, now, lease: (settings.lease ?? LEASE) * 1000 });
  if (opened.is === 'open') return opened.store;
  throw new StartRefused(
    `another Ashore works on the store in ${data} (${opened.by}); stop it, or set ASHORE_DATA`,
  );
}

async function openOrRefuse({ data, database }: Settings, options: StoreOptions): Promise<Opened> {
  try {
    return await openStore({ directory: data, database }, options);
  } catch (error) {
    const where = database === undefined ? data : 'PostgreSQL (DATABASE_URL)';
    throw new StartRefused(`the store in ${where} cannot be opened: ${wordsOf(error)}`);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function startWork({ settings, store, deployerOf, octokit, log, now }: Ingredients): Parts {
  const probot = new Probot({
    appId: settings.appId,
    privateKey: settings.privateKey,
    secret: settings.webhookSecret,
    Octokit: octokit,
    log,
    ...(settings.apiUrl === undefined ? {} : { baseUrl: settings.apiUrl }),
  });
  const world: GithubWorld = {
    store,
    deployerOf,
    validate: (files: ConfigFiles) => validateConfig(files, kinds),
    parsePolicy,
    appId: settings.appId,
    now,
    connect: (installation) => probot.auth(installation),
    log,
    turns: createTurns(store.turns),
    blobs: createBlobs(),
  };
  const runner = createRunner(world);
  const loaded = probot.load(createApp(world, runner));
  const receive = async ({ id, name, payload }: Received): Promise<void> => {
    await loaded;
    // Its signature was verified: it has the form that GitHub publishes.
    await probot.receive({ id, name, payload: JSON.parse(payload) });
  };
  const inbox = createInbox({ deliveries: store.deliveries, receive, log });
  return { store, probot, inbox, runner, log, world };
}

async function askGitHub({ probot, store, world, log }: Parts): Promise<void> {
  const octokit = await probot.auth();
  await askAgain({ octokit, deliveries: store.deliveries, log });
  await lookAround(world, octokit);
}

async function listen(http: HttpServer, { host, port }: Settings): Promise<HttpServer> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error) => {
      reject(new StartRefused(`nothing can listen on ${host}:${port}: ${error.message}`));
    });
    http.listen(port, host, resolve);
  });
  return http;
}

function urlOf(http: HttpServer): string {
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

async function settle({ inbox, runner }: Parts, upkeep: Upkeep): Promise<void> {
  await upkeep.idle();
  await inbox.idle();
  await runner.idle();
  await inbox.idle();
}

/** What arrives meanwhile is kept for whoever comes next; what has not ended in time is handed over. */
async function stop({ inbox, runner, store }: Parts, http: HttpServer, grace: number): Promise<void> {
  const late = new Promise<void>((resolve) => void setTimeout(resolve, grace).unref());
  await Promise.race([Promise.all([inbox.stop(), runner.idle()]), late]);
  http.closeAllConnections();
  await new Promise<void>((resolve) => http.close(() => resolve()));
  await store.close();
}
