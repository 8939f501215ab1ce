// Which comments were taken as commands. A delivery's id is not covered by its signature, a comment's id is: the same
// comment is one command, however often and under whatever id it arrives.
import { timeNow } from './database.ts';
import type { Membership } from './membership.ts';

export interface Commands {
  /** Whether this delivery may carry the comment out: it is the first that brought it, or that one once more. */
  claim(repo: string, comment: number, delivery: string): Promise<boolean>;
  /** Forgets what was heard before this time. Older comments must not be carried out any more. */
  prune(before: Date): Promise<number>;
}

export function openCommands(member: Membership): Commands {
  return {
    claim: (repo, comment, delivery) =>
      member.write(async (trx) => {
        await trx
          .insertInto('commands')
          .values({ repo, comment_id: comment, delivery, heard_at: timeNow() })
          .onConflict((conflict) => conflict.columns(['repo', 'comment_id']).doNothing())
          .execute();
        const here = trx.selectFrom('commands').select('delivery').where('repo', '=', repo);
        const first = await here.where('comment_id', '=', comment).executeTakeFirst();
        return first?.delivery === delivery;
      }),
    prune: (before) =>
      member.write(async (trx) => {
        const old = trx.deleteFrom('commands').where('heard_at', '<', before.toISOString());
        return Number((await old.executeTakeFirst()).numDeletedRows);
      }),
  };
}
