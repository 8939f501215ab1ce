// The plans that were shown on pull requests, so that a deploy can name one by its digest.
// Losing them costs a re-plan and nothing else: git and the hosts are the memory.
import { sql } from 'kysely';
import { Plan } from '../core/plan.ts';
import { timeNow } from './database.ts';
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface PlanPlace {
  /** `owner/name`. */
  readonly repo: string;
  readonly pull: number;
}

export interface StoredPlan extends PlanPlace {
  readonly plan: Plan;
  /** The commit that the plan is for; the same digest may be planned for several. */
  readonly commit: string;
  /** A newer commit or a newer plan has taken its place. */
  readonly superseded: boolean;
  readonly createdAt: string;
  /** GitHub's own time of the comment that showed it first; reviews are compared with it. */
  readonly shownAt: string | null;
  /** Of a rollback: where the default branch was when it was planned. null for any other plan. */
  readonly rolledFrom: string | null;
}

export interface Plans {
  /** Keeps a plan as the newest of its pull request; all others there are superseded. */
  put(place: PlanPlace, plan: Plan, rolledFrom?: string): Promise<void>;
  /** Remembers when it was shown; the first time counts. */
  show(place: PlanPlace, plan: Plan, at: string): Promise<void>;
  /** Supersedes what was planned for other commits than this one, or everything for null. */
  supersede(place: PlanPlace, except: string | null): Promise<void>;
  /** All whose digest starts like this, newest first. */
  find(place: PlanPlace, prefix: string): Promise<readonly StoredPlan[]>;
  /** The newest that is not superseded. */
  current(place: PlanPlace): Promise<StoredPlan | undefined>;
  /** The newest that was shown for a commit, superseded or not. */
  lastShown(place: PlanPlace, commit: string): Promise<StoredPlan | undefined>;
  /** Forgets what was made before these times and no run names. */
  prune(before: Bounds): Promise<number>;
}

/** Times before which superseded plans, and those that still hold, are old. */
interface Bounds {
  readonly superseded: Date;
  readonly current: Date;
}

interface Row {
  readonly repo: string;
  readonly pull: number;
  readonly commit_sha: string;
  readonly json: string;
  readonly superseded: number;
  readonly created_at: string;
  readonly shown_at: string | null;
  readonly rolled_from: string | null;
}

export function openPlans(db: Database, member: Membership): Plans {
  const at = ({ repo, pull }: PlanPlace) =>
    db
      .selectFrom('plans')
      .selectAll()
      .where('repo', '=', repo)
      .where('pull', '=', pull)
      .orderBy('seq', 'desc');
  return {
    put: (place, plan, rolledFrom) => member.write((trx) => put(trx, { ...place, rolledFrom }, plan)),
    show: ({ repo, pull }, { commit, digest }, shownAt) =>
      member.write(async (trx) => {
        const all = trx.updateTable('plans').set({ shown_at: shownAt }).where('repo', '=', repo);
        const these = all
          .where('pull', '=', pull)
          .where('commit_sha', '=', commit)
          .where('digest', '=', digest);
        await these.where('shown_at', 'is', null).execute();
      }),
    supersede: ({ repo, pull }, except) =>
      member.write(async (trx) => {
        const all = trx
          .updateTable('plans')
          .set({ superseded: 1 })
          .where('repo', '=', repo)
          .where('pull', '=', pull);
        await (except === null ? all : all.where('commit_sha', '!=', except)).execute();
      }),
    find: async (place, prefix) => {
      const begins = sql<string>`substr(digest, 1, ${prefix.length})`;
      return (await at(place).where(begins, '=', prefix).execute()).map(parseRow);
    },
    current: async (place) => {
      const row = await at(place).where('superseded', '=', 0).limit(1).executeTakeFirst();
      return row && parseRow(row);
    },
    lastShown: async (place, commit) => {
      const shown = at(place).where('commit_sha', '=', commit).where('shown_at', 'is not', null);
      const row = await shown.limit(1).executeTakeFirst();
      return row && parseRow(row);
    },
    prune: (before) => prune(db, before),
  };
}

async function put(
  trx: Database,
  { repo, pull, rolledFrom }: PlanPlace & { readonly rolledFrom: string | undefined },
  plan: Plan,
): Promise<void> {
  const others = trx
    .updateTable('plans')
    .set({ superseded: 1 })
    .where('repo', '=', repo)
    .where('pull', '=', pull);
  await others.execute();
  const json = JSON.stringify(plan);
  const columns = ['shown_at', 'created_at', 'json'] as const;
  const same = trx.selectFrom('plans').select(columns).where('repo', '=', repo).where('pull', '=', pull);
  const mine = same.where('commit_sha', '=', plan.commit).where('digest', '=', plan.digest);
  const known = await mine.executeTakeFirst();
  const old = trx.deleteFrom('plans').where('repo', '=', repo).where('pull', '=', pull);
  await old.where('commit_sha', '=', plan.commit).where('digest', '=', plan.digest).execute();
  const row = { repo, pull, commit_sha: plan.commit, digest: plan.digest, json };
  // The same look at the hosts, shown once more, is no younger for that.
  const made = known?.json === json ? known.created_at : timeNow();
  const shown = {
    superseded: 0,
    created_at: made,
    shown_at: known?.shown_at ?? null,
    rolled_from: rolledFrom ?? null,
  };
  await trx
    .insertInto('plans')
    .values({ ...row, ...shown })
    .execute();
}

async function prune(db: Database, { superseded, current }: Bounds): Promise<number> {
  const old = db
    .deleteFrom('plans')
    .where((eb) =>
      eb.or([
        eb.and([eb('superseded', '=', 1), eb('created_at', '<', superseded.toISOString())]),
        eb('created_at', '<', current.toISOString()),
      ]),
    );
  const [deleted] = await old
    .where('digest', 'not in', (query) => query.selectFrom('runs').select('plan'))
    .execute();
  return Number(deleted?.numDeletedRows ?? 0);
}

function parseRow(row: Row): StoredPlan {
  return {
    repo: row.repo,
    pull: row.pull,
    plan: Plan.parse(JSON.parse(row.json)),
    commit: row.commit_sha,
    superseded: row.superseded === 1,
    createdAt: row.created_at,
    shownAt: row.shown_at,
    rolledFrom: row.rolled_from,
  };
}
