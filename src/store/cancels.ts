// The wish that a run stops, kept beside it: whichever server follows the run finds it here, also after a restart.
import type { Database } from './database.ts';

/** A run that goes on. */
export interface OpenRun {
  readonly id: string;
  readonly pull: number;
  readonly by: string;
  readonly since: string;
}

export interface Cancels {
  /** Keeps the wish; false when the run has ended or somebody else has asked before. */
  ask(run: string, by: string): Promise<boolean>;
  /** Who wants the run to stop. */
  read(run: string): Promise<string | undefined>;
  /** Runs of a repository that go on, oldest first. */
  open(repo: string): Promise<readonly OpenRun[]>;
}

export function openCancels(db: Database): Cancels {
  return {
    ask: async (run, by) => {
      const open = db.updateTable('runs').set({ cancel_by: by }).where('id', '=', run);
      // The same person may come again: the answer to the first time may have been lost.
      const unasked = open.where((eb) => eb.or([eb('cancel_by', 'is', null), eb('cancel_by', '=', by)]));
      return (await unasked.where('ended', 'is', null).returning('id').execute()).length > 0;
    },
    read: async (run) => {
      const row = await db.selectFrom('runs').select('cancel_by').where('id', '=', run).executeTakeFirst();
      return row?.cancel_by ?? undefined;
    },
    open: async (repo) => {
      const columns = ['id', 'pull', 'asked_by as by', 'started_at as since'] as const;
      const open = db.selectFrom('runs').select(columns).where('repo', '=', repo).where('ended', 'is', null);
      return open.orderBy('started_at').execute();
    },
  };
}
