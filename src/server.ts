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
import { createLiveDeployer, readKeys } from './world.ts';

export interface Server {
  /** `http://host:port`, without a path. */
  readonly url: string;
  /** Resolves when no delivery waits and no run is followed. */
  readonly idle: () => Promise<void>;
  /** Takes up nothing more and lets go of the store. Runs go on on their hosts, and are followed again at the next start. */
  readonly stop: () => Promise<void>;
}

/** What tests and the demo may put in the place of the real thing. */
export interface Overrides {
  readonly deployer?: Deployer;
  readonly octokit?: typeof ProbotOctokit;
  readonly log?: Logger;
  readonly now?: () => Date;
  /** Milliseconds for what is under way when the server stops. */
  readonly grace?: number;
}

/** The server cannot start here, in words for people. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

export async function startServer(settings: Settings, overrides: Overrides = {}): Promise<Server> {
  const log = overrides.log ?? createLog(settings.logLevel);
  const now = overrides.now ?? (() => new Date());
  const store = open(settings, now);
  try {
    const { deployer } = overrides;
    const deployerOf = deployer ? () => deployer : openDeployers(settings);
    const parts = startWork({
      settings,
      store,
      deployerOf,
      log,
      now,
      octokit: overrides.octokit ?? ProbotOctokit,
    });
    const { wake } = parts.inbox;
    const listener = createListener({
      path: settings.webhookPath,
      secret: settings.webhookSecret,
      deliveries: store.deliveries,
      wake,
      log,
    });
    const http = await listen(createServer(LIMITS, listener), settings);
    await begin(parts);
    const url = urlOf(http);
    log.info({ url, path: settings.webhookPath }, 'listening');
    return { url, idle: () => settle(parts), stop: () => stop(parts, http, overrides.grace ?? GRACE) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A request that dawdles must not hold a socket: GitHub itself gives up after ten seconds. */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 30_000 };
const SWEEP = 10 * 60_000;
const KEPT = 30 * 24 * 60 * 60_000;
const GRACE = 10_000;

interface Parts {
  readonly store: Store;
  readonly probot: Probot;
  readonly inbox: Inbox;
  readonly runner: Runner;
  readonly log: Logger;
  readonly now: () => Date;
  readonly stopped: AbortController;
  readonly world: GithubWorld;
  /** The sweep that is under way. */
  swept: Promise<void>;
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

function open({ data }: Settings, now: () => Date): Store {
  const who = `process ${process.pid} on ${hostname()}, since ${now().toISOString()}`;
  const opened = openOrRefuse(data, { who, now });
  if (opened.is === 'open') return opened.store;
  throw new StartRefused(
    `another Ashore works on the store in ${data} (${opened.by}); stop it, or set ASHORE_DATA`,
  );
}

function openOrRefuse(data: string, options: StoreOptions): Opened {
  try {
    return openStore(data, options);
  } catch (error) {
    throw new StartRefused(`the store in ${data} cannot be opened: ${wordsOf(error)}`);
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
    turns: createTurns(),
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
  const stopped = new AbortController();
  return { store, probot, inbox, runner, log, now, stopped, world, swept: Promise.resolve() };
}

/** Takes up again what an earlier process left, then what GitHub could not deliver meanwhile. */
async function begin(parts: Parts): Promise<void> {
  const { store, inbox, runner, log, now } = parts;
  const before = new Date(now().getTime() - KEPT);
  await store.deliveries.prune(before);
  await store.plans.prune(before);
  const recovered = await store.deliveries.recover();
  if (recovered.again + recovered.lost > 0)
    log.warn(recovered, 'deliveries were under way when the last process ended');
  await runner.resume();
  inbox.wake();
  sweep(parts);
  const timer = setInterval(() => sweep(parts), SWEEP);
  timer.unref();
  parts.stopped.signal.addEventListener('abort', () => clearInterval(timer));
}

/** What is done from time to time: one after the other, so that two sweeps are never under way at once. */
function sweep(parts: Parts): void {
  parts.swept = parts.swept.then(() => sweepOnce(parts));
}

async function sweepOnce({ probot, store, runner, world, log }: Parts): Promise<void> {
  await runner.resume().catch((error: unknown) => log.error({ err: error }, 'runs could not be resumed'));
  try {
    const octokit = await probot.auth();
    await askAgain({ octokit, deliveries: store.deliveries, log });
    await lookAround(world, octokit);
  } catch (error) {
    log.warn({ err: error }, 'GitHub could not be asked for what it has delivered, or for the repositories');
  }
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

async function settle(parts: Parts): Promise<void> {
  const { inbox, runner } = parts;
  await parts.swept;
  await inbox.idle();
  await runner.idle();
  await inbox.idle();
}

async function stop(
  { inbox, runner, store, stopped }: Parts,
  http: HttpServer,
  grace: number,
): Promise<void> {
  stopped.abort();
  http.closeAllConnections();
  await new Promise<void>((resolve) => http.close(() => resolve()));
  const late = new Promise<void>((resolve) => void setTimeout(resolve, grace));
  await Promise.race([Promise.all([inbox.stop(), runner.idle()]), late]);
  await store.close();
}
