// The store: inbox, plans, runs with their leases, and the ids of our posts. It is one file of one directory for one
// server, of which a second is told who is there; or a PostgreSQL database, for as many servers as there are.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openCancels } from './cancels.ts';
import type { Cancels } from './cancels.ts';
import { openAnswers } from './answers.ts';
import type { Answers } from './answers.ts';
import { readCounts } from './counts.ts';
import type { Counts } from './counts.ts';
import { openCommands } from './commands.ts';
import type { Commands } from './commands.ts';
import type { OpenDatabase } from './database.ts';
import { openDeliveries, releaseDeliveries } from './deliveries.ts';
import type { Deliveries } from './deliveries.ts';
import { openDrifts } from './drifts.ts';
import type { Drifts } from './drifts.ts';
import { takeLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { openLooks } from './looks.ts';
import type { Looks } from './looks.ts';
import { openHistory } from './history.ts';
import type { History } from './history.ts';
import { joinServers } from './membership.ts';
import type { Member, Membership } from './membership.ts';
import { openOpenChecks } from './open-checks.ts';
import type { OpenChecks } from './open-checks.ts';
import { openPlans } from './plans.ts';
import type { Plans } from './plans.ts';
import { openPosts } from './posts.ts';
import type { Posts } from './posts.ts';
import { openPushes } from './pushes.ts';
import type { Pushes } from './pushes.ts';
import { openRepositories } from './repositories.ts';
import type { Repositories } from './repositories.ts';
import { openRuns, releaseRuns } from './runs.ts';
import type { Runs } from './runs.ts';
import { openSqlite } from './sqlite.ts';
import { openStops } from './stops.ts';
import type { Stops } from './stops.ts';
import { openTurns } from './turns.ts';
import type { SharedTurns } from './turns.ts';
import { openWaits } from './waits.ts';
import type { Waits } from './waits.ts';

export interface Store {
  readonly deliveries: Deliveries;
  readonly repositories: Repositories;
  readonly plans: Plans;
  readonly runs: Runs;
  readonly cancels: Cancels;
  readonly waits: Waits;
  readonly posts: Posts;
  readonly openChecks: OpenChecks;
  readonly history: History;
  readonly stops: Stops;
  readonly drifts: Drifts;
  readonly pushes: Pushes;
  readonly commands: Commands;
  readonly answers: Answers;
  readonly turns: SharedTurns;
  readonly looks: Looks;
  readonly count: () => Promise<Counts>;
  /** Other servers may work on it at the same time. */
  readonly shared: boolean;
  /** Says that this server lives, and frees what those held who have not said so. Rejects with Fenced when it was too late. */
  readonly beat: () => Promise<readonly string[]>;
  /** No other server can have taken over what is under way here. */
  readonly holds: () => boolean;
  /** Resolves when that is so, however long the database is away. Rejects with Fenced when another has taken over. */
  readonly ensure: () => Promise<void>;
  /** Hands over what is under way, and lets go of the database. */
  readonly close: () => Promise<void>;
}

/** Where it is: a PostgreSQL database, or else a directory. */
export interface StorePlace {
  readonly directory: string;
  /** `postgres://…` */
  readonly database?: string | undefined;
}

export type Opened =
  | { readonly is: 'open'; readonly store: Store }
  | { readonly is: 'locked'; readonly by: string };

export interface StoreOptions {
  /** Shown to a second process. */
  readonly who: string;
  /** The clock of the embedded database; PostgreSQL has its own. */
  readonly now: () => Date;
  /** Milliseconds of silence after which a server counts as gone. */
  readonly lease?: number;
}

/** Rejects when the database cannot be opened. */
export async function openStore(
  { directory, database }: StorePlace,
  { who, now, lease = LEASE }: StoreOptions,
): Promise<Opened> {
  const member = { id: randomUUID(), who, lease };
  if (database !== undefined) {
    // Loaded only where it is used: it is the largest part of starting.
    const { openPostgres } = await import('./postgres.ts');
    const opened = await openPostgres(database, lease);
    return { is: 'open', store: await assemble(opened, member) };
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'ashore.db');
  const locked = takeLock(`${path}.lock`, who);
  if (locked.is === 'taken') return { is: 'locked', by: locked.by };
  const opened = openLocked(path, locked.lock, now);
  return { is: 'open', store: await assemble(opened, member) };
}

/** Milliseconds. Three beats may be lost. */
const LEASE = 30_000;

function openLocked(path: string, lock: Lock, now: () => Date): OpenDatabase {
  try {
    const opened = openSqlite(path, now);
    const close = async (): Promise<void> => {
      await opened.close();
      lock.release();
    };
    return { ...opened, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function assemble(opened: OpenDatabase, who: Member): Promise<Store> {
  const { db, shared } = opened;
  try {
    const member = await joinServers(opened, who);
    return {
      deliveries: openDeliveries(opened, member),
      repositories: openRepositories(db, member),
      plans: openPlans(db, member),
      runs: openRuns(db, member),
      posts: openPosts(db, member),
      stops: openStops(db, member),
      openChecks: openOpenChecks(db, member),
      history: openHistory(db),
      cancels: openCancels(db),
      waits: openWaits(db, member),
      drifts: openDrifts(db, member),
      pushes: openPushes(db, member),
      commands: openCommands(member),
      answers: openAnswers(db, member),
      turns: openTurns(db, member),
      looks: openLooks(db, member),
      count: () => readCounts(db),
      shared,
      beat: member.beat,
      holds: member.holds,
      ensure: member.ensure,
      close: async () => {
        try {
          await Promise.race([handOver(opened, member), tooLate()]);
        } finally {
          await opened.close();
        }
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Milliseconds for which a database that is away is waited for at the end. What was held is then free a lease later. */
const HAND_OVER = 3000;

async function tooLate(): Promise<never> {
  await wait(HAND_OVER, undefined, { ref: false });
  throw new Error('the store could not be reached to hand over what is under way');
}

/** Once it has left, nothing that is still under way here can write. */
async function handOver({ db }: OpenDatabase, member: Membership): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await releaseDeliveries(trx, member.id);
    await releaseRuns(trx, member.id);
    await trx.deleteFrom('turns').where('owner', '=', member.id).execute();
    await member.leave(trx);
  });
}
