// The inbox of webhook deliveries: what was answered with 202 is here, and is handled once, in order within its group,
// by one server at a time. One that was under way when its server died is tried again, a number of times, lest it be what kills them.
import { sql } from 'kysely';
import { timeNow } from './database.ts';
import type { Database, OpenDatabase } from './database.ts';
import type { Membership } from './membership.ts';

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

export interface Unended {
  readonly guid: string;
  readonly event: string;
  readonly payload: string;
  /** ISO 8601. */
  readonly since: string;
}

export type UnendedOf = { readonly group: string } | { readonly events: readonly string[] };

/** One that failed for good. */
export interface FailedDelivery {
  readonly guid: string;
  readonly event: string;
  readonly payload: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  readonly endedAt: string;
}

export interface Deliveries {
  /** known: it is waiting, under way or done already. again: it had failed, and GitHub was asked to send it again. */
  put(delivery: NewDelivery): Promise<'new' | 'again' | 'known'>;
  /**
   * The next one whose group is free, now under way here; undefined when there is none. With the names of those that are
   * worked on here, first what the store believes to be here beyond them: a connection may break over the answer of a
   * taking, or over an end.
   */
  take(underway?: readonly string[]): Promise<Delivery | undefined>;
  /** Ends one; `error` null when it went well. False: it was not under way here any more. */
  end(guid: string, error: string | null): Promise<boolean>;
  /** What was under way on servers that are gone waits again, or has failed if that was its last attempt. */
  recover(): Promise<{ readonly again: number; readonly lost: number }>;
  /** What failed, and nobody has told those who stand behind it; oldest first. */
  untold(limit: number): Promise<readonly FailedDelivery[]>;
  /** They have been told, or cannot be. Holds until it is sent again. */
  tell(guid: string): Promise<void>;
  /** Which of these have arrived here at all. */
  known(guids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether something of the group waits or is under way. */
  busy(group: string): Promise<boolean>;
  /** What waits or is under way, in order: in groups whose names begin like this, or of these events. */
  unended(of: UnendedOf): Promise<readonly Unended[]>;
  /** Keeps the wish that it begins no deploy; false when it has ended or somebody else has asked before. */
  cancel(guid: string, by: string): Promise<boolean>;
  /** Who wants that it begins no deploy. */
  cancelBy(guid: string): Promise<string | undefined>;
  /** Forgets what ended before this time. */
  prune(before: Date): Promise<number>;
}

/** Many: one that waits for GitHub is under way for hours, and a server's death counts for all that was under way there. */
const MAX_ATTEMPTS = 20;

export function openDeliveries({ db, shared }: OpenDatabase, member: Membership): Deliveries {
  return {
    put: (delivery) => put(db, delivery),
    take: (underway) =>
      member.write(async (trx) => {
        const owner = member.id;
        return (underway && (await takeForgotten(trx, owner, underway))) ?? take(trx, { shared, owner });
      }),
    end: (guid, error) =>
      member.write(async (trx) => {
        const state = error === null ? 'done' : 'failed';
        const mine = trx.updateTable('deliveries').where('guid', '=', guid).where('owner', '=', member.id);
        const ended = { state, error, ended_at: timeNow(), owner: null } as const;
        const [row] = await mine.where('state', '=', 'running').set(ended).execute();
        return Number(row?.numUpdatedRows ?? 0) > 0;
      }),
    recover: () => member.write(recover),
    untold: (limit) => readUntold(db, limit),
    tell: (guid) =>
      member.write(async (trx) => {
        await trx.updateTable('deliveries').set({ told: 1 }).where('guid', '=', guid).execute();
      }),
    known: async (guids) => {
      if (guids.length === 0) return new Set();
      const rows = await db.selectFrom('deliveries').select('guid').where('guid', 'in', guids).execute();
      return new Set(rows.map((row) => row.guid));
    },
    busy: async (group) => {
      const all = db.selectFrom('deliveries').select('guid').where('group_key', '=', group);
      const row = await all.where('state', 'in', ['pending', 'running']).limit(1).executeTakeFirst();
      return row !== undefined;
    },
    unended: (of) => readUnended(db, of),
    ...openWishes(db, member),
    prune: async (before) => {
      const [deleted] = await db
        .deleteFrom('deliveries')
        .where('ended_at', '<', before.toISOString())
        .where('state', 'in', ['done', 'failed'])
        .execute();
      return Number(deleted?.numDeletedRows ?? 0);
    },
  };
}

function openWishes(db: Database, member: Membership): Pick<Deliveries, 'cancel' | 'cancelBy'> {
  return {
    cancel: (guid, by) =>
      member.write(async (trx) => {
        const open = trx.updateTable('deliveries').set({ cancel_by: by }).where('guid', '=', guid);
        const unasked = open.where((eb) => eb.or([eb('cancel_by', 'is', null), eb('cancel_by', '=', by)]));
        const asked = unasked.where('state', 'in', ['pending', 'running']);
        return (await asked.returning('guid').execute()).length > 0;
      }),
    cancelBy: async (guid) => {
      const here = db.selectFrom('deliveries').select('cancel_by').where('guid', '=', guid);
      return (await here.executeTakeFirst())?.cancel_by ?? undefined;
    },
  };
}

/** What is under way here waits again at once, and this attempt does not count. */
export async function releaseDeliveries(trx: Database, owner: string): Promise<void> {
  await trx
    .updateTable('deliveries')
    .set((eb) => ({ state: 'pending', owner: null, attempts: eb('attempts', '-', 1) }))
    .where('state', '=', 'running')
    .where('owner', '=', owner)
    .execute();
}

async function put(db: Database, delivery: NewDelivery): Promise<'new' | 'again' | 'known'> {
  const { group, ...rest } = delivery;
  const fresh = { ...rest, group_key: group, state: 'pending', attempts: 0, received_at: timeNow() } as const;
  const inserted = await db
    .insertInto('deliveries')
    .values({
      ...fresh,
      error: null,
      started_at: null,
      ended_at: null,
      owner: null,
      told: 0,
      cancel_by: null,
    })
    .onConflict((conflict) => conflict.column('guid').doNothing())
    .returning('guid')
    .executeTakeFirst();
  if (inserted) return 'new';
  const revived = await db
    .updateTable('deliveries')
    .set({ state: 'pending', attempts: 0, error: null, ended_at: null, told: 0 })
    .where('guid', '=', delivery.guid)
    .where('state', '=', 'failed')
    .returning('guid')
    .executeTakeFirst();
  return revived ? 'again' : 'known';
}

async function readUnended(db: Database, of: UnendedOf): Promise<readonly Unended[]> {
  const all = db.selectFrom('deliveries').select(['guid', 'event', 'payload', 'received_at as since']);
  const open = all.where('state', 'in', ['pending', 'running']).orderBy('seq');
  if ('events' in of) return open.where('event', 'in', of.events).execute();
  const begins = sql<string>`substr(group_key, 1, ${sql.lit(of.group.length)})`;
  return open.where(begins, '=', of.group).execute();
}

async function readUntold(db: Database, limit: number): Promise<readonly FailedDelivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['guid', 'event', 'payload', 'received_at', 'ended_at'])
    .where('state', '=', sql.lit('failed'))
    .where('told', '=', sql.lit(0))
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(({ received_at: receivedAt, ended_at: endedAt, ...failed }) => {
    return { ...failed, receivedAt, endedAt: endedAt ?? receivedAt };
  });
}

interface Taker {
  readonly shared: boolean;
  readonly owner: string;
}

async function takeForgotten(
  trx: Database,
  owner: string,
  underway: readonly string[],
): Promise<Delivery | undefined> {
  const mine = trx
    .selectFrom('deliveries')
    .select(['guid', 'event', 'payload', 'group_key as group', 'attempts'])
    .where('state', '=', sql.lit('running'))
    .where('owner', '=', owner)
    .orderBy('seq');
  return (await mine.execute()).find(({ guid }) => !underway.includes(guid));
}

async function take(trx: Database, { shared, owner }: Taker): Promise<Delivery | undefined> {
  const waiting = trx
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
    .limit(1);
  const next = await (shared ? waiting.forUpdate('d').skipLocked() : waiting).executeTakeFirst();
  if (!next) return undefined;
  const attempts = next.attempts + 1;
  const started = { state: 'running', attempts, started_at: timeNow(), owner } as const;
  await trx.updateTable('deliveries').set(started).where('seq', '=', next.seq).execute();
  const { seq: _seq, ...delivery } = next;
  return { ...delivery, attempts };
}

async function recover(trx: Database): Promise<{ again: number; lost: number }> {
  const ended = {
    state: 'failed',
    error: `servers died ${MAX_ATTEMPTS} times while it was handled`,
    ended_at: timeNow(),
    owner: null,
  } as const;
  const orphaned = trx
    .updateTable('deliveries')
    .where('state', '=', sql.lit('running'))
    .where((eb) => {
      const living = eb
        .selectFrom('servers')
        .select('servers.id')
        .whereRef('servers.id', '=', 'deliveries.owner');
      return eb.not(eb.exists(living));
    });
  const [lost] = await orphaned.set(ended).where('attempts', '>=', MAX_ATTEMPTS).execute();
  const [again] = await orphaned.set({ state: 'pending', owner: null }).execute();
  return { again: Number(again?.numUpdatedRows ?? 0), lost: Number(lost?.numUpdatedRows ?? 0) };
}
