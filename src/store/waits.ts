// Merges whose hosts another deploy holds, and the wish that one is not deployed after all. A wait is one of its pull
// request, outlives the server that waits, and ends when its deploy begins or is given up.
import { timeNow } from './database.ts';
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface Wait {
  readonly pull: number;
  /** Who merged. */
  readonly by: string;
  /** ISO 8601. */
  readonly since: string;
  /** Who wants it to end. */
  readonly cancelBy: string | undefined;
}

export interface Waits {
  /** Keeps that it waits, until this time at most; what was asked of it before still holds. */
  put(at: WaitPlace, by: string, until: Date): Promise<void>;
  /** Keeps the wish that it ends; false when nothing waits or somebody else has asked before. */
  cancel(at: WaitPlace, by: string): Promise<boolean>;
  read(at: WaitPlace): Promise<Wait | undefined>;
  /** Ends it, and says who wanted that. */
  end(at: WaitPlace): Promise<string | undefined>;
  /** What waits in a repository, oldest first. */
  open(repo: string): Promise<readonly Wait[]>;
  /** Forgets those whose time was over before this one: their servers are gone. */
  prune(before: Date): Promise<number>;
}

export interface WaitPlace {
  readonly repo: string;
  readonly pull: number;
}

export function openWaits(db: Database, member: Membership): Waits {
  const columns = ['pull', 'asked_by as by', 'since', 'cancel_by'] as const;
  return {
    put: ({ repo, pull }, by, until) =>
      member.write(async (trx) => {
        const row = {
          repo,
          pull,
          asked_by: by,
          since: timeNow(),
          until: until.toISOString(),
          cancel_by: null,
        };
        await trx
          .insertInto('waits')
          .values(row)
          .onConflict((conflict) => conflict.columns(['repo', 'pull']).doUpdateSet({ until: row.until }))
          .execute();
      }),
    cancel: async ({ repo, pull }, by) => {
      const here = db.updateTable('waits').set({ cancel_by: by }).where('repo', '=', repo);
      const open = here.where('pull', '=', pull);
      const unasked = open.where((eb) => eb.or([eb('cancel_by', 'is', null), eb('cancel_by', '=', by)]));
      return (await unasked.where('until', '>', timeNow()).returning('pull').execute()).length > 0;
    },
    read: async ({ repo, pull }) => {
      const here = db.selectFrom('waits').select(columns).where('repo', '=', repo);
      const row = await here.where('pull', '=', pull).executeTakeFirst();
      return row && waitOf(row);
    },
    end: ({ repo, pull }) =>
      member.write(async (trx) => {
        const here = trx.deleteFrom('waits').where('repo', '=', repo).where('pull', '=', pull);
        return (await here.returning('cancel_by').executeTakeFirst())?.cancel_by ?? undefined;
      }),
    open: async (repo) => {
      const here = db.selectFrom('waits').select(columns).where('repo', '=', repo);
      const rows = await here.where('until', '>', timeNow()).orderBy('since').execute();
      return rows.map(waitOf);
    },
    prune: (before) =>
      member.write(async (trx) => {
        const over = trx.deleteFrom('waits').where('until', '<', before.toISOString());
        return Number((await over.executeTakeFirst()).numDeletedRows);
      }),
  };
}

interface Row {
  readonly pull: number;
  readonly by: string;
  readonly since: string;
  readonly cancel_by: string | null;
}

function waitOf({ cancel_by: cancelBy, ...wait }: Row): Wait {
  return { ...wait, cancelBy: cancelBy ?? undefined };
}
