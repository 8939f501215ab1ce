// When the pull requests of a repository were last looked through for what was missed.
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface Looks {
  /** ISO 8601; undefined before the first time. */
  read(repo: string): Promise<string | undefined>;
  keep(repo: string, at: string): Promise<void>;
}

export function openLooks(db: Database, member: Membership): Looks {
  return {
    read: async (repo) => {
      const row = await db.selectFrom('looks').select('at').where('repo', '=', repo).executeTakeFirst();
      return row?.at;
    },
    keep: (repo, at) =>
      member.write(async (trx) => {
        await trx
          .insertInto('looks')
          .values({ repo, at })
          .onConflict((conflict) => conflict.column('repo').doUpdateSet({ at }))
          .execute();
      }),
  };
}
