// Freezes and holds of a repository, each until its time; what was lifted stays in the table as history.
import type { Stop } from '../core/stop.ts';
import type { Database } from './database.ts';

export interface Stops {
  /** Takes the place of what is there for the same subject. */
  put(repo: string, stop: Stop): Promise<void>;
  /** What has not ended, oldest first. */
  active(repo: string): Promise<readonly Stop[]>;
  /** Ends it now; false when there was none. */
  lift(repo: string, which: Pick<Stop, 'is' | 'subject'>, by: string): Promise<boolean>;
}

export function openStops(db: Database, now: () => Date): Stops {
  const lift: Stops['lift'] = async (repo, { is, subject }, by) => {
    const at = now().toISOString();
    const here = db.updateTable('stops').set({ lifted_at: at, lifted_by: by }).where('repo', '=', repo);
    const [lifted] = await here
      .where('kind', '=', is)
      .where('subject', '=', subject)
      .where('lifted_at', 'is', null)
      .where('until', '>', at)
      .execute();
    return Number(lifted?.numUpdatedRows ?? 0) > 0;
  };
  return {
    lift,
    put: async (repo, stop) => {
      await lift(repo, stop, stop.by);
      const { is: kind, subject, reason, by: asked_by, pull, since, until } = stop;
      const row = { repo, kind, subject, reason, asked_by, pull, since, until };
      await db
        .insertInto('stops')
        .values({ ...row, lifted_at: null, lifted_by: null })
        .execute();
    },
    active: async (repo) => {
      const open = db.selectFrom('stops').selectAll().where('repo', '=', repo).where('lifted_at', 'is', null);
      const rows = await open.where('until', '>', now().toISOString()).orderBy('seq').execute();
      return rows.map(({ kind: is, subject, reason, asked_by: by, pull, since, until }) => {
        return { is, subject, reason, by, pull, since, until };
      });
    },
  };
}
