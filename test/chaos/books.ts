// What the servers' own store says, read beside them, from the embedded file or from PostgreSQL.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Report } from '../../src/core/report.ts';
import { ask } from '../support/postgres.ts';

export interface Books {
  /** Oldest first. */
  readonly runs: readonly BookedRun[];
  readonly deliveries: readonly {
    readonly guid: string;
    readonly state: string;
    readonly error: string | null;
  }[];
  readonly leases: number;
  /** Who says that they are there. */
  readonly servers: readonly string[];
  /** By the number of a pull request, the comment in which its plan is shown. */
  readonly comments: ReadonlyMap<number, number>;
}

export interface BookedRun {
  readonly id: string;
  /** The comment that asked for it. */
  readonly comment: number | undefined;
  readonly told: boolean;
  readonly report: Report | undefined;
  readonly ended: string | null;
  /** Nobody knows what became of it. */
  readonly lost: boolean;
}

export type ReadBooks = () => Promise<Books>;

/** One answer for all rows of a query. */
type Query = (sql: string) => Promise<readonly unknown[]>;

export function readEmbedded(data: string): ReadBooks {
  return async () => {
    const db = new DatabaseSync(join(data, 'ashore.db'), { readOnly: true });
    try {
      return await readBooks(async (sql) => db.prepare(sql).all());
    } finally {
      db.close();
    }
  };
}

/** Waits for a database that is away. */
export function readPostgres(database: string): ReadBooks {
  return async () => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await readBooks((sql) => ask(database, sql));
      } catch (error) {
        if (tries === 100) throw error;
        await sleep(300);
      }
    }
  };
}

async function readBooks(query: Query): Promise<Books> {
  const runs = Runs.parse(await query('select id, request, told, ended from runs order by started_at'));
  const deliveries = Deliveries.parse(await query('select guid, state, error from deliveries'));
  const leases = await query('select run from leases');
  const servers = Servers.parse(await query('select who from servers'));
  const comments = Comments.parse(await query('select pull, comment_id from comments'));
  return {
    runs: runs.map(({ id, request, told, ended }) => ({
      id,
      comment: Request.parse(JSON.parse(request)).comment,
      told: told === 1,
      ended,
      report: reportIn(ended),
      lost: ended !== null && Ended.parse(JSON.parse(ended)).is === 'lost',
    })),
    deliveries,
    leases: leases.length,
    servers: servers.map(({ who }) => who),
    comments: new Map(comments.map((row) => [row.pull, row.comment_id])),
  };
}

const Runs = z.array(
  z.object({ id: z.string(), request: z.string(), told: z.coerce.number(), ended: z.string().nullable() }),
);
const Request = z.object({ comment: z.number().optional() });
const Ended = z.object({ is: z.string() });
const Deliveries = z.array(z.object({ guid: z.string(), state: z.string(), error: z.string().nullable() }));
const Servers = z.array(z.object({ who: z.string() }));
const Comments = z.array(z.object({ pull: z.coerce.number(), comment_id: z.coerce.number() }));

function reportIn(ended: string | null): Report | undefined {
  if (ended === null) return undefined;
  const parsed = z.object({ is: z.literal('report'), report: Report }).safeParse(JSON.parse(ended));
  return parsed.data?.report;
}
