// A text before and after as unified lines. Always ends: what is too large or too different is said instead of compared.
import { structuredPatch } from 'diff';
import { clip } from './escape.ts';
import { count } from './words.ts';

export interface Unified {
  readonly lines: readonly string[];
  readonly added: number;
  readonly removed: number;
}

export interface Limits {
  readonly lines: number;
  /** Characters of one line. */
  readonly width: number;
}

/** Characters on both sides together beyond which nothing is compared. */
const LARGEST = 2_000_000;

/** Unified lines; those beyond the limit are counted in a last line. */
export function renderUnified(before: string | null, after: string | null, limits: Limits): Unified {
  const compared = compare(before ?? '', after ?? '');
  if (!compared) return tooDifferent(before ?? '', after ?? '');
  const lines = narrow(compared, limits.width);
  const cut = lines.length > limits.lines;
  return {
    lines: cut
      ? [...lines.slice(0, limits.lines), `… ${count(lines.length - limits.lines, 'more line')}`]
      : lines,
    added: compared.filter((line) => line.startsWith('+')).length,
    removed: compared.filter((line) => line.startsWith('-')).length,
  };
}

function compare(before: string, after: string): readonly string[] | undefined {
  if (before.length + after.length > LARGEST) return undefined;
  const patch = structuredPatch('', '', before, after, '', '', {
    context: 3,
    maxEditLength: 2000,
    timeout: 2000,
  });
  return patch?.hunks.flatMap((hunk) => [
    ...(patch.hunks.length > 1 || hunk.oldStart > 1
      ? [`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`]
      : []),
    ...hunk.lines,
  ]);
}

function tooDifferent(before: string, after: string): Unified {
  const removed = lineCount(before);
  const added = lineCount(after);
  const text = `too large or too different to compare: ${count(removed, 'line')} before, ${count(added, 'line')} after`;
  return { lines: [text], added, removed };
}

function lineCount(text: string): number {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
}

/** Cuts long lines; a long line and the one that replaces it are shown from where they begin to differ. */
function narrow(lines: readonly string[], width: number): readonly string[] {
  return lines.map((line, index) => {
    if (line.length <= width) return line;
    const other = line.startsWith('-') ? lines[index + 1] : lines[index - 1];
    const start = other === undefined ? 0 : commonStart(line, other) - 40;
    if (start < 100) return clip(line, width);
    return `${line.slice(0, 1)}(${count(start, 'character')} the same)…${clip(line.slice(start), width - 60)}`;
  });
}

/** Length of what a removed and an added line have in common at their start; 0 for any other pair. */
function commonStart(a: string, b: string): number {
  if (![a, b].some((line) => line.startsWith('-')) || ![a, b].some((line) => line.startsWith('+'))) return 0;
  let index = 1;
  while (index < a.length && index < b.length && a[index] === b[index]) index++;
  return index;
}
