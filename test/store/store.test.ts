// The store as a whole: what it has acknowledged outlives kill -9, an older Ashore leaves a newer store alone, and the
// embedded one is shared by nobody.
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import type { StorePlace } from '../../src/store/store.ts';
import { ask } from '../support/postgres.ts';
import { onBoth } from './databases.ts';
import type { Ground } from './databases.ts';

function startWriter(
  place: StorePlace,
  ...more: readonly string[]
): ChildProcessByStdio<null, Readable, null> {
  const argv = [fileURLToPath(import.meta.resolve('./writer.ts')), JSON.stringify(place), ...more];
  return spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** What a child printed, in whole lines, once it has printed that many or has ended. */
async function readLines(
  child: ChildProcessByStdio<null, Readable, null>,
  enough: number,
): Promise<string[]> {
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.split('\n').length > enough) break;
  }
  return text.split('\n').slice(0, -1);
}

/** A next server takes up what is left, as soon as the former one counts as gone. */
async function recover(ground: Ground): Promise<{ readonly again: number; readonly lost: number }> {
  const store = await ground.open({ lease: 3000 });
  try {
    for (;;) {
      const found = await store.deliveries.recover();
      if (found.again + found.lost > 0) return found;
      await wait(200);
      await store.beat();
    }
  } finally {
    await store.close();
  }
}

async function setVersion({ directory, database }: StorePlace, version: number): Promise<void> {
  if (database !== undefined) {
    await ask(database, `update ashore_version set version = ${version}`);
    return;
  }
  const raw = new DatabaseSync(join(directory, 'ashore.db'));
  raw.exec(`pragma user_version = ${version}`);
  raw.close();
}

async function change({ directory, database }: StorePlace, sql: string): Promise<void> {
  if (database !== undefined) {
    await ask(database, sql);
    return;
  }
  const raw = new DatabaseSync(join(directory, 'ashore.db'));
  raw.exec(sql);
  raw.close();
}

/** The version of a store that did not keep yet who was told of what failed. */
const BEFORE_TOLD = 12;

async function readVersion({ directory, database }: StorePlace): Promise<unknown> {
  if (database !== undefined) return (await ask(database, 'select version from ashore_version'))[0];
  const raw = new DatabaseSync(join(directory, 'ashore.db'));
  const version = raw.prepare('pragma user_version').get();
  raw.close();
  return version;
}

onBoth(({ name, ground: makeGround }) => {
  let ground: Ground;
  beforeEach(async () => {
    ground = await makeGround();
  });
  afterEach(async () => {
    await ground.clean();
  });

  describe('what was acknowledged', () => {
    it('is there after kill -9 in the middle of writing', async () => {
      const child = startWriter(ground.place);
      const kept = await readLines(child, 60);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const store = await ground.open();
      const known = await store.deliveries.known(kept);
      expect(kept.length).toBeGreaterThanOrEqual(60);
      expect([...known].toSorted()).toEqual(kept.toSorted());
      await store.close();
    });

    it('is there after an orderly end', async () => {
      const first = await ground.open();
      const sticky = {
        comment: 5_000_000_000,
        body: 'shown',
        history: [{ digest: 'd', at: 'a', note: 'n' }],
      };
      await first.posts.keepSticky('acme/infra', 7, sticky);
      await first.close();
      const second = await ground.open();
      expect(await second.posts.readSticky('acme/infra', 7)).toEqual(sticky);
      await second.close();
    });
  });

  describe('a store of a newer Ashore', () => {
    it('is left alone', async () => {
      await (await ground.open()).close();
      await setVersion(ground.place, 99);
      for (const _ of [1, 2]) await expect(ground.open()).rejects.toThrow(/newer Ashore \(version 99/);
      expect(Object.values((await readVersion(ground.place)) ?? {})).toEqual([99]);
    });
  });

  describe('the end of a server', () => {
    it('leaves what was under way to the next one, as if it had not begun', async () => {
      const first = await ground.open();
      await first.deliveries.put({ guid: 'guid-1', event: 'push', payload: '{}', group: 'g' });
      await first.deliveries.take();
      await first.turns.take('key');
      await first.close();
      const second = await ground.open();
      expect(await second.deliveries.take()).toMatchObject({ guid: 'guid-1', attempts: 1 });
      expect(await second.turns.take('key')).toBe(true);
      await second.close();
    });
  });

  describe('a delivery', () => {
    const readUntold = async (): Promise<readonly string[]> => {
      const store = await ground.open({ lease: 3000 });
      const untold = await store.deliveries.untold(10);
      await store.close();
      return untold.map(({ guid }) => guid);
    };

    it('whose server was killed is tried again, twenty times at the most, and then has failed until it is sent again', async () => {
      const put = async (): Promise<string> => {
        const store = await ground.open({ lease: 3000 });
        const was = await store.deliveries.put({ guid: 'g-1', event: 'push', payload: '{}', group: 'g' });
        await store.close();
        return was;
      };
      await put();
      const recovered = [];
      for (const before of [0, 17, 19]) {
        await change(ground.place, `update deliveries set attempts = ${before}`);
        const child = startWriter(ground.place, 'take');
        expect(await readLines(child, 1)).toEqual(['g-1']);
        child.kill('SIGKILL');
        await once(child, 'exit');
        recovered.push(await recover(ground));
      }
      expect(recovered).toEqual([
        { again: 1, lost: 0 },
        { again: 1, lost: 0 },
        { again: 0, lost: 1 },
      ]);
      expect(await readUntold()).toEqual(['g-1']);
      expect(await put()).toBe('again');
      expect(await readUntold()).toEqual([]);
    });

    it('that failed before it was kept who was told is left alone', async () => {
      const store = await ground.open();
      await store.deliveries.put({ guid: 'g-1', event: 'push', payload: '{}', group: 'g' });
      await store.deliveries.take();
      await store.deliveries.end('g-1', 'it broke');
      await store.close();
      expect(await readUntold()).toEqual(['g-1']);
      await change(ground.place, 'drop index deliveries_untold');
      await change(ground.place, 'alter table deliveries drop column told');
      // What came after it.
      await change(ground.place, 'alter table deliveries drop column cancel_by');
      await change(ground.place, 'drop table answers');
      await change(ground.place, 'drop table asked_checks');
      await setVersion(ground.place, BEFORE_TOLD);
      expect(await readUntold()).toEqual([]);
    });
  });

  if (name === 'embedded') {
    describe('a second process', () => {
      it('is refused and told who is there', async () => {
        const store = await ground.open({ who: 'the first one' });
        const child = startWriter(ground.place);
        expect(await readLines(child, 1)).toEqual(['locked by the first one']);
        await store.close();
      });

      it('gets in when the first was killed', async () => {
        const child = startWriter(ground.place, 'lock');
        expect(await readLines(child, 1)).toEqual(['open']);
        expect(await openStore(ground.place, { who: 'second', now: () => new Date() })).toEqual({
          is: 'locked',
          by: `writer ${child.pid}`,
        });
        child.kill('SIGKILL');
        await once(child, 'exit');
        await (await ground.open()).close();
      });
    });
  }
});
