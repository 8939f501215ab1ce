// Freezes and holds of a repository, each until its time; what was lifted stays in the table as history.
import type { Stop } from '../core/stop.ts';
import { timeNow } from './database.ts';
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface Stops {
  /** Takes the place of what is there for the same subject. */
  put(repo: string, stop: Stop): Promise<void>;
  /** What has not ended, oldest first. */
  active(repo: string): Promise<readonly Stop[]>;
  /** Ends it now; false when there was none, and this person has not ended one since they asked. */
  lift(repo: string, which: Pick<Stop, 'is' | 'subject'>, wish: LiftWish): Promise<boolean>;
  /** Forgets what ended or was lifted before this time. */
  prune(before: Date): Promise<number>;
}

export interface LiftWish {
  readonly by: string;
  readonly asked: Date;
}

export function openStops(db: Database, member: Membership): Stops {
  return {
    put: (repo, stop) =>
      member.write(async (trx) => {
        await lift(trx, repo, stop, stop.by);
        const { is: kind, subject, reason, by: asked_by, pull, since, until } = stop;
        const row = { repo, kind, subject, reason, asked_by, pull, since, until };
        await trx
          .insertInto('stops')
          .values({ ...row, lifted_at: null, lifted_by: null })
          .execute();
      }),
    active: async (repo) => {
      const open = db.selectFrom('stops').selectAll().where('repo', '=', repo).where('lifted_at', 'is', null);
      const rows = await open.where('until', '>', timeNow()).orderBy('seq').execute();
      return rows.map(({ kind: is, subject, reason, asked_by: by, pull, since, until }) => {
        return { is, subject, reason, by, pull, since, until };
      });
    },
    lift: (repo, which, { by, asked }) =>
      member.write(async (trx) => {
        if (await lift(trx, repo, which, by)) return true;
        // That it was lifted may have been kept although the answer was lost.
        const lifted = trx.selectFrom('stops').select('seq').where('repo', '=', repo);
        const mine = lifted.where('lifted_by', '=', by).where('lifted_at', '>=', asked.toISOString());
        const same = mine.where('kind', '=', which.is).where('subject', '=', which.subject);
        return (await same.limit(1).executeTakeFirst()) !== undefined;
      }),
    prune: (before) =>
      member.write(async (trx) => {
        const at = before.toISOString();
        const over = trx
          .deleteFrom('stops')
          .where((eb) => eb.or([eb('until', '<', at), eb('lifted_at', '<', at)]));
        return Number((await over.executeTakeFirst()).numDeletedRows);
      }),
  };
}

async function lift(
  trx: Database,
  repo: string,
  which: Pick<Stop, 'is' | 'subject'>,
  by: string,
): Promise<boolean> {
  const here = trx.updateTable('stops').set({ lifted_at: timeNow(), lifted_by: by }).where('repo', '=', repo);
  const [lifted] = await here
    .where('kind', '=', which.is)
    .where('subject', '=', which.subject)
    .where('lifted_at', 'is', null)
    .where('until', '>', timeNow())
    .execute();
  return Number(lifted?.numUpdatedRows ?? 0) > 0;
}
