// Runs, one deploy each, and the leases by which a run holds its hosts. A run that was accepted is durable work:
// after a restart it is followed again under the same id, and the host picks it up where it is.
import { z } from 'zod';
import { Reason } from '../core/reason.ts';
import { Report } from '../core/report.ts';
import type { Database } from './database.ts';

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
  deployments: z.array(z.object({ stack: z.string(), id: z.number() })),
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
  readonly run: string;
  readonly by: string;
  readonly pull: number;
  readonly since: string;
}

export type Started =
  | { readonly is: 'started' }
  | { readonly is: 'known'; readonly run: Run }
  | { readonly is: 'busy'; readonly held: readonly Lease[] };

export interface Runs {
  /** Keeps the run and takes a lease on each of its hosts, all or none. The same id never starts twice. */
  start(run: NewRun, posts?: RunPosts): Promise<Started>;
  keepPosts(id: string, posts: RunPosts): Promise<void>;
  /** Ends the run and frees its hosts. */
  end(id: string, ended: Ended): Promise<void>;
  /** Remembers that its end was shown. */
  tell(id: string): Promise<void>;
  read(id: string): Promise<Run | undefined>;
  /** All that go on, and those that ended since and were not shown. */
  untold(since: Date): Promise<readonly Run[]>;
  /** The run of a repository that began last. */
  newest(repo: string): Promise<Run | undefined>;
  /** The runs of one plan, oldest first. */
  ofPlan(place: { readonly repo: string; readonly pull: number }, plan: string): Promise<readonly Run[]>;
}

const NO_POSTS: RunPosts = { begun: false, deployments: [] };

export function openRuns(db: Database, now: () => Date): Runs {
  return {
    start: (run, posts = NO_POSTS) => start(db, { run, posts, at: now().toISOString() }),
    keepPosts: async (id, posts) => {
      await db
        .updateTable('runs')
        .set({ posts: JSON.stringify(posts) })
        .where('id', '=', id)
        .execute();
    },
    end: (id, ended) =>
      db.transaction().execute(async (trx) => {
        const kept = { ended: JSON.stringify(ended), ended_at: now().toISOString() };
        await trx.updateTable('runs').set(kept).where('id', '=', id).execute();
        await trx.deleteFrom('leases').where('run', '=', id).execute();
      }),
    read: async (id) => {
      const row = await db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();
      return row && parseRun(row);
    },
    tell: async (id) => {
      await db.updateTable('runs').set({ told: 1 }).where('id', '=', id).execute();
    },
    untold: async (since) => {
      const open = db.selectFrom('runs').selectAll().where('told', '=', 0).orderBy('started_at');
      const recent = open.where((eb) =>
        eb.or([eb('ended_at', 'is', null), eb('ended_at', '>=', since.toISOString())]),
      );
      return (await recent.execute()).map(parseRun);
    },
    newest: async (repo) => {
      const all = db.selectFrom('runs').selectAll().where('repo', '=', repo);
      const row = await all.orderBy('started_at', 'desc').limit(1).executeTakeFirst();
      return row && parseRun(row);
    },
    ofPlan: async ({ repo, pull }, plan) => {
      const here = db.selectFrom('runs').selectAll().where('repo', '=', repo).where('pull', '=', pull);
      return (await here.where('plan', '=', plan).orderBy('started_at').execute()).map(parseRun);
    },
  };
}

interface Start {
  readonly run: NewRun;
  readonly posts: RunPosts;
  readonly at: string;
}

async function start(db: Database, { run, posts, at }: Start): Promise<Started> {
  return db.transaction().execute(async (trx) => {
    const known = await trx.selectFrom('runs').selectAll().where('id', '=', run.id).executeTakeFirst();
    if (known) return { is: 'known', run: parseRun(known) };
    const held = await readLeases(trx, run);
    if (held.length > 0) return { is: 'busy', held };
    await trx.insertInto('runs').values(rowOf({ run, posts, at })).execute();
    const leases = run.hosts.map((host) => ({ repo: run.repo, host, run: run.id, since: at }));
    if (leases.length > 0) await trx.insertInto('leases').values(leases).execute();
    return { is: 'started' };
  });
}

async function readLeases(db: Database, run: NewRun): Promise<readonly Lease[]> {
  if (run.hosts.length === 0) return [];
  return db
    .selectFrom('leases')
    .innerJoin('runs', 'runs.id', 'leases.run')
    .select(['leases.host', 'leases.run', 'leases.since', 'runs.asked_by as by', 'runs.pull'])
    .where('leases.repo', '=', run.repo)
    .where('leases.host', 'in', run.hosts)
    .orderBy('leases.host')
    .execute();
}

function rowOf({ run, posts, at }: Start) {
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
    started_at: at,
    ended_at: null,
    cancel_by: null,
  };
}

interface Row {
  readonly id: string;
  readonly repo: string;
  readonly installation: number;
  readonly pull: number;
  readonly commit_sha: string;
  readonly plan: string;
  readonly asked_by: string;
  readonly request: string;
  readonly hosts: string;
  readonly posts: string;
  readonly ended: string | null;
  readonly told: number;
  readonly started_at: string;
}

function parseRun(row: Row): Run {
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
