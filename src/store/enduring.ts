// A server outlives the connections to its database, and the database itself for a while. What is asked outside of a
// transaction waits until it is there, and is asked again where its connection broke; a transaction is its owner's to repeat.
import { setTimeout as wait } from 'node:timers/promises';
import { PostgresAdapter, PostgresDriver, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type {
  AbortableOperationOptions,
  CompiledQuery,
  DatabaseConnection,
  Dialect,
  Driver,
  QueryResult,
  TransactionSettings,
} from 'kysely';
import type { Pool } from 'pg';
import { isBroken } from './database.ts';

/** PostgreSQL as Kysely knows it, on connections that are replaced when they break. */
export function endure(pool: Pool): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new EnduringDriver(new PostgresDriver({ pool })),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

class EnduringDriver implements Driver {
  readonly #inner: Driver;

  constructor(inner: Driver) {
    this.#inner = inner;
  }

  async init(): Promise<void> {
    await this.#inner.init();
  }

  async destroy(): Promise<void> {
    await this.#inner.destroy();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Enduring(this, await this.#connect());
  }

  async releaseConnection(given: DatabaseConnection): Promise<void> {
    await this.#inner.releaseConnection(real(given));
  }

  async replace(broken: DatabaseConnection): Promise<DatabaseConnection> {
    // The pool drops what has broken.
    await this.#inner.releaseConnection(broken);
    return this.#connect();
  }

  async beginTransaction(given: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    if (given instanceof Enduring) given.inTransaction = true;
    await this.#inner.beginTransaction(real(given), settings);
  }

  async commitTransaction(given: DatabaseConnection): Promise<void> {
    await this.#inner.commitTransaction(real(given));
  }

  async rollbackTransaction(given: DatabaseConnection): Promise<void> {
    await this.#inner.rollbackTransaction(real(given));
  }

  /** Resolves when the database is there. Rejects when the pool has ended. */
  async #connect(): Promise<DatabaseConnection> {
    for (;;) {
      try {
        return await this.#inner.acquireConnection();
      } catch (error) {
        if (!isBroken(error)) throw error;
        await wait(PAUSE);
      }
    }
  }
}

/** Milliseconds between two tries to reach a database that is not there. */
const PAUSE = 250;

function real(given: DatabaseConnection): DatabaseConnection {
  return given instanceof Enduring ? given.real : given;
}

/** One connection as it is lent, whatever stands behind it. Each loan is a new one, so it is never used after a transaction. */
class Enduring implements DatabaseConnection {
  real: DatabaseConnection;
  inTransaction = false;
  readonly #driver: EnduringDriver;

  constructor(driver: EnduringDriver, connection: DatabaseConnection) {
    this.#driver = driver;
    this.real = connection;
  }

  async executeQuery<Row>(
    query: CompiledQuery,
    options?: AbortableOperationOptions,
  ): Promise<QueryResult<Row>> {
    for (;;) {
      try {
        return await this.real.executeQuery<Row>(query, options);
      } catch (error) {
        if (this.inTransaction || !isBroken(error)) throw error;
        this.real = await this.#driver.replace(this.real);
      }
    }
  }

  streamQuery<Row>(
    query: CompiledQuery,
    chunkSize: number,
    options?: AbortableOperationOptions,
  ): AsyncIterableIterator<QueryResult<Row>> {
    return this.real.streamQuery<Row>(query, chunkSize, options);
  }
}
