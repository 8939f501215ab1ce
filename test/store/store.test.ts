// The store on real files: what it has acknowledged outlives kill -9, and no two processes share it.
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import type { Store } from '../../src/store/store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ashore-store-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function open(who = 'test'): Store {
  const opened = openStore(directory, { who, now: () => new Date() });
  if (opened.is === 'locked') throw new Error(`locked by ${opened.by}`);
  return opened.store;
}

function startWriter(...more: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  const argv = [fileURLToPath(import.meta.resolve('./writer.ts')), directory, ...more];
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

describe('what was acknowledged', () => {
  it('is there after kill -9 in the middle of writing', async () => {
    const child = startWriter();
    const kept = await readLines(child, 60);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = open();
    const known = await store.deliveries.known(kept);
    expect(kept.length).toBeGreaterThanOrEqual(60);
    expect([...known].toSorted()).toEqual(kept.toSorted());
    await store.close();
  });

  it('is there after an orderly end', async () => {
    const first = open();
    await first.posts.keepSticky('acme/infra', 7, {
      comment: 12,
      history: [{ digest: 'd', at: 'a', note: 'n' }],
    });
    await first.close();
    const second = open();
    expect(await second.posts.readSticky('acme/infra', 7)).toEqual({
      comment: 12,
      history: [{ digest: 'd', at: 'a', note: 'n' }],
    });
    await second.close();
  });
});

describe('a second process', () => {
  it('is refused and told who is there', async () => {
    const store = open('the first one');
    const child = startWriter();
    expect(await readLines(child, 1)).toEqual(['locked by the first one']);
    await store.close();
  });

  it('gets in when the first was killed', async () => {
    const child = startWriter('lock');
    expect(await readLines(child, 1)).toEqual(['open']);
    expect(openStore(directory, { who: 'second', now: () => new Date() })).toEqual({
      is: 'locked',
      by: `writer ${child.pid}`,
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await open().close();
  });

  it('gets in when the first has closed', async () => {
    await open('first').close();
    await open('second').close();
  });
});

describe('the file', () => {
  it('of a newer Ashore is left alone', async () => {
    await open().close();
    const raw = new DatabaseSync(join(directory, 'ashore.db'));
    raw.exec('pragma user_version = 99');
    raw.close();
    for (const _ of [1, 2]) expect(() => open()).toThrow(/newer Ashore \(version 99/);
    const again = new DatabaseSync(join(directory, 'ashore.db'));
    expect(again.prepare('pragma user_version').get()).toEqual({ user_version: 99 });
    again.close();
  });
});
