// Which comment and which check runs are ours, by their ids: never looked for by what they say.
import { z } from 'zod';
import { timeNow } from './database.ts';
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

/** A plan that the sticky comment showed once. */
const HistoryEntry = z.object({ digest: z.string(), at: z.string(), note: z.string() });
export type HistoryEntry = z.infer<typeof HistoryEntry>;

export interface Sticky {
  readonly comment: number;
  /** What it says, as GitHub took it; null when that was not kept. */
  readonly body: string | null;
  /** Newest first. */
  readonly history: readonly HistoryEntry[];
}

export interface Check {
  readonly repo: string;
  readonly id: number;
  readonly name: string;
  readonly commit: string;
  /** null: a commit that belongs to no pull request. */
  readonly pull: number | null;
  /** The digest of the plan, or the id of the run, that it shows; null before there is one. */
  readonly subject: string | null;
}

export interface Posts {
  readSticky(repo: string, pull: number): Promise<Sticky | undefined>;
  keepSticky(repo: string, pull: number, sticky: Sticky): Promise<void>;
  readCheck(repo: string, id: number): Promise<Check | undefined>;
  /** The newest check run of each name on a commit. */
  newestChecks(repo: string, commit: string): Promise<readonly Check[]>;
  keepCheck(check: Check): Promise<void>;
  /** Those of the name on other commits of the pull request that were not told so yet. */
  overtaken(of: Pick<Check, 'repo' | 'name' | 'pull' | 'commit'>): Promise<readonly Check[]>;
  /** Remembers that it was told of the newer commit. */
  supersede(repo: string, id: number, by: string): Promise<void>;
  /** Forgets comments and check runs that were written last before this time. */
  prune(before: Date): Promise<number>;
}

export function openPosts(db: Database, member: Membership): Posts {
  return {
    ...openStickies(db, member),
    ...openChecks(db, member),
    prune: (before) =>
      member.write(async (trx) => {
        const at = before.toISOString();
        const checks = await trx.deleteFrom('checks').where('at', '<', at).executeTakeFirst();
        const comments = await trx.deleteFrom('comments').where('at', '<', at).executeTakeFirst();
        return Number(checks.numDeletedRows + comments.numDeletedRows);
      }),
  };
}

function openStickies(db: Database, member: Membership): Pick<Posts, 'readSticky' | 'keepSticky'> {
  return {
    readSticky: async (repo, pull) => {
      const row = await db
        .selectFrom('comments')
        .selectAll()
        .where('repo', '=', repo)
        .where('pull', '=', pull)
        .executeTakeFirst();
      if (!row) return undefined;
      const { comment_id: comment, body } = row;
      return { comment, body, history: z.array(HistoryEntry).parse(JSON.parse(row.history)) };
    },
    keepSticky: (repo, pull, sticky) =>
      member.write(async (trx) => {
        const { comment, body } = sticky;
        const history = JSON.stringify(sticky.history);
        const kept = { comment_id: comment, body, history, at: timeNow() };
        await trx
          .insertInto('comments')
          .values({ repo, pull, ...kept })
          .onConflict((conflict) => conflict.columns(['repo', 'pull']).doUpdateSet(kept))
          .execute();
      }),
  };
}

type CheckPosts = Pick<Posts, 'readCheck' | 'newestChecks' | 'keepCheck' | 'overtaken' | 'supersede'>;

function openChecks(db: Database, member: Membership): CheckPosts {
  return {
    readCheck: async (repo, id) => {
      const checks = db.selectFrom('checks').selectAll().where('repo', '=', repo).where('check_id', '=', id);
      const row = await checks.executeTakeFirst();
      return row && parseCheck(row);
    },
    newestChecks: async (repo, commit) => {
      const checks = db
        .selectFrom('checks')
        .selectAll()
        .where('repo', '=', repo)
        .where('commit_sha', '=', commit);
      const rows = await checks.orderBy('check_id').execute();
      return [...new Map(rows.map((row) => [row.name, parseCheck(row)])).values()];
    },
    keepCheck: ({ repo, id, name, commit, pull, subject }) =>
      member.write(async (trx) => {
        await trx
          .insertInto('checks')
          .values({
            repo,
            check_id: id,
            name,
            commit_sha: commit,
            pull,
            subject,
            superseded_by: null,
            at: timeNow(),
          })
          .onConflict((conflict) =>
            conflict.columns(['repo', 'check_id']).doUpdateSet({ subject, at: timeNow() }),
          )
          .execute();
      }),
    overtaken: async ({ repo, name, pull, commit }) => {
      const here = db.selectFrom('checks').selectAll().where('repo', '=', repo).where('pull', '=', pull);
      const others = here.where('name', '=', name).where('commit_sha', '!=', commit);
      return (await others.where('superseded_by', 'is', null).orderBy('check_id').execute()).map(parseCheck);
    },
    supersede: (repo, id, by) =>
      member.write(async (trx) => {
        const all = trx.updateTable('checks').set({ superseded_by: by }).where('repo', '=', repo);
        await all.where('check_id', '=', id).execute();
      }),
  };
}

interface CheckRow {
  readonly repo: string;
  readonly check_id: number;
  readonly name: string;
  readonly commit_sha: string;
  readonly pull: number | null;
  readonly subject: string | null;
}

function parseCheck({ repo, check_id: id, name, commit_sha: commit, pull, subject }: CheckRow): Check {
  return { repo, id, name, commit, pull, subject };
}
