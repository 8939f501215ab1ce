import { expect, test } from 'vitest';
import { block, byteSize, fit, keepWhole } from '../../src/render/fit.ts';
import type { Body, Part } from '../../src/render/fit.ts';

const size = (text: string): number => text.length;

function part(rank: number, brief: string, full: string): Part {
  return { rank, brief, full: () => full };
}

function body(rank: number, ...parts: readonly Part[]): Body {
  return { rank, open: '<', parts, close: '>' };
}

test('all of it where there is room, in the order given', () => {
  const bodies = [
    block(9, 'head'),
    body(0, part(0, 'a', 'AAA'), part(2, 'b', 'BBB')),
    block(9, ''),
    block(0, 'tail'),
  ];
  expect(fit(bodies, 1000, size)).toEqual({
    text: 'head\n\n<\n\nAAA\n\nBBB\n\n>\n\ntail',
    bodies: 0,
    parts: 0,
  });
});

test.each([
  [100, '<\n\nAAAAA\n\nBBBBB\n\n>', 0, 0],
  [19, '<\n\na\n\nBBBBB\n\n>', 0, 1],
  [12, '<\n\na\n\nb\n\n>', 0, 2],
  [11, '', 1, 0],
])('what fits into %i: the important parts in full', (limit, text, bodies, parts) => {
  const fitted = fit([body(1, part(1, 'a', 'AAAAA'), part(2, 'b', 'BBBBB'))], limit, size);
  expect(fitted).toEqual({ text, bodies, parts });
  expect(fitted.text.length).toBeLessThanOrEqual(limit);
});

test('a body that is too large makes no other go', () => {
  const fitted = fit([block(9, 'x'.repeat(50)), block(1, 'small')], 20, size);
  expect(fitted).toEqual({ text: 'small', bodies: 1, parts: 0 });
});

test('a part without a brief form takes no place until it is there', () => {
  const bodies = [block(9, 'head'), { rank: 0, open: '', parts: [part(0, '', 'names')], close: '' }];
  expect(fit(bodies, 100, size).text).toBe('head\n\nnames');
  expect(fit(bodies, 10, size)).toEqual({ text: 'head', bodies: 0, parts: 1 });
});

test('after many misses the rest is not rendered', () => {
  let rendered = 0;
  const parts = Array.from({ length: 500 }, () => {
    return { rank: 1, brief: 'a', full: () => 'x'.repeat((rendered += 1) * 100_000) };
  });
  expect(fit([body(1, ...parts)], 5000, size).parts).toBe(500);
  expect(rendered).toBe(51);
});

test('bytes', () => {
  expect(byteSize('aé日👧')).toBe(1 + 2 + 3 + 4);
});

test('lines are kept whole, from the first on', () => {
  expect(keepWhole(['aa', 'bb', 'cc'], 9)).toEqual(['aa', 'bb', 'cc']);
  expect(keepWhole(['aa', 'bb', 'cc'], 8)).toEqual(['aa', 'bb']);
  expect(keepWhole(['aaaa', 'b'], 3)).toEqual([]);
});
