// Who pushed which commit, as webhooks have told it. Somebody who pushed a commit does not approve it.
import { timeNow } from './database.ts';
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface Pushes {
  keep(repo: string, commit: string, by: string): Promise<void>;
  /** Everybody who pushed it, to whatever branch; nobody when it was not heard of. */
  read(repo: string, commit: string): Promise<readonly string[]>;
  /** Forgets what was heard before this time. */
  prune(before: Date): Promise<void>;
}

export function openPushes(db: Database, member: Membership): Pushes {
  return {
    keep: (repo, commit, by) =>
      member.write(async (trx) => {
        await trx
          .insertInto('pushes')
          .values({ repo, commit_sha: commit, pushed_by: by, heard_at: timeNow() })
          .onConflict((conflict) => conflict.columns(['repo', 'commit_sha', 'pushed_by']).doNothing())
          .execute();
      }),
    read: async (repo, commit) => {
      const here = db.selectFrom('pushes').select('pushed_by').where('repo', '=', repo);
      const rows = await here.where('commit_sha', '=', commit).execute();
      return rows.map((row) => row.pushed_by);
    },
    prune: (before) =>
      member.write(async (trx) => {
        await trx.deleteFrom('pushes').where('heard_at', '<', before.toISOString()).execute();
      }),
  };
}
