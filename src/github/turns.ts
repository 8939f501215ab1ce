// One at a time for each key, in order of asking; different keys do not wait for each other.

export interface Turns {
  readonly take: <Value>(key: string, work: () => Promise<Value>) => Promise<Value>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    take: async (key, work) => {
      const before = last.get(key) ?? Promise.resolve();
      const mine = before.then(work, work);
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
