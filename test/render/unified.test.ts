import { expect, test } from 'vitest';
import { renderUnified } from '../../src/render/unified.ts';

const LIMITS = { lines: 100, width: 300 };

test.each([
  ['new', null, 'a\nb\n', ['+a', '+b'], [2, 0]],
  ['gone', 'a\n', null, ['-a'], [0, 1]],
  ['equal', 'a\n', 'a\n', [], [0, 0]],
  ['changed', 'a\nb\n', 'a\nc\n', [' a', '-b', '+c'], [1, 1]],
  ['no newline at the end', 'a', 'a\n', ['-a', '\\ No newline at end of file', '+a'], [1, 1]],
] as const)('%s', (_, before, after, lines, [added, removed]) => {
  expect(renderUnified(before, after, LIMITS)).toEqual({ lines, added, removed });
});

function numbered(n: number, at: ReadonlyMap<number, string> = new Map()): string {
  return Array.from({ length: n }, (_, index) => `${at.get(index) ?? `line ${index}`}\n`).join('');
}

test('places are named where there are several, or when it does not begin at the top', () => {
  const two = renderUnified(
    numbered(30),
    numbered(
      30,
      new Map([
        [2, 'x'],
        [25, 'y'],
      ]),
    ),
    LIMITS,
  );
  expect(two.lines.filter((line) => line.startsWith('@@'))).toEqual(['@@ -1,6 +1,6 @@', '@@ -23,7 +23,7 @@']);
  const late = renderUnified(numbered(30), numbered(30, new Map([[25, 'y']])), LIMITS);
  expect(late.lines[0]).toBe('@@ -23,7 +23,7 @@');
});

test('lines beyond the limit are counted', () => {
  const { lines: shown, added } = renderUnified(null, numbered(12), { lines: 3, width: 80 });
  expect(shown).toEqual(['+line 0', '+line 1', '+line 2', '… 9 more lines']);
  expect(added).toBe(12);
});

test('long lines are shown from where they begin to differ', () => {
  const same = 'a'.repeat(1000);
  const { lines: shown } = renderUnified(`${same}old${same}\n`, `${same}new${same}\n`, LIMITS);
  expect(shown).toHaveLength(2);
  expect(shown[0]).toMatch(/^-\(961 characters the same\)…a{40}olda+… \(\+\d+ characters\)$/);
  expect(shown[1]).toMatch(/^\+\(961 characters the same\)…a{40}newa+… \(\+\d+ characters\)$/);
});

test.each([
  ['differ at once', 'x'.repeat(1000), 'y'.repeat(1000), 2],
  ['have no partner', 'x'.repeat(1000), '', 1],
])('long lines that %s are cut', (_, before, after, n) => {
  const { lines: shown } = renderUnified(`${before}\n`, after === '' ? null : `${after}\n`, LIMITS);
  expect(shown).toHaveLength(n);
  for (const line of shown) expect(line).toMatch(/^[-+][xy]{299}… \(\+701 characters\)$/);
});

test('a long line that stays is cut too', () => {
  const long = 'z'.repeat(500);
  const { lines: shown } = renderUnified(`${long}\na\n`, `${long}\nb\n`, LIMITS);
  expect(shown[0]).toBe(` ${'z'.repeat(299)}… (+201 characters)`);
});

test.each([
  ['too large', 'a\n'.repeat(1_000_001), null, [0, 1_000_001]],
  ['too different', numbered(3000), numbered(3000).replaceAll('line', 'other'), [3000, 3000]],
] as const)('%s is said instead of compared', (_, before, after, [added, removed]) => {
  const unified = renderUnified(before, after, LIMITS);
  expect([unified.added, unified.removed]).toEqual([added, removed]);
  expect(unified.lines).toHaveLength(1);
  expect(unified.lines[0]).toMatch(
    /^too large or too different to compare: [\d,]+ lines before, [\d,]+ lines after$/,
  );
});
