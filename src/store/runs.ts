// Runs, one deploy each, and the leases by which a run holds its hosts. A run that was accepted is durable work: when
// the server that follows it is gone, another follows it under the same id, and the host picks it up where it is.
import { z } from 'zod';
import { Reason } from '../core/reason.ts';
import { Report } from '../core/report.ts';
import type { Expression, ExpressionBuilder, Selectable, SqlBool, UpdateObject } from 'kysely';
import { timeNow } from './database.ts';
import type { Database } from './database.ts';
import { Fenced } from './membership.ts';
import type { Membership } from './membership.ts';
import type { Tables } from './schema.ts';

/** How a run was asked for. */
const RunRequest = z.object({
  via: z.enum(['comment', 'button', 'merge']),
  /** The comment that asked, for the reaction that ends it. */
  comment: z.number().optional(),
  only: z.array(z.string()).optional(),
  skip: z.array(z.string()).optional(),
  /** The digest was named; false where a merge only implied it. */
  named: z.boolean().optional(),
  /** The token that was typed. */
  confirm: z.string().optional(),
  /** Hosts that were held when it was asked for, and are left out. */
  held: z.array(z.object({ host: z.string(), reason: Reason })).optional(),
});
export type RunRequest = z.infer<typeof RunRequest>;

/** Where a run writes what becomes of it on GitHub. */
const RunPosts = z.object({
  /** Hosts may have been written to since. */
  begun: z.boolean(),
  check: z.object({ id: z.number(), url: z.string() }).optional(),
  /** Each with the state that it was told last. */
  deployments: z.array(z.object({ stack: z.string(), id: z.number(), told: z.string().optional() })),
  /** Its end was said in a comment of its own. */
  replied: z.boolean().optional(),
  /** Where else its end needs not be said any more, while it still has to be said somewhere. */
  said: z.array(z.string()).optional(),
  /** Since when it goes on and nobody could follow it. */
  astray: z.string().optional(),
});
export type RunPosts = z.infer<typeof RunPosts>;

/** How a run ended. lost: nobody here knows what became of it on its hosts. */
const Ended = z.discriminatedUnion('is', [
  z.object({ is: z.literal('report'), report: Report }),
  z.object({ is: z.literal('refused'), reason: Reason }),
  z.object({ is: z.literal('lost'), reason: Reason }),
]);
export type Ended = z.infer<typeof Ended>;

export interface NewRun {
  /** `[a-z0-9-]{1,40}`. */
  readonly id: string;
  readonly repo: string;
  readonly installation: number;
  readonly pull: number;
  /** What is deployed. */
  readonly commit: string;
  readonly plan: string;
  /** A GitHub login. */
  readonly by: string;
  readonly request: RunRequest;
  readonly hosts: readonly string[];
}

export interface Run extends NewRun {
  readonly posts: RunPosts;
  /** null while it goes on. */
  readonly ended: Ended | null;
  /** What became of it was shown. */
  readonly told: boolean;
  readonly startedAt: string;
}

/** A host that a run holds. */
export interface Lease {
  readonly host: string;
  readonly repo: string;
  readonly run: string;
  readonly by: string;
  readonly pull: number;
  readonly since: string;
}

/** By the machine that is held, which another repository may name otherwise. */
export interface Held extends Lease {
  readonly machine: string;
}

/** What a run begins with beside itself. */
export interface Beginning {
  readonly posts?: RunPosts;
  /** Where each host really is. What is not known is taken for a host of the repository's own. */
  readonly machines?: ReadonlyMap<string, string>;
}

export type Started =
  | { readonly is: 'started' }
  | { readonly is: 'known'; readonly run: Run }
  | { readonly is: 'busy'; readonly held: readonly Lease[] };

/** mine: this server follows it, and only then may it write of it. over: it has ended and was shown, or there is none. */
export type Claimed =
  | { readonly is: 'mine'; readonly run: Run }
  | { readonly is: 'elsewhere' }
  | { readonly is: 'over' };

export interface Runs {
  /** Keeps the run, claims it and takes a lease on each of its hosts, all or none. The same id never starts twice. */
  start(run: NewRun, beginning?: Beginning): Promise<Started>;
  /** Claims a run that no server follows that lives. */
  claim(id: string): Promise<Claimed>;
  /** Rejects when another server follows it. */
  keepPosts(id: string, posts: RunPosts): Promise<void>;
  /** Ends the run and frees its hosts. Rejects when another server follows it. */
  end(id: string, ended: Ended): Promise<void>;
  /** Remembers that its end was shown. Rejects when another server follows it. */
  tell(id: string): Promise<void>;
  read(id: string): Promise<Run | undefined>;
  /** Of those that no other server follows: all that go on, and those that ended and were not shown. */
  untold(): Promise<readonly Run[]>;
  /** All hosts that are held now, whosever runs hold them. */
  held(): Promise<readonly Held[]>;
  /** The run of a repository that began last. */
  newest(repo: string): Promise<Run | undefined>;
  /** The runs of one plan, oldest first. */
  ofPlan(place: { readonly repo: string; readonly pull: number }, plan: string): Promise<readonly Run[]>;
  /** The run that a check run on its commit shows. */
  ofCheck(check: OnCommit): Promise<Run | undefined>;
  /** Forgets what ended before this time and was shown. */
  prune(before: Date): Promise<number>;
}

interface OnCommit {
  readonly repo: string;
  readonly commit: string;
  readonly id: number;
}

const NO_POSTS: RunPosts = { begun: false, deployments: [] };

export function openRuns(db: Database, member: Membership): Runs {
  const change = async (id: string, set: OwnChange['set']): Promise<void> =>
    member.write((trx) => changeOwn(trx, { id, owner: member.id, set }));
  return {
    start: (run, beginning = {}) => member.write((trx) => start(trx, { run, beginning, owner: member.id })),
    claim: (id) => member.write((trx) => claim(trx, id, member.id)),
    keepPosts: (id, posts) => change(id, { posts: JSON.stringify(posts) }),
    end: (id, ended) =>
      member.write(async (trx) => {
        const set = { ended: JSON.stringify(ended), ended_at: timeNow() };
        await changeOwn(trx, { id, owner: member.id, set });
        await trx.deleteFrom('leases').where('run', '=', id).execute();
      }),
    read: async (id) => {
      const row = await db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();
      return row && parseRun(row);
    },
    tell: (id) => change(id, { told: 1, owner: null }),
    untold: async () => {
      const open = db.selectFrom('runs').selectAll().where('told', '=', 0).where(isFree(member.id));
      return (await open.orderBy('started_at').execute()).map(parseRun);
    },
    held: () => selectLeases(db).select('leases.machine').execute(),
    newest: async (repo) => {
      const all = db.selectFrom('runs').selectAll().where('repo', '=', repo);
      const row = await all.orderBy('started_at', 'desc').limit(1).executeTakeFirst();
      return row && parseRun(row);
    },
    ofPlan: async ({ repo, pull }, plan) => {
      const here = db.selectFrom('runs').selectAll().where('repo', '=', repo).where('pull', '=', pull);
      return (await here.where('plan', '=', plan).orderBy('started_at').execute()).map(parseRun);
    },
    ofCheck: async ({ repo, commit, id }) => {
      const here = db.selectFrom('runs').selectAll().where('repo', '=', repo);
      const rows = await here.where('commit_sha', '=', commit).orderBy('started_at').execute();
      return rows.map(parseRun).findLast(({ posts }) => posts.check?.id === id);
    },
    prune: async (before) => {
      const old = db.deleteFrom('runs').where('told', '=', 1).where('ended_at', '<', before.toISOString());
      return Number((await old.executeTakeFirst()).numDeletedRows);
    },
  };
}

/** What a server follows when it ends is for whoever comes next. */
export async function releaseRuns(trx: Database, owner: string): Promise<void> {
  await trx.updateTable('runs').set({ owner: null }).where('owner', '=', owner).execute();
}

/** No other server that lives follows it. */
function isFree(owner: string) {
  return (eb: ExpressionBuilder<Tables, 'runs'>): Expression<SqlBool> => {
    const living = eb.selectFrom('servers').select('servers.id').whereRef('servers.id', '=', 'runs.owner');
    return eb.or([eb('runs.owner', 'is', null), eb('runs.owner', '=', owner), eb.not(eb.exists(living))]);
  };
}

interface OwnChange {
  readonly id: string;
  readonly owner: string;
  readonly set: UpdateObject<Tables, 'runs'>;
}

async function changeOwn(trx: Database, { id, owner, set }: OwnChange): Promise<void> {
  const mine = trx.updateTable('runs').set(set).where('id', '=', id).where('owner', '=', owner);
  const { numUpdatedRows } = await mine.executeTakeFirst();
  if (numUpdatedRows === 0n) throw new Fenced(`run ${id} is not followed here any more`);
}

async function claim(trx: Database, id: string, owner: string): Promise<Claimed> {
  const open = trx.updateTable('runs').set({ owner }).where('id', '=', id).where('told', '=', 0);
  const row = await open.where(isFree(owner)).returningAll().executeTakeFirst();
  if (row) return { is: 'mine', run: parseRun(row) };
  const known = trx.selectFrom('runs').select('id').where('id', '=', id).where('told', '=', 0);
  return { is: (await known.executeTakeFirst()) ? 'elsewhere' : 'over' };
}

interface Start {
  readonly run: NewRun;
  readonly beginning: Beginning;
  readonly owner: string;
}

async function start(trx: Database, { run, beginning, owner }: Start): Promise<Started> {
  const known = await trx.selectFrom('runs').selectAll().where('id', '=', run.id).executeTakeFirst();
  if (known) return { is: 'known', run: parseRun(known) };
  const hosts = new Map(run.hosts.map((host) => [machineOf(run, beginning, host), host]));
  const held = await readLeases(trx, [...hosts.keys()]);
  if (held.length > 0) return { is: 'busy', held };
  const { posts = NO_POSTS } = beginning;
  await trx
    .insertInto('runs')
    .values({ ...rowOf(run, posts), started_at: timeNow(), owner })
    .execute();
  const { id, repo } = run;
  const leases = [...hosts].map(([machine, host]) => ({ machine, repo, host, run: id, since: timeNow() }));
  if (leases.length > 0) await trx.insertInto('leases').values(leases).execute();
  return { is: 'started' };
}

function machineOf({ repo }: NewRun, { machines }: Beginning, host: string): string {
  return machines?.get(host) ?? `${repo} ${host}`;
}

async function readLeases(trx: Database, machines: readonly string[]): Promise<readonly Lease[]> {
  if (machines.length === 0) return [];
  return selectLeases(trx).where('leases.machine', 'in', machines).execute();
}

function selectLeases(db: Database) {
  return db
    .selectFrom('leases')
    .innerJoin('runs', 'runs.id', 'leases.run')
    .select(['leases.host', 'leases.repo', 'leases.run', 'leases.since'])
    .select(['runs.asked_by as by', 'runs.pull'])
    .orderBy('leases.host');
}

function rowOf(run: NewRun, posts: RunPosts) {
  const { id, repo, installation, pull, plan } = run;
  return {
    id,
    repo,
    installation,
    pull,
    plan,
    commit_sha: run.commit,
    asked_by: run.by,
    request: JSON.stringify(run.request),
    hosts: JSON.stringify(run.hosts),
    posts: JSON.stringify(posts),
    ended: null,
    told: 0,
    ended_at: null,
    cancel_by: null,
  };
}

function parseRun(row: Selectable<Tables['runs']>): Run {
  const { id, repo, installation, pull, plan } = row;
  return {
    id,
    repo,
    installation,
    pull,
    plan,
    commit: row.commit_sha,
    by: row.asked_by,
    request: RunRequest.parse(JSON.parse(row.request)),
    hosts: z.array(z.string()).parse(JSON.parse(row.hosts)),
    posts: RunPosts.parse(JSON.parse(row.posts)),
    ended: row.ended === null ? null : Ended.parse(JSON.parse(row.ended)),
    told: row.told === 1,
    startedAt: row.started_at,
  };
}
