// How often each thing that must be true was looked at, and where it was not so.

export interface Tally {
  /** One look at one thing. `key` names it, so that what is looked at again counts once; a lie stays one. */
  check(truth: string, key: string | number, lie: string | undefined): void;
  readonly lies: readonly string[];
  /** What must be true, looked at so many times, and so often true. */
  rows(): readonly (readonly [truth: string, held: number, looked: number])[];
}

export function createTally(): Tally {
  const looked = new Map<string, Map<string | number, boolean>>();
  const lies: string[] = [];
  return {
    lies,
    check: (truth, key, lie) => {
      const known = looked.get(truth) ?? new Map<string | number, boolean>();
      looked.set(truth, known);
      if (lie !== undefined && known.get(key) !== false) lies.push(lie);
      known.set(key, lie === undefined && known.get(key) !== false);
    },
    rows: () =>
      [...looked].map(([truth, keys]) => {
        return [truth, [...keys.values()].filter(Boolean).length, keys.size] as const;
      }),
  };
}
