// One at a time for each key, on all servers together and here in order of asking; different keys do not wait for each other.
import { setTimeout as wait } from 'node:timers/promises';
import type { SharedTurns } from '../store/turns.ts';

export interface Turns {
  readonly take: <Value>(key: string, work: () => Promise<Value>) => Promise<Value>;
}

export function createTurns(shared: SharedTurns): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    take: async (key, work) => {
      const before = last.get(key) ?? Promise.resolve();
      const mine = before.then(() => takeShared(shared, key, work));
      // A failure is its owner's to see; for who comes next only the end counts.
      const settled = mine.catch(() => undefined);
      last.set(key, settled);
      try {
        return await mine;
      } finally {
        if (last.get(key) === settled) last.delete(key);
      }
    },
  };
}

/** Milliseconds between two looks whether another server has ended its turn. */
const BETWEEN = 250;

async function takeShared<Value>(
  shared: SharedTurns,
  key: string,
  work: () => Promise<Value>,
): Promise<Value> {
  while (!(await shared.take(key))) await wait(BETWEEN);
  try {
    return await work();
  } finally {
    await shared.give(key);
  }
}
