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

/** One that GitHub was asked to begin. */
export interface AskedCheck extends Omit<OpenCheckRow, 'id'> {
  readonly subject: string | null;
}

export interface OpenChecks {
  /** Remembers that GitHub is asked for it, before it is: who dies then, or hears no answer, knows no id. */
  ask(check: AskedCheck): Promise<void>;
  /** GitHub has none of it that is not known. */
  forget(check: AskedCheck): Promise<void>;
  /** Those whose ids nobody kept, of one pull request, or asked for before a time. */
  asked(of: { readonly repo: string; readonly pull: number } | Date): Promise<readonly AskedCheck[]>;
  /** It is there, so that it is no longer asked for. */
  put(check: AskedCheck & OpenCheckRow): Promise<void>;
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
    ...openAsked(db, member),
    put: ({ id: check_id, ...asked }) =>
      member.write(async (trx) => {
        await forget(trx, asked);
        const { repo, installation, name, commit: commit_sha, pull, since } = asked;
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
        await trx.deleteFrom('asked_checks').where('since', '<', before.toISOString()).execute();
        const old = trx.deleteFrom('open_checks').where('since', '<', before.toISOString());
        return Number((await old.executeTakeFirst()).numDeletedRows);
      }),
  };
}

function openAsked(db: Database, member: Membership): Pick<OpenChecks, 'ask' | 'forget' | 'asked'> {
  return {
    ask: (check) =>
      member.write(async (trx) => {
        await forget(trx, check);
        const { commit: commit_sha, ...rest } = check;
        await trx
          .insertInto('asked_checks')
          .values({ ...rest, commit_sha })
          .execute();
      }),
    forget: (check) => member.write((trx) => forget(trx, check)),
    asked: async (of) => {
      const columns = [
        'repo',
        'installation',
        'name',
        'commit_sha as commit',
        'pull',
        'subject',
        'since',
      ] as const;
      const all = db.selectFrom('asked_checks').select(columns).orderBy('since');
      if (of instanceof Date) return all.where('since', '<', of.toISOString()).execute();
      return all.where('repo', '=', of.repo).where('pull', '=', of.pull).execute();
    },
  };
}

async function forget(trx: Database, { repo, name, commit, pull, subject }: AskedCheck): Promise<void> {
  const same = trx.deleteFrom('asked_checks').where('repo', '=', repo).where('name', '=', name);
  await same
    .where('commit_sha', '=', commit)
    .where('pull', pull === null ? 'is' : '=', pull)
    .where('subject', subject === null ? 'is' : '=', subject)
    .execute();
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
