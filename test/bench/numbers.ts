// Samples and what is said of them. Contestants take turns within each round, so that whatever else the machine does
// meets all of them alike; what is compared is medians of the same run.

/** One measurement, in seconds. `cpu` is that of this machine's side, where it was measured. */
export interface Sample {
  readonly seconds: number;
  readonly cpu?: number;
  /** Seconds of what it consists of. */
  readonly parts?: Readonly<Record<string, number>>;
}

export interface Contestant {
  readonly name: string;
  /** How many of the rounds it takes part in; all unless given. */
  readonly rounds?: number;
  readonly run: () => Promise<Sample>;
}

export type Samples = Readonly<Record<string, readonly Sample[]>>;

/** All of them in turn, round after round. */
export async function runRounds(
  contestants: readonly Contestant[],
  rounds: number,
  tell: (line: string) => void,
): Promise<Samples> {
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run, rounds: own = rounds } of contestants) {
      if (round >= own) continue;
      const sample = await run();
      samples.get(name)?.push(sample);
      tell(`  ${name}: ${sample.seconds.toFixed(2)} s`);
    }
  }
  return Object.fromEntries(samples);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

export function medianSeconds(samples: Samples, name: string): number {
  return median((samples[name] ?? []).map(({ seconds }) => seconds));
}

export function medianCpu(samples: Samples, name: string): number {
  return median((samples[name] ?? []).flatMap(({ cpu }) => (cpu === undefined ? [] : [cpu])));
}

/** Of each part by itself: they need not add up to the median of the whole. */
export function medianParts(samples: Samples, name: string): Readonly<Record<string, number>> {
  const all = (samples[name] ?? []).flatMap(({ parts }) => (parts ? [parts] : []));
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    names.map((part) => [part, median(all.map((parts) => parts[part] ?? Number.NaN))]),
  );
}

/** Three digits are more than any of this is worth. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** `share` of the values are at most this, by the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
