// What somebody who asked is answered, kept before it is posted: who comes back to it says that, and decides nothing anew.
import { timeNow } from './database.ts';
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface Answer {
  readonly body: string;
  /** ISO 8601: before that it cannot have been posted. */
  readonly at: string;
}

export interface Answers {
  /** What was kept first stays. */
  keep(key: string, body: string): Promise<void>;
  read(key: string): Promise<Answer | undefined>;
  /** Forgets what was kept before this time. */
  prune(before: Date): Promise<number>;
}

export function openAnswers(db: Database, member: Membership): Answers {
  return {
    keep: (key, body) =>
      member.write(async (trx) => {
        await trx
          .insertInto('answers')
          .values({ key, body, at: timeNow() })
          .onConflict((conflict) => conflict.column('key').doNothing())
          .execute();
      }),
    read: async (key) =>
      db.selectFrom('answers').select(['body', 'at']).where('key', '=', key).executeTakeFirst(),
    prune: (before) =>
      member.write(async (trx) => {
        const old = trx.deleteFrom('answers').where('at', '<', before.toISOString());
        return Number((await old.executeTakeFirst()).numDeletedRows);
      }),
  };
}
