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
/** Fingerprint of the state that the look after a run found. */
const Seen = z.strictObject({ ref: z.string(), seen: z.string() });

export const LedgerLine = z.union([Applied, Forgotten, Seen]);
export type LedgerLine = z.infer<typeof LedgerLine>;
export type LedgerEntry = Omit<z.infer<typeof Applied>, 'last'> & {
  readonly last: Json | undefined;
  readonly seen: string | undefined;
  /** Line of the ledger that applied it last, from 0: what was applied after it has a higher one. */
  readonly line: number;
};

export interface Ledger {
  /** SHA-256 of the file's bytes: a run starts only on the ledger it was planned against. */
  readonly digest: string;
  readonly entries: ReadonlyMap<string, LedgerEntry>;
}

/** Reads a ledger. A last line without its newline was cut off by a crash and counts as not written. */
export function parseLedger(bytes: Uint8Array): Ledger | { readonly damaged: string } {
  const text = new TextDecoder().decode(bytes);
  const entries = new Map<string, LedgerEntry>();
  const lines = text.split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) {
    const parsed = parseLine(line);
    if (!parsed) return { damaged: `line ${index + 1}` };
    applyLine(entries, parsed, index);
  }
  return { digest: sha256(bytes), entries };
}

export function formatLedgerLine(line: LedgerLine): string {
  return JSON.stringify(line);
}

/** The lines that make an entry what it is. */
export function formatLedgerEntry(entry: LedgerEntry): readonly LedgerLine[] {
  const { seen, line: _, last, ...rest } = entry;
  const applied = { ...rest, ...(last === undefined ? {} : { last }) };
  return seen === undefined ? [applied] : [applied, { ref: entry.ref, seen }];
}

function parseLine(line: string): LedgerLine | undefined {
  try {
    const parsed = LedgerLine.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function applyLine(entries: Map<string, LedgerEntry>, line: LedgerLine, index: number): void {
  if ('forgotten' in line) {
    entries.delete(line.ref);
    return;
  }
  if ('seen' in line) {
    const entry = entries.get(line.ref);
    if (entry) entries.set(line.ref, { ...entry, seen: line.seen });
    return;
  }
  entries.set(line.ref, { ...line, last: line.last, seen: undefined, line: index });
}
