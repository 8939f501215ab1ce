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
