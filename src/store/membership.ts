// This server among those on one store. What it has claimed (deliveries, runs, turns) carries its id, and the id is the
// fencing token: it counts only while its row is there. A server that did not say in time that it lives is struck off
// by another, for good: what it held is free, and whatever it still tries to write fails.
import { setTimeout as wait } from 'node:timers/promises';
import { isBroken, isConflict, timeIn, timeNow } from './database.ts';
import type { Database, OpenDatabase } from './database.ts';

export interface Membership {
  readonly id: string;
  /** One transaction, in which this server counts from its beginning to its end. Rejects with Fenced when it no longer does. */
  readonly write: <Value>(work: (trx: Database) => Promise<Value>) => Promise<Value>;
  /** Says that it lives, and strikes off who has not. Answers with those. */
  readonly beat: () => Promise<readonly string[]>;
  /** Nobody can have struck it off yet, by this machine's own measure of time. */
  readonly holds: () => boolean;
  /** Resolves when nobody can have, however long the database is away. */
  readonly ensure: () => Promise<void>;
  readonly leave: (trx: Database) => Promise<void>;
}

export interface Member {
  readonly id: string;
  /** For people. */
  readonly who: string;
  /** Milliseconds for which one beat is good. */
  readonly lease: number;
}

/** Another server has taken over what this one held. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

export async function joinServers(opened: OpenDatabase, { id, who, lease }: Member): Promise<Membership> {
  const { db, shared } = opened;
  let good = performance.now() + lease;
  // Who alone may open the store finds the dead only.
  if (!shared) await db.deleteFrom('servers').execute();
  await db
    .insertInto('servers')
    .values({ id, who, until: timeIn(lease) })
    // Asked again where its connection broke.
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const write: Membership['write'] = (work) =>
    transact(db, async (trx) => {
      await refuseStranger(trx, id, shared);
      return work(trx);
    });
  const live = async (): Promise<void> => {
    const began = performance.now();
    const set = { until: timeIn(lease) };
    await write((trx) => trx.updateTable('servers').set(set).where('id', '=', id).execute());
    good = began + lease;
  };
  const holds = (): boolean => performance.now() < good;
  return {
    id,
    write,
    beat: async () => {
      await live();
      return strikeOff(db, shared);
    },
    holds,
    ensure: async () => {
      while (!holds()) await live().catch(waitUnlessFenced);
    },
    leave: async (trx) => {
      await trx.deleteFrom('servers').where('id', '=', id).execute();
    },
  };
}

async function refuseStranger(trx: Database, id: string, shared: boolean): Promise<void> {
  const mine = trx.selectFrom('servers').select('id').where('id', '=', id);
  // Only striking off has to wait for this, and not the next beat.
  const found = await (shared ? mine.forKeyShare() : mine).executeTakeFirst();
  if (!found) throw new Fenced('this server was silent for too long, and another has taken over');
}

/** Milliseconds between two tries to say that it lives. */
const AGAIN = 1000;

async function waitUnlessFenced(error: unknown): Promise<void> {
  if (error instanceof Fenced) throw error;
  await wait(AGAIN);
}

/** One that is in the middle of a write is left for the next time: its transaction ends soon, or is ended. */
async function strikeOff(db: Database, shared: boolean): Promise<readonly string[]> {
  return transact(db, async (trx) => {
    const silent = trx.selectFrom('servers').select('id').where('until', '<', timeNow());
    const dead = await (shared ? silent.forUpdate().skipLocked() : silent).execute();
    const ids = dead.map((row) => row.id);
    if (ids.length > 0) await trx.deleteFrom('servers').where('id', 'in', ids).execute();
    return ids;
  });
}

const ATTEMPTS = 5;

/**
 * Tries again when another server was first: what it then finds is what that one left. And when the connection broke,
 * however often: then the work may have been kept already, so all work must be safe to do twice.
 */
async function transact<Value>(db: Database, work: (trx: Database) => Promise<Value>): Promise<Value> {
  for (let conflicts = 0; ;) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (isBroken(error)) continue;
      conflicts += 1;
      if (conflicts >= ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}
