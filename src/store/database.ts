// What both databases are to the queries: the same tables, and the same clock by the same name. The clock is the
// database's own, so that servers whose clocks differ agree on what has run out.
import { sql } from 'kysely';
import type { Kysely, RawBuilder } from 'kysely';
import type { Tables } from './schema.ts';

export type Database = Kysely<Tables>;

export interface OpenDatabase {
  readonly db: Database;
  /** Other servers may work on it at the same time. */
  readonly shared: boolean;
  readonly close: () => Promise<void>;
}

/** The time of the database, or so many milliseconds after it: ISO 8601 in UTC. Both databases are given this function. */
export function timeIn(milliseconds: number): RawBuilder<string> {
  return sql<string>`ashore_time(${sql.lit(Math.round(milliseconds))})`;
}

export function timeNow(): RawBuilder<string> {
  return timeIn(0);
}

/** Another server wrote the same row first, or each waited for the other; PostgreSQL's names for that. Only it has them. */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CONFLICTS.includes(String(error.code));
}

/** unique_violation, serialization_failure, deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const CONFLICTS = ['23505', '40001', '40P01'];

/** The connection to the database broke, or there was none to be had: it restarts, or the way to it does. Only PostgreSQL's can. */
export function isBroken(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return BROKEN.test(code) || BROKEN_WORDS.test(error.message);
}

/**
 * Class 08, too_many_connections, idle_in_transaction_session_timeout, and admin_shutdown, crash_shutdown and
 * cannot_connect_now of class 57: https://www.postgresql.org/docs/current/errcodes-appendix.html; and what the system says.
 */
const BROKEN = /^(?:08...|53300|25P03|57P0[1-3]|E(?:CONN\w+|PIPE|TIMEDOUT|HOST\w+|NET\w+))$/;

/** What pg says without a code: pg/lib/client.js, pg-pool/index.js. */
const BROKEN_WORDS =
  /^(?:Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;
