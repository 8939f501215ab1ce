// Whether a resource is found otherwise than after the last deploy, and what is kept for telling that. Pure.
// A State may follow from what is wanted as well: what an update would bring is found only where one is wanted. So the whole is
// compared under the same declaration only, and under another what the kind says to stand apart from it.
import { canonical, fingerprint } from '../core/json.ts';
import type { AnyKind } from '../core/kind.ts';
import type { LedgerEntry, Seen } from '../core/ledger.ts';

/** What the ledger keeps of what was found. */
export function seenOf(kind: AnyKind | undefined, have: unknown): Seen {
  const apart = kind?.apart?.(have);
  const marks =
    apart &&
    Object.entries(apart).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, markOf(value)] as const],
    );
  return { seen: fingerprint(have), ...(marks ? { apart: Object.fromEntries(marks) } : {}) };
}

/** Enough to tell two values from each other; a ledger is read in each look. */
function markOf(value: unknown): string {
  return fingerprint(value).slice(0, 16);
}

export function isSeenSame(entry: LedgerEntry, { seen, apart }: Seen): boolean {
  return entry.seen === seen && canonical(entry.apart ?? null) === canonical(apart ?? null);
}

/** `wanted`: fingerprint of what is declared now. What was recorded without its members, by an older version, moves nothing until it is looked at after the next deploy. */
export function hasMoved(
  kind: AnyKind,
  entry: LedgerEntry | undefined,
  { wanted, have }: { readonly wanted: string; readonly have: unknown },
): boolean {
  if (entry?.seen === undefined) return false;
  const now = seenOf(kind, have);
  if (entry.want === wanted || !now.apart) return entry.seen !== now.seen;
  const before = entry.apart ?? {};
  return Object.entries(now.apart).some(([name, mark]) => (before[name] ?? mark) !== mark);
}
