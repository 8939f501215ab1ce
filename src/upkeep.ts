// What a server does by the clock: says that it lives, takes up what servers left that do not, looks whether others
// brought work, asks GitHub for what was missed, tells of what failed, forgets what is old. Only being struck off ends the server.
import type { Logger } from 'pino';
import type { Runner } from './github/carry-out.ts';
import type { Inbox } from './github/inbox.ts';
import { Fenced } from './store/membership.ts';
import type { Store } from './store/store.ts';

export interface UpkeepOptions {
  readonly store: Store;
  readonly inbox: Inbox;
  readonly runner: Runner;
  /** Asks GitHub for what did not arrive. */
  readonly sweep: () => Promise<void>;
  /** Tells those who wait for deliveries that failed. */
  readonly tellFailed: () => Promise<void>;
  /** Milliseconds for which a beat is good. */
  readonly lease: number;
  readonly now: () => Date;
  readonly log: Logger;
  /** Called when others have taken over from this server. */
  readonly lost: () => void;
}

export interface Upkeep {
  /** Resolves when GitHub is neither asked nor told anything. */
  readonly idle: () => Promise<void>;
  /** Takes up nothing more, and says on that this server lives: what is under way needs that to come to its end. */
  readonly stop: () => void;
  /** Says no more that it lives. */
  readonly leave: () => void;
}

/** Resolves when what was left has been taken up; goes on until it is stopped. */
export async function startUpkeep(options: UpkeepOptions): Promise<Upkeep> {
  const { store, inbox, runner, lease, log } = options;
  await recover(options);
  await runner.resume();
  inbox.wake();
  const course: Course = { is: 'working' };
  const live = (): Promise<void> => beat(options, course);
  const beats = repeat(log, lease / BEATS, 'this server could not say that it lives', live);
  const sweeps = repeat(log, SWEEP, 'what was missed could not be asked for', () => sweep(options));
  const tells = repeat(log, TELL, 'what failed could not be told', () => tell(options));
  const prunes = repeat(log, DAY, 'what is old could not be forgotten', () => prune(options));
  // Others put deliveries in, too, and end what one waits for that is here.
  const looks = store.shared ? repeat(log, LOOK, 'the inbox', async () => inbox.wake()) : undefined;
  void prunes.now();
  void sweeps.now();
  void tells.now();
  return {
    idle: async () => void (await Promise.all([sweeps.idle(), tells.idle()])),
    stop: () => {
      course.is = 'ending';
      [sweeps, tells, prunes, looks].forEach((each) => each?.stop());
    },
    leave: () => {
      course.is = 'gone';
      beats.stop();
    },
  };
}

interface Course {
  is: 'working' | 'ending' | 'gone';
}

/** In one lease, so that two may be lost. */
const BEATS = 3;

/** Milliseconds. */
const LOOK = 1000;
const TELL = 10_000;
const SWEEP = 10 * 60_000;
const DAY = 24 * 60 * 60_000;

/**
 * Days for which what has ended is kept. A plan that still holds is older than any host after half a year. Rows that are
 * one a repository or a stack stay, and so do the names that repositories had.
 */
const KEPT = {
  deliveries: 30,
  superseded: 30,
  plans: 180,
  runs: 365,
  pushes: 365,
  posts: 365,
  commands: 365,
  answers: 30,
  stops: 365,
  waits: 30,
  openChecks: 30,
};

async function beat(options: UpkeepOptions, course: Course): Promise<void> {
  const { store, inbox, runner, log, lost } = options;
  try {
    const dead = await store.beat();
    if (dead.length > 0)
      log.warn({ servers: dead }, 'servers were silent for too long: taking over from them');
  } catch (error) {
    if (!(error instanceof Fenced)) throw error;
    // Who leaves by itself is struck off by nobody.
    if (course.is === 'gone') return undefined;
    log.error({ err: error }, 'this server ends');
    return lost();
  }
  if (course.is !== 'working') return undefined;
  if (await recover(options)) inbox.wake();
  return runner.resume();
}

/** True when there is something to do again. */
async function recover({ store, log }: UpkeepOptions): Promise<boolean> {
  const { again, lost } = await store.deliveries.recover();
  if (again + lost > 0) log.warn({ again, lost }, 'deliveries were under way on servers that are gone');
  return again > 0;
}

/** One server at a time: GitHub counts who asks. */
async function sweep({ store, runner, inbox, sweep: ask }: UpkeepOptions): Promise<void> {
  await runner.resume();
  if (!(await store.turns.take('sweep'))) return;
  try {
    await ask();
  } finally {
    await store.turns.give('sweep');
    inbox.wake();
  }
}

/** One server at a time, lest two say the same. */
async function tell({ store, tellFailed }: UpkeepOptions): Promise<void> {
  const [first] = await store.deliveries.untold(1);
  if (!first || !(await store.turns.take('tell'))) return;
  try {
    await tellFailed();
  } finally {
    await store.turns.give('tell');
  }
}

async function prune({ store, now }: UpkeepOptions): Promise<void> {
  const daysAgo = (days: number): Date => new Date(now().getTime() - days * DAY);
  await store.deliveries.prune(daysAgo(KEPT.deliveries));
  await store.runs.prune(daysAgo(KEPT.runs));
  await store.plans.prune({ superseded: daysAgo(KEPT.superseded), current: daysAgo(KEPT.plans) });
  await store.pushes.prune(daysAgo(KEPT.pushes));
  await store.posts.prune(daysAgo(KEPT.posts));
  await store.commands.prune(daysAgo(KEPT.commands));
  await store.answers.prune(daysAgo(KEPT.answers));
  await store.stops.prune(daysAgo(KEPT.stops));
  await store.waits.prune(daysAgo(KEPT.waits));
  await store.openChecks.prune(daysAgo(KEPT.openChecks));
}

interface Repeated {
  readonly now: () => Promise<void>;
  readonly idle: () => Promise<void>;
  readonly stop: () => void;
}

/** What takes longer than its time is not begun twice. */
function repeat(log: Logger, every: number, failure: string, work: () => Promise<void>): Repeated {
  let underway: Promise<void> | undefined;
  const now = (): Promise<void> => {
    underway ??= work()
      .catch((error: unknown) => log.warn({ err: error }, failure))
      .finally(() => (underway = undefined));
    return underway;
  };
  const timer = setInterval(() => void now(), every);
  timer.unref();
  return { now, idle: async () => underway, stop: () => clearInterval(timer) };
}
