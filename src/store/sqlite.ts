// One SQLite file through node:sqlite and Kysely: every commit is on disk before it is answered for.
// Kysely ships no dialect for node:sqlite; what it needs is this adapter and transactions that lock at once.
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue } from 'node:sqlite';
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { DatabaseConnection, Dialect, SqliteDatabase } from 'kysely';
import type { OpenDatabase } from './database.ts';
import { MIGRATIONS, refuseNewer } from './schema.ts';
import type { Tables, Words } from './schema.ts';

/** Opens the file, brings it to the newest version, and refuses one that a newer Ashore has written. */
export function openSqlite(path: string, now: () => Date): OpenDatabase {
  const connection = new DatabaseSync(path);
  connection.function('ashore_time', (milliseconds) =>
    new Date(now().getTime() + Number(milliseconds)).toISOString(),
  );
  // FULL: with NORMAL a commit in WAL mode survives a crash of the process but not of the machine (sqlite.org/pragma).
  connection.exec(
    'pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000; pragma foreign_keys = on',
  );
  migrate(connection);
  const db = new Kysely<Tables>({ dialect: dialectOver(connection) });
  const close = async (): Promise<void> => {
    await db.destroy();
    // Kysely leaves the file open when it was never asked anything.
    if (connection.isOpen) connection.close();
  };
  return { db, shared: false, close };
}

function migrate(connection: DatabaseSync): void {
  const version = Number(connection.prepare('pragma user_version').get()?.['user_version'] ?? 0);
  refuseNewer(version);
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    const body = [...migration(WORDS), `pragma user_version = ${index + 1}`].join(';\n');
    connection.exec(`begin immediate;\n${body};\ncommit`);
  }
}

const WORDS: Words = { integer: 'integer', serial: 'integer primary key autoincrement' };

function dialectOver(connection: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ImmediateDriver({ database: adapt(connection) }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** A deferred `begin` takes its lock at the first write and then fails as busy instead of waiting (sqlite.org/lang_transaction). */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

function adapt(connection: DatabaseSync): SqliteDatabase {
  return {
    close: () => connection.close(),
    prepare: (sql) => {
      const statement = connection.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...parameters.map(bindable)),
        run: (parameters) => statement.run(...parameters.map(bindable)),
        iterate: (parameters) => statement.iterate(...parameters.map(bindable)),
      };
    },
  };
}

function bindable(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  throw new TypeError(`not a value for a column: ${typeof value}`);
}
