// The store on both databases, for the same tests: each time with nothing in it, and a clock that the test sets.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import type { Store, StorePlace } from '../../src/store/store.ts';
import { ask, startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';

/** One store, as a place that can be opened, closed and opened again. */
export interface Ground {
  readonly place: StorePlace;
  /** Only one at a time can be open on the embedded database. */
  open(options?: { readonly who?: string; readonly lease?: number }): Promise<Store>;
  /** From now on the database's clock stands at this time. */
  setClock(time: Date): Promise<void>;
  clean(): Promise<void>;
}

export interface Kind {
  readonly name: 'embedded' | 'PostgreSQL';
  readonly ground: () => Promise<Ground>;
}

/** Describes the same on both. */
export function onBoth(describeIt: (kind: Kind) => void): void {
  describe('embedded', () => describeIt({ name: 'embedded', ground: embedded }));
  describe('PostgreSQL', () => describeIt(onPostgres()));
}

/** PostgreSQL alone: several servers. */
export function onPostgres(): Kind {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 300_000);
  afterAll(async () => postgres?.stop());
  return { name: 'PostgreSQL', ground: async () => shared(await postgres.fresh()) };
}

async function embedded(): Promise<Ground> {
  const directory = mkdtempSync(join(tmpdir(), 'ashore-store-'));
  let now: Date | undefined;
  const place = { directory };
  return {
    place,
    open: ({ who = 'test', lease } = {}) =>
      open(place, { who, now: () => now ?? new Date(), ...(lease === undefined ? {} : { lease }) }),
    setClock: async (time) => {
      now = time;
    },
    clean: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function shared(database: string): Promise<Ground> {
  const place = { directory: '/nowhere', database };
  return {
    place,
    open: ({ who = 'test', lease } = {}) =>
      open(place, { who, now: () => new Date(0), ...(lease === undefined ? {} : { lease }) }),
    setClock: async (time) => {
      const at = `timestamptz '${time.toISOString()}' + milliseconds * interval '1 millisecond'`;
      const form = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;
      await ask(
        database,
        `create or replace function ashore_time(milliseconds integer) returns text language sql volatile
         as $$ select to_char((${at}) at time zone 'UTC', ${form}) $$`,
      );
    },
    clean: async () => undefined,
  };
}

async function open(place: StorePlace, options: Parameters<typeof openStore>[1]): Promise<Store> {
  const opened = await openStore(place, options);
  if (opened.is === 'locked') throw new Error(`locked by ${opened.by}`);
  return opened.store;
}
