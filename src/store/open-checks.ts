// The check runs of ours that have not ended. Each has an owner: the run that it shows, or the delivery that began it.
import { z } from 'zod';
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface OpenCheckRow {
  readonly repo: string;
  readonly id: number;
  readonly installation: number;
  readonly name: string;
  readonly commit: string;
  readonly pull: number | null;
  readonly since: string;
}

export interface OpenChecks {
  put(check: OpenCheckRow): Promise<void>;
  /** It has ended. */
  drop(repo: string, id: number): Promise<void>;
  /** The one that was begun for the same and never ended. */
  find(check: Pick<OpenCheckRow, 'repo' | 'name' | 'commit' | 'pull'>): Promise<OpenCheckRow | undefined>;
  /** Open since before this time, and shown by no run that still has something to say. */
  ownerless(before: Date): Promise<readonly OpenCheckRow[]>;
  /** Forgets those that could not be closed since before this time, for GitHub let nobody. */
  prune(before: Date): Promise<number>;
}

const Posts = z.object({ check: z.object({ id: z.number() }).optional() });

export function openOpenChecks(db: Database, member: Membership): OpenChecks {
  const all = () =>
    db
      .selectFrom('open_checks')
      .select(['repo', 'check_id as id', 'installation', 'name', 'commit_sha as commit', 'pull', 'since']);
  return {
    put: ({ repo, id: check_id, installation, name, commit: commit_sha, pull, since }) =>
      member.write(async (trx) => {
        const row = { repo, check_id, installation, name, commit_sha, pull, since };
        const columns = ['repo', 'check_id'] as const;
        const insert = trx.insertInto('open_checks').values(row);
        await insert.onConflict((conflict) => conflict.columns(columns).doNothing()).execute();
      }),
    drop: (repo, id) =>
      member.write(async (trx) => {
        await trx.deleteFrom('open_checks').where('repo', '=', repo).where('check_id', '=', id).execute();
      }),
    find: async ({ repo, name, commit, pull }) => {
      const same = all().where('repo', '=', repo).where('name', '=', name).where('commit_sha', '=', commit);
      const rows = await same
        .where('pull', pull === null ? 'is' : '=', pull)
        .orderBy('check_id')
        .execute();
      const used = await owned(db);
      return rows.findLast((row) => !used.has(`${row.repo} ${row.id}`));
    },
    ownerless: async (before) => {
      const rows = await all().where('since', '<', before.toISOString()).orderBy('since').execute();
      const used = await owned(db);
      return rows.filter((row) => !used.has(`${row.repo} ${row.id}`));
    },
    prune: (before) =>
      member.write(async (trx) => {
        const old = trx.deleteFrom('open_checks').where('since', '<', before.toISOString());
        return Number((await old.executeTakeFirst()).numDeletedRows);
      }),
  };
}

/** Those of runs that go on, or whose end is still to be shown. */
async function owned(db: Database): Promise<ReadonlySet<string>> {
  const runs = await db.selectFrom('runs').select(['repo', 'posts']).where('told', '=', 0).execute();
  return new Set(
    runs.flatMap(({ repo, posts }) => {
      const { check } = Posts.parse(JSON.parse(posts));
      return check ? [`${repo} ${check.id}`] : [];
    }),
  );
}
