// Several servers on one PostgreSQL: what one holds no other has, and what one that is gone has held is another's, for good.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fenced } from '../../src/store/membership.ts';
import type { NewRun } from '../../src/store/runs.ts';
import type { Store } from '../../src/store/store.ts';
import { ask } from '../support/postgres.ts';
import { onPostgres } from './databases.ts';
import type { Ground } from './databases.ts';

const kind = onPostgres();
let ground: Ground;
let one: Store;
let two: Store;
beforeEach(async () => {
  ground = await kind.ground();
  // Both find an empty database, and one of them makes the tables.
  [one, two] = await Promise.all([ground.open({ who: 'one' }), ground.open({ who: 'two' })]);
});
afterEach(async () => {
  await Promise.all([one.close(), two.close()]);
});

const put = (guid: string, group = 'g') => one.deliveries.put({ guid, event: 'push', payload: '{}', group });
const LOST = { is: 'lost' as const, reason: { code: 'BUG' as const, message: 'gone' } };

function run(id: string, hosts: readonly string[]): NewRun {
  const shared = { repo: 'acme/infra', installation: 3, pull: 7, commit: 'c1', by: 'ada', plan: 'aa' };
  return { id, ...shared, request: { via: 'comment' }, hosts };
}

/** `one` has been silent for longer than its lease, and `two` says that it lives. */
async function outlive(): Promise<void> {
  await ground.setClock(new Date(Date.now() + 31_000));
  expect(await two.beat()).toHaveLength(1);
}

describe('deliveries', () => {
  it('are each handled by one server, in order within their group', async () => {
    for (let index = 0; index < 60; index++) await put(`${index}`, `g${index % 4}`);
    const handled: string[] = [];
    const running = new Set<string>();
    const work = async (store: Store): Promise<void> => {
      for (let idle = 0; idle < 20;) {
        const delivery = await store.deliveries.take();
        if (!delivery) {
          idle++;
          await wait(5);
          continue;
        }
        expect(running.has(delivery.group)).toBe(false);
        running.add(delivery.group);
        await wait(2);
        running.delete(delivery.group);
        handled.push(delivery.guid);
        expect(await store.deliveries.end(delivery.guid, null)).toBe(true);
      }
    };
    await Promise.all([work(one), work(two), work(one), work(two)]);
    expect(handled.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 60 }, (_, index) => `${index}`),
    );
    for (const group of [0, 1, 2, 3]) {
      const order = handled.map(Number).filter((index) => index % 4 === group);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
  });

  it('are given again where their taking was not answered, and to nobody else', async () => {
    await put('1');
    await one.deliveries.take([]);
    expect(await two.deliveries.take([])).toBeUndefined();
    expect(await one.deliveries.take(['1'])).toBeUndefined();
    expect(await one.deliveries.take([])).toMatchObject({ guid: '1', attempts: 1 });
    expect(await one.deliveries.end('1', null)).toBe(true);
    expect(await one.deliveries.take([])).toBeUndefined();
  });

  it('stay with a server that lives', async () => {
    await put('1');
    await one.deliveries.take();
    await one.beat();
    expect(await two.beat()).toEqual([]);
    expect(await two.deliveries.recover()).toEqual({ again: 0, lost: 0 });
    expect(await two.deliveries.take()).toBeUndefined();
    expect(await two.deliveries.end('1', null)).toBe(false);
  });
});

describe('a server that was silent for too long', () => {
  it('has lost what it held, and can write nothing of it any more', async () => {
    await put('1');
    await one.deliveries.take();
    await one.runs.start(run('r1', ['web1']));
    await outlive();
    expect(await two.deliveries.recover()).toEqual({ again: 1, lost: 0 });
    expect(await two.deliveries.take()).toMatchObject({ guid: '1', attempts: 2 });
    expect(await two.runs.claim('r1')).toMatchObject({ is: 'mine' });
    const plan = {
      format: 1,
      digest: 'aa',
      commit: 'c',
      config: 'x',
      at: 'a',
      stacks: [],
      hosts: [],
    } as const;
    const check = { repo: 'r', id: 1, name: 'n', commit: 'c', pull: 7, subject: null };
    const stale: readonly (() => Promise<unknown>)[] = [
      () => one.beat(),
      () => one.deliveries.end('1', null),
      () => one.deliveries.take(),
      () => one.deliveries.recover(),
      () => one.plans.put({ repo: 'r', pull: 7 }, { ...plan, stacks: [], hosts: [] }),
      () => one.plans.supersede({ repo: 'r', pull: 7 }, null),
      () => one.posts.keepCheck(check),
      () => one.posts.keepSticky('r', 7, { comment: 1, body: null, history: [] }),
      () => one.runs.start(run('r2', ['web2'])),
      () => one.runs.claim('r1'),
      () => one.runs.keepPosts('r1', { begun: true, deployments: [] }),
      () => one.runs.end('r1', LOST),
      () => one.runs.tell('r1'),
      () => one.turns.take('key'),
    ];
    for (const write of stale) await expect(write()).rejects.toThrow(Fenced);
    expect(await two.runs.read('r1')).toMatchObject({ ended: null, posts: { begun: false } });
    expect(await two.deliveries.end('1', null)).toBe(true);
  });

  it('takes nothing along when it ends after that', async () => {
    await put('1');
    await one.deliveries.take();
    await outlive();
    await two.deliveries.recover();
    await two.deliveries.take();
    await one.close();
    expect(await two.deliveries.end('1', null)).toBe(true);
    one = await ground.open({ who: 'one again' });
  });

  it('is one that was stopped, too, and finds out when it goes on', async () => {
    await put('1');
    const argv = [fileURLToPath(import.meta.resolve('./writer.ts')), JSON.stringify(ground.place), 'take'];
    const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('1');
    child.kill('SIGSTOP');
    let taken = await two.deliveries.take();
    while (!taken) {
      await wait(200);
      await two.beat();
      await two.deliveries.recover();
      taken = await two.deliveries.take();
    }
    expect(taken).toMatchObject({ guid: '1', attempts: 2 });
    child.kill('SIGCONT');
    child.stdin.write('go on\n');
    expect((await lines.next()).value).toMatch(/^Fenced: /);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(await two.deliveries.end('1', null)).toBe(true);
  });
});

describe('runs', () => {
  it('are followed by one server, and by the next when that is gone', async () => {
    await one.runs.start(run('r1', ['web1']));
    expect(await two.runs.claim('r1')).toEqual({ is: 'elsewhere' });
    expect(await two.runs.untold()).toEqual([]);
    await expect(two.runs.end('r1', LOST)).rejects.toThrow(/not followed here/);
    await outlive();
    expect((await two.runs.untold()).map(({ id }) => id)).toEqual(['r1']);
    expect(await two.runs.claim('r1')).toMatchObject({ is: 'mine' });
    expect(await two.runs.start(run('r2', ['web1']))).toMatchObject({ is: 'busy' });
    await two.runs.end('r1', LOST);
    await two.runs.tell('r1');
    expect(await two.runs.claim('r1')).toEqual({ is: 'over' });
    expect(await two.runs.start(run('r3', ['web1']))).toEqual({ is: 'started' });
  });

  it('are handed over by a server that ends', async () => {
    await one.runs.start(run('r1', ['web1']));
    await one.close();
    expect((await two.runs.untold()).map(({ id }) => id)).toEqual(['r1']);
    expect(await two.runs.claim('r1')).toMatchObject({ is: 'mine' });
    one = await ground.open({ who: 'one again' });
  });

  it('never hold one host at once, whoever is first', async () => {
    for (let round = 0; round < 10; round++) {
      const hosts = ['a', 'b', 'c'].map((name) => `${name}${round}`);
      const [left, right] = await Promise.all([
        one.runs.start(run(`left-${round}`, hosts)),
        two.runs.start(run(`right-${round}`, hosts.toReversed())),
      ]);
      expect([left.is, right.is].toSorted()).toEqual(['busy', 'started']);
    }
  });
});

describe('connections', () => {
  it('that are cut, in a transaction too, are replaced, and nobody hears of it', async () => {
    const { database = '' } = ground.place;
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ashore'`;
    for (let round = 0; round < 20; round++) {
      const taking = [one, two].map((store) => store.turns.take(`key-${round}`));
      await ask(database, cut);
      expect((await Promise.all(taking)).filter(Boolean)).toHaveLength(1);
    }
    expect(await put('1')).toBe('new');
    await one.ensure();
    expect((await two.deliveries.take())?.guid).toBe('1');
  });
});

describe('turns', () => {
  it('are taken by one server, until it gives them back or is gone', async () => {
    expect([await one.turns.take('key'), await two.turns.take('key')]).toEqual([true, false]);
    expect(await two.turns.take('other')).toBe(true);
    await two.turns.give('key');
    expect(await two.turns.take('key')).toBe(false);
    await one.turns.give('key');
    expect([await two.turns.take('key'), await one.turns.take('key')]).toEqual([true, false]);
    await two.turns.give('key');
    await one.turns.take('key');
    await outlive();
    expect(await two.turns.take('key')).toBe(true);
  });
});
