// The server: store, webhook route, inbox and Probot put together, started and stopped. Wiring only.
import type { RequestListener, Server as HttpServer } from 'node:http';
import { hostname } from 'node:os';
import { Probot } from 'probot';
import type { ProbotOctokit } from 'probot';
import type { Logger } from 'pino';
import { parsePolicy } from './config/parse.ts';
import { validateConfig } from './validate.ts';
import type { ConfigFiles, Deployer } from './deploy.ts';
import { openDeployers } from './deployers.ts';
import { createApp } from './github/app.ts';
import { createRunner } from './github/carry-out.ts';
import type { Runner } from './github/carry-out.ts';
import { createBlobs } from './github/blobs.ts';
import { EventName } from './github/events.ts';
import { fenceFetch } from './github/fence.ts';
import { createInbox } from './github/inbox.ts';
import type { Inbox, Received } from './github/inbox.ts';
import { MISSED, onMissed } from './github/missed.ts';
import { renewToken } from './github/renew-token.ts';
import type { GithubWorld, RepoName } from './github/repo.ts';
import { fetchInTime, TimedOctokit } from './github/octokit.ts';
import { createPatience } from './github/patience.ts';
import type { PatienceOptions } from './github/patience.ts';
import { createSlots } from './github/slots.ts';
import { createSweep } from './github/sweep.ts';
import { tellFailed } from './github/tell-failed.ts';
import { createTurns } from './github/turns.ts';
import { createListener } from './github/webhook.ts';
import { kinds } from './kinds/index.ts';
import { closeListener, listenAll, urlOf } from './listen.ts';
import { createLog } from './log.ts';
import { createMetricsListener } from './metrics/listener.ts';
import { measureDeployer, measureFetch } from './metrics/measure.ts';
import { createMeter, formatMetrics } from './metrics/meter.ts';
import type { Meter } from './metrics/meter.ts';
import type { Settings } from './settings.ts';
import { openStore } from './store/store.ts';
import type { Opened, Store, StoreOptions } from './store/store.ts';
import { startUpkeep } from './upkeep.ts';
import type { Upkeep } from './upkeep.ts';

export interface Server {
  /** `http://host:port`, without a path. */
  readonly url: string;
  /** Where metrics are read, if anywhere. */
  readonly metricsUrl: string | undefined;
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
  /** How long to wait while GitHub fails. */
  readonly patience?: Pick<PatienceOptions, 'pauses' | 'again'>;
  /** How many deliveries are at work at once. */
  readonly atOnce?: number;
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
    const deployerOf = deployer ? () => deployer : openOrRefuseDeployers(settings, store);
    const octokit = overrides.octokit ?? TimedOctokit;
    const meter = createMeter();
    const { patience, atOnce } = overrides;
    const parts = startWork({ settings, store, deployerOf, log, now, octokit, patience, atOnce, meter });
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
  const { store, inbox, runner, meter } = parts;
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
  const readMetrics = async (): Promise<string> => formatMetrics(meter, await store.count());
  const [http, metrics] = await openListeners(settings, [listener, createMetricsListener(readMetrics, log)]);
  const { promise: lost, resolve } = Promise.withResolvers<void>();
  const sweep = createSweep(parts.world, () => parts.probot.auth());
  const upkeep = await startUpkeep({
    store,
    inbox,
    runner,
    sweep,
    tellFailed: () => tellFailed(parts.world),
    lease: lease * 1000,
    now,
    log,
    lost: resolve,
  });
  state.ready = true;
  const url = urlOf(http);
  const metricsUrl = metrics && urlOf(metrics);
  log.info({ url, path, metricsUrl }, 'listening');
  const end = async (): Promise<void> => {
    state.ready = false;
    upkeep.stop();
    await finish(parts, metrics ? [http, metrics] : [http], grace * 1000);
    upkeep.leave();
    await store.close();
  };
  return { url, metricsUrl, lost, idle: () => settle(parts, upkeep), stop: end };
}

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
  readonly meter: Meter;
}

interface Ingredients {
  readonly settings: Settings;
  readonly store: Store;
  readonly deployerOf: (repo: RepoName) => Deployer;
  readonly octokit: typeof ProbotOctokit;
  readonly log: Logger;
  readonly now: () => Date;
  readonly patience: Overrides['patience'];
  readonly atOnce: Overrides['atOnce'];
  readonly meter: Meter;
}

function openOrRefuseDeployers(settings: Settings, store: Store): (repo: RepoName) => Deployer {
  try {
    return openDeployers(settings, store.ensure);
  } catch (error) {
    throw new StartRefused(wordsOf(error));
  }
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

function startWork(ingredients: Ingredients): Parts {
  const { settings, store, deployerOf, octokit, log, now, patience, atOnce, meter } = ingredients;
  const slots = createSlots(atOnce);
  const probot = new Probot({
    appId: settings.appId,
    privateKey: settings.privateKey,
    secret: settings.webhookSecret,
    Octokit: octokit.plugin(renewToken),
    request: { fetch: fenceFetch(store.ensure, measureFetch(fetchInTime, meter)) },
    log,
    ...(settings.apiUrl === undefined ? {} : { baseUrl: settings.apiUrl }),
  });
  const world: GithubWorld = {
    store,
    deployerOf: (repo) => measureDeployer(deployerOf(repo), meter),
    validate: (files: ConfigFiles) => validateConfig(files, kinds),
    parsePolicy,
    appId: settings.appId,
    now,
    connect: (installation) => probot.auth(installation),
    log,
    patience: createPatience({ ...patience, rest: slots.rest, now, log }),
    rest: slots.rest,
    turns: createTurns(store.turns),
    blobs: createBlobs(),
  };
  const runner = createRunner(world);
  const loaded = probot.load(createApp(world, runner));
  const receive = async ({ id, name, payload }: Received): Promise<void> => {
    await loaded;
    if (name === MISSED) return onMissed(world, runner, { id, payload });
    // Its signature was verified: it has the form that GitHub publishes.
    await probot.receive({ id, name: EventName.parse(name), payload: JSON.parse(payload) });
  };
  const persist = (delivery: Received): Promise<void> =>
    world.patience.persist(delivery.id, () => receive(delivery));
  const inbox = createInbox({ deliveries: store.deliveries, receive: persist, slots, log });
  return { store, probot, inbox, runner, log, world, meter };
}

/** Of webhooks, and of metrics where they have an address. */
async function openListeners(
  settings: Settings,
  [webhooks, metrics]: readonly [RequestListener, RequestListener],
): Promise<readonly [HttpServer, HttpServer | undefined]> {
  const places = [{ ...settings, listener: webhooks }];
  if (settings.metrics) places.push({ ...settings, ...settings.metrics, listener: metrics });
  try {
    const [http, second] = await listenAll(places);
    if (http) return [http, second];
  } catch (error) {
    throw new StartRefused(wordsOf(error));
  }
  throw new Error('nothing listens');
}

async function settle({ inbox, runner }: Parts, upkeep: Upkeep): Promise<void> {
  await upkeep.idle();
  await inbox.idle();
  await runner.idle();
  await inbox.idle();
}

/** What arrives meanwhile is kept for whoever comes next; what has not ended in time is handed over. */
async function finish(
  { inbox, runner }: Parts,
  listeners: readonly HttpServer[],
  grace: number,
): Promise<void> {
  const late = new Promise<void>((resolve) => void setTimeout(resolve, grace).unref());
  await Promise.race([Promise.all([inbox.stop(), runner.idle()]), late]);
  await Promise.all(listeners.map(closeListener));
}
