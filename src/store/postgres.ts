// PostgreSQL through pg and Kysely, for several servers on one store. Tables are made in the first schema of the
// search path, by one server while the others wait.
import { Kysely } from 'kysely';
import { Pool } from 'pg';
import type { PoolClient } from 'pg';
import type { OpenDatabase } from './database.ts';
import { endure } from './enduring.ts';
import { MIGRATIONS, refuseNewer } from './schema.ts';
import type { Tables, Words } from './schema.ts';

/** Brings the database to the newest version, and refuses one that a newer Ashore has written. `lease` in milliseconds. */
export async function openPostgres(url: string, lease: number): Promise<OpenDatabase> {
  const pool = new Pool({
    connectionString: url,
    max: 10,
    keepAlive: true,
    connectionTimeoutMillis: PATIENCE,
    statement_timeout: PATIENCE,
    query_timeout: PATIENCE + 5000,
    // A server that was stopped in the middle of a transaction must not keep what is another's by then.
    idle_in_transaction_session_timeout: lease,
    application_name: 'ashore',
    types: { getTypeParser },
  });
  // A connection that breaks while nothing is asked on it, in a transaction or not, says so here and would else end the
  // process. The pool replaces it; what is asked on one rejects by itself.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));
  try {
    await migrate(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const db = new Kysely<Tables>({ dialect: endure(pool) });
  const close = async (): Promise<void> => {
    await db.destroy();
    // Kysely leaves the pool open when it was never asked anything.
    if (!pool.ended) await pool.end();
  };
  return { db, shared: true, close };
}

/** Milliseconds; all that is asked takes a few of them. */
const PATIENCE = 30_000;

/** int8: ids of GitHub's, far below 2^53. https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const INT8 = 20;

/** Text as it comes, and numbers as numbers; there are no other columns. */
function getTypeParser(oid: number): (value: string) => string | number {
  return oid === INT8 ? Number : String;
}

const WORDS: Words = { integer: 'bigint', serial: 'bigint generated always as identity primary key' };

/** Any number will do that nothing else in the database locks. */
const LOCK = 7_416_802_119;

/** DDL is transactional: all of it, or nothing. */
async function migrate(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('set local statement_timeout = 0');
    await client.query(`select pg_advisory_xact_lock(${LOCK})`);
    await migrateLocked(client);
    await client.query('commit');
  } finally {
    // Also ends a transaction that failed.
    client.release(true);
  }
}

async function migrateLocked(client: PoolClient): Promise<void> {
  await client.query('create table if not exists ashore_version (version integer not null)');
  const { rows } = await client.query<{ readonly version: number | string }>(
    'select version from ashore_version',
  );
  const version = Number(rows[0]?.version ?? 0);
  refuseNewer(version);
  if (version === MIGRATIONS.length) return;
  if (version === 0) await client.query(CLOCK);
  for (const migration of MIGRATIONS.slice(version)) {
    for (const statement of migration(WORDS)) await client.query(statement);
  }
  await client.query('delete from ashore_version');
  await client.query('insert into ashore_version (version) values ($1)', [MIGRATIONS.length]);
}

const CLOCK = `
create function ashore_time(milliseconds integer) returns text language sql volatile as $$
  select to_char(
    (clock_timestamp() + milliseconds * interval '1 millisecond') at time zone 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$`;
