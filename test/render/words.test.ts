import { expect, test } from 'vitest';
import { causeWords, count, duration, list, shortCommit, time } from '../../src/render/words.ts';

test.each([
  [1, 'host', '1 host'],
  [0, 'host', '0 hosts'],
  [12_345, 'host', '12,345 hosts'],
  [2, 'entry', '2 entries'],
])('count %i %s', (n, noun, words) => {
  expect(count(n, noun)).toBe(words);
});

test('list', () => {
  expect(list([], 2)).toBe('');
  expect(list(['a', 'b'], 2)).toBe('a, b');
  expect(list(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more');
});

test.each([
  ['2026-11-22T14:02:11.482Z', '2026-11-22 14:02:11 UTC'],
  ['2026-11-22T14:02:11Z', '2026-11-22 14:02:11 UTC'],
  ['yesterday', 'yesterday'],
])('time %s', (iso, words) => {
  expect(time(iso)).toBe(words);
});

test.each([
  [0.04, '0 s'],
  [1.26, '1.3 s'],
  [59.94, '59.9 s'],
  [59.97, '1 min 0 s'],
  [125.9, '2 min 6 s'],
])('duration %d', (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

test('a commit is short where it is a hash', () => {
  expect(shortCommit('a'.repeat(40))).toBe('aaaaaaa');
  expect(shortCommit('working-tree')).toBe('working-tree');
});

test('causes', () => {
  const words = (['this-change', 'drift', 'undeployed'] as const).map((cause) =>
    causeWords(cause, 'this pull request'),
  );
  expect(words).toEqual(['this pull request', 'drift', 'merged but never deployed']);
});
