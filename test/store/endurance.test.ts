// A database that restarts, crashes or cuts connections under a server: what was asked of the store waits and is answered,
// and nothing is left behind by a connection that broke in the middle.
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
}, 300_000);
afterAll(async () => postgres?.stop());

let store: Store;
beforeEach(async () => {
  store = await open();
});
afterEach(async () => store.close());

async function open(): Promise<Store> {
  const place = { directory: '/nowhere', database: await postgres.fresh() };
  const opened = await openStore(place, { who: 'test', now: () => new Date() });
  if (opened.is === 'locked') throw new Error(`locked by ${opened.by}`);
  return opened.store;
}

const put = (guid: string) => store.deliveries.put({ guid, event: 'push', payload: '{}', group: guid });

/** Writes and reads, as handlers do all the time, until they are told to end; how many there were. */
async function work(goOn: () => boolean): Promise<number> {
  let done = 0;
  for (; goOn(); done += 1) {
    await put(`${done}`);
    const taken = await store.deliveries.take([]);
    expect(taken?.guid).toBe(`${done}`);
    expect(await store.turns.take('key')).toBe(true);
    await store.turns.give('key');
    expect(await store.runs.read('none')).toBeUndefined();
    await store.deliveries.end(`${done}`, null);
  }
  return done;
}

describe('what is asked of the store', () => {
  const troubles: readonly (readonly [string, () => Promise<void>])[] = [
    ['connections are cut', () => postgres.cut()],
    ['the database restarts', () => postgres.restart('fast', 500)],
    ['the database crashes', () => postgres.restart('immediate', 500)],
  ];
  it.each(troubles)('is answered although %s', async (_, trouble) => {
    let going = true;
    const working = work(() => going);
    for (let times = 0; times < 5; times += 1) {
      await wait(100 + times * 37);
      await trouble();
    }
    going = false;
    expect(await working).toBeGreaterThan(0);
    const { deliveries } = await store.count();
    expect([deliveries.get('pending'), deliveries.get('running'), deliveries.get('failed')]).toEqual([
      0, 0, 0,
    ]);
  });

  it('is not waited for by a server that ends', async () => {
    const ending = await open();
    let back = false;
    const restarted = postgres.restart('fast', 8000).then(() => (back = true));
    await wait(1000);
    await expect(ending.close()).rejects.toThrow('could not be reached');
    expect(back).toBe(false);
    await restarted;
  });
});
