// The ledger: the record, on the host itself, of what was last applied there and by which commit.
// One JSON object a line, appended and synced; the last line about a resource wins.
import { z } from 'zod';
import { sha256 } from './json.ts';
import type { Json } from './json.ts';

const Applied = z.strictObject({
  ref: z.string(),
  stack: z.string(),
  /** Fingerprint of what was wanted. */
  want: z.string(),
  /** What the kind asked to be remembered. */
  last: z.json().optional(),
  /** Whether the resource was made by Ashore or found there; what was found is never deleted by omission. */
  origin: z.enum(['created', 'adopted']),
  commit: z.string(),
  plan: z.string(),
  run: z.string(),
  by: z.string(),
  at: z.string(),
});
const Forgotten = z.strictObject({ ref: z.string(), forgotten: z.string() });
/** Fingerprint of the state that the look after a run found; and of what of it does not follow from what was wanted, where its kind tells that apart. */
const Seen = z.strictObject({
  ref: z.string(),
  seen: z.string(),
  apart: z.record(z.string(), z.string()).optional(),
});
export type Seen = Omit<z.infer<typeof Seen>, 'ref'>;

/**
 * A run changes something of a stack that has checks, and they did not hold yet: written before its first change, and again by a
 * check or a hook after it that failed, with its words.
 */
const Unproven = z.strictObject({
  unproven: z.string(),
  failed: z.string().optional(),
  commit: z.string(),
  plan: z.string(),
  run: z.string(),
  by: z.string(),
  at: z.string(),
});
export type Unproven = z.infer<typeof Unproven>;
/** All checks of a stack held. */
const Proven = z.strictObject({ proven: z.string(), run: z.string() });

export const LedgerLine = z.union([Applied, Forgotten, Seen, Unproven, Proven]);
export type LedgerLine = z.infer<typeof LedgerLine>;
export type LedgerEntry = Omit<z.infer<typeof Applied>, 'last'> & {
  readonly last: Json | undefined;
  readonly seen: string | undefined;
  readonly apart?: Seen['apart'];
  /** Line of the ledger that applied it last, from 0: what was applied after it has a higher one. */
  readonly line: number;
};

export interface Ledger {
  /** SHA-256 of the file's bytes: a run starts only on the ledger it was planned against. */
  readonly digest: string;
  readonly entries: ReadonlyMap<string, LedgerEntry>;
  /** How many it has; far more than entries once much was deployed. */
  readonly lines: number;
  /** Stacks whose checks have not held since the run that is named. */
  readonly unproven: ReadonlyMap<string, Unproven>;
}

/** Reads a ledger. A last line without its newline was cut off by a crash and counts as not written. */
export function parseLedger(bytes: Uint8Array): Ledger | { readonly damaged: string } {
  const text = new TextDecoder().decode(bytes);
  const entries = new Map<string, LedgerEntry>();
  const unproven = new Map<string, Unproven>();
  const lines = text.split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) {
    const parsed = parseLine(line);
    if (!parsed) return { damaged: `line ${index + 1}` };
    applyLine({ entries, unproven }, parsed, index);
  }
  return { digest: sha256(bytes), entries, lines: lines.length, unproven };
}

/** From so many lines on, and so many for each entry, a ledger is long: looks read it all each time. */
const LONG = { lines: 1000, each: 10 };

/** The lines that say the same as a long ledger; undefined where it is not long. */
export function compactLedger({ entries, lines, unproven }: Ledger): readonly LedgerLine[] | undefined {
  if (lines < LONG.lines || lines < LONG.each * entries.size) return undefined;
  const all = [...entries.values()];
  const byLine = all.toSorted((a, b) => a.line - b.line);
  // What was recorded first is taken away last, and what was applied after something else has to come after it: two orders.
  const twice = byLine.every((entry, index) => entry === all[index]) ? all : [...all, ...byLine];
  return [...twice.map(appliedLine), ...all.flatMap(seenLine), ...unproven.values()];
}

export function formatLedgerLine(line: LedgerLine): string {
  return JSON.stringify(line);
}

/** The lines that make an entry what it is. */
export function formatLedgerEntry(entry: LedgerEntry): readonly LedgerLine[] {
  return [appliedLine(entry), ...seenLine(entry)];
}

function appliedLine({ seen: _seen, apart: _apart, line: _line, last, ...applied }: LedgerEntry): LedgerLine {
  return last === undefined ? applied : { ...applied, last };
}

function seenLine({ ref, seen, apart }: LedgerEntry): readonly LedgerLine[] {
  return seen === undefined ? [] : [{ ref, seen, ...(apart ? { apart } : {}) }];
}

function parseLine(line: string): LedgerLine | undefined {
  try {
    const parsed = LedgerLine.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

interface Draft {
  readonly entries: Map<string, LedgerEntry>;
  readonly unproven: Map<string, Unproven>;
}

function applyLine({ entries, unproven }: Draft, line: LedgerLine, index: number): void {
  if ('unproven' in line) {
    unproven.set(line.unproven, line);
    return;
  }
  if ('proven' in line) {
    unproven.delete(line.proven);
    return;
  }
  if ('forgotten' in line) {
    entries.delete(line.ref);
    return;
  }
  if ('seen' in line) {
    const entry = entries.get(line.ref);
    if (entry) entries.set(line.ref, { ...entry, seen: line.seen, apart: line.apart });
    return;
  }
  entries.set(line.ref, { ...line, last: line.last, seen: undefined, line: index });
}
