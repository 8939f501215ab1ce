// The inbox of webhook deliveries: what was answered with 202 is here, and is handled once, in order within its group.
// A delivery that was under way when the process died is tried once more; after that it has failed and says so.
import { sql } from 'kysely';
import type { Database } from './database.ts';

export interface NewDelivery {
  readonly guid: string;
  readonly event: string;
  readonly payload: string;
  /** Deliveries of one group are handled one after another. */
  readonly group: string;
}

export interface Delivery extends NewDelivery {
  readonly attempts: number;
}

export interface Deliveries {
  /** known: it is waiting, under way or done already. again: it had failed, and GitHub was asked to send it again. */
  put(delivery: NewDelivery): Promise<'new' | 'again' | 'known'>;
  /** The next one whose group is free, now under way; undefined when there is none. */
  take(): Promise<Delivery | undefined>;
  /** Ends one; `error` null when it went well. */
  end(guid: string, error: string | null): Promise<void>;
  /** After a restart: what was under way waits again, or has failed if that was its second attempt. */
  recover(): Promise<{ readonly again: number; readonly lost: number }>;
  /** Which of these have arrived here at all. */
  known(guids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Forgets what ended before this time. */
  prune(before: Date): Promise<number>;
}

const MAX_ATTEMPTS = 2;

export function openDeliveries(db: Database, now: () => Date): Deliveries {
  return {
    put: (delivery) => put(db, delivery, now().toISOString()),
    take: () => take(db, now().toISOString()),
    end: async (guid, error) => {
      const state = error === null ? 'done' : 'failed';
      const ended = { state, error, ended_at: now().toISOString() } as const;
      await db.updateTable('deliveries').set(ended).where('guid', '=', guid).execute();
    },
    recover: () => recover(db, now().toISOString()),
    known: async (guids) => {
      if (guids.length === 0) return new Set();
      const rows = await db.selectFrom('deliveries').select('guid').where('guid', 'in', guids).execute();
      return new Set(rows.map((row) => row.guid));
    },
    prune: async (before) => {
      const [deleted] = await db
        .deleteFrom('deliveries')
        .where('ended_at', '<', before.toISOString())
        .execute();
      return Number(deleted?.numDeletedRows ?? 0);
    },
  };
}

async function put(db: Database, delivery: NewDelivery, at: string): Promise<'new' | 'again' | 'known'> {
  const { group, ...rest } = delivery;
  const fresh = { ...rest, group_key: group, state: 'pending', attempts: 0, received_at: at } as const;
  const inserted = await db
    .insertInto('deliveries')
    .values({ ...fresh, error: null, started_at: null, ended_at: null })
    .onConflict((conflict) => conflict.column('guid').doNothing())
    .returning('guid')
    .executeTakeFirst();
  if (inserted) return 'new';
  const revived = await db
    .updateTable('deliveries')
    .set({ state: 'pending', attempts: 0, error: null, ended_at: null })
    .where('guid', '=', delivery.guid)
    .where('state', '=', 'failed')
    .returning('guid')
    .executeTakeFirst();
  return revived ? 'again' : 'known';
}

async function take(db: Database, at: string): Promise<Delivery | undefined> {
  return db.transaction().execute(async (trx) => {
    const next = await trx
      .selectFrom('deliveries as d')
      .select(['d.seq', 'd.guid', 'd.event', 'd.payload', 'd.group_key as group', 'd.attempts'])
      // States stand as literals: only then do the partial indexes match.
      .where('d.state', '=', sql.lit('pending'))
      .where((eb) => {
        const others = eb
          .selectFrom('deliveries as o')
          .select('o.seq')
          .whereRef('o.group_key', '=', 'd.group_key');
        return eb.not(eb.exists(others.where('o.state', '=', sql.lit('running'))));
      })
      .where((eb) => {
        const others = eb
          .selectFrom('deliveries as o')
          .select('o.seq')
          .whereRef('o.group_key', '=', 'd.group_key');
        const earlier = others.whereRef('o.seq', '<', 'd.seq');
        return eb.not(eb.exists(earlier.where('o.state', '=', sql.lit('pending'))));
      })
      .orderBy('d.seq')
      .limit(1)
      .executeTakeFirst();
    if (!next) return undefined;
    const attempts = next.attempts + 1;
    const started = { state: 'running', attempts, started_at: at } as const;
    await trx.updateTable('deliveries').set(started).where('seq', '=', next.seq).execute();
    const { seq: _seq, ...delivery } = next;
    return { ...delivery, attempts };
  });
}

async function recover(db: Database, at: string): Promise<{ again: number; lost: number }> {
  return db.transaction().execute(async (trx) => {
    const ended = {
      state: 'failed',
      error: 'the process died twice while handling it',
      ended_at: at,
    } as const;
    const under = trx.updateTable('deliveries').where('state', '=', 'running');
    const [lost] = await under.set(ended).where('attempts', '>=', MAX_ATTEMPTS).execute();
    const [again] = await under.set({ state: 'pending' }).execute();
    return { again: Number(again?.numUpdatedRows ?? 0), lost: Number(lost?.numUpdatedRows ?? 0) };
  });
}
