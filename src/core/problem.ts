// What is wrong with the configuration, at a file, line and column. Always all of them, never the first only.
import type { ReasonCode } from './reason.ts';

/** A place in a file of the repository: path from its root, line and column from 1. */
export interface Where {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly code: ReasonCode;
  readonly message: string;
  readonly where: Where;
  /** "did you mean", ready to be shown. */
  readonly suggestion?: string;
}

export function formatWhere(where: Where): string {
  return `${where.file}:${where.line}:${where.column}`;
}

/** By file, line, column: the order in which people read. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted(
    (a, b) =>
      a.where.file.localeCompare(b.where.file) ||
      a.where.line - b.where.line ||
      a.where.column - b.where.column,
  );
}

/** The nearest of the known words, when it is near enough to be a slip: at most two edits, or a third of the word. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.min(2, Math.floor(word.length / 3)));
  const near = known
    // No nearer than their lengths, which is all that is asked of a word that is far too long.
    .filter((candidate) => Math.abs(candidate.length - word.length) <= limit)
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter((entry) => entry.distance <= limit)
    .toSorted((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

/** Levenshtein distance with neighbouring swaps counted as one edit (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      }
      next.push(best);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
