// Drift as it was shown: the issue of each stack, by its number, and when a repository was last looked at by schedule.
import { timeNow } from './database.ts';
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface DriftIssue {
  readonly issue: number;
  /** A digest of what it shows: where it is the same, nothing is written. */
  readonly shown: string;
}

export interface Drifts {
  read(repo: string, stack: string): Promise<DriftIssue | undefined>;
  keep(repo: string, stack: string, issue: DriftIssue): Promise<void>;
  /** Stacks of a repository that have had an issue. */
  stacks(repo: string): Promise<readonly string[]>;
  /** The stack that an issue is about; undefined for any other issue, and for a pull request. */
  stackOf(repo: string, issue: number): Promise<string | undefined>;
  /** Whether a look is due, the last one having been before this time; from then on it counts as made, once for all servers. */
  begin(repo: string, before: Date): Promise<boolean>;
}

export function openDrifts(db: Database, member: Membership): Drifts {
  return {
    read: (repo, stack) =>
      db
        .selectFrom('drift_issues')
        .select(['issue', 'shown'])
        .where('repo', '=', repo)
        .where('stack', '=', stack)
        .executeTakeFirst(),
    keep: (repo, stack, { issue, shown }) =>
      member.write(async (trx) => {
        await trx
          .insertInto('drift_issues')
          .values({ repo, stack, issue, shown })
          .onConflict((conflict) => conflict.columns(['repo', 'stack']).doUpdateSet({ issue, shown }))
          .execute();
      }),
    stacks: async (repo) => {
      const rows = await db.selectFrom('drift_issues').select('stack').where('repo', '=', repo).execute();
      return rows.map(({ stack }) => stack);
    },
    stackOf: async (repo, issue) => {
      const rows = db.selectFrom('drift_issues').select('stack').where('repo', '=', repo);
      const row = await rows.where('issue', '=', issue).executeTakeFirst();
      return row?.stack;
    },
    begin: async (repo, before) => {
      const claimed = await db
        .insertInto('drift_looks')
        .values({ repo, at: timeNow() })
        .onConflict((conflict) =>
          conflict
            .column('repo')
            .doUpdateSet({ at: timeNow() })
            .where('drift_looks.at', '<', before.toISOString()),
        )
        .returning('repo')
        .executeTakeFirst();
      return claimed !== undefined;
    },
  };
}
