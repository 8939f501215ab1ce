import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { prove } from '../../src/formats/proof.ts';

interface Row {
  readonly name: string;
  readonly want: Json;
  readonly got: unknown;
  readonly problem?: string;
}

const ROWS: readonly Row[] = [
  { name: 'the same', want: { a: [1, { b: null }] }, got: { a: [1, { b: null }] } },
  { name: 'the same in another order', want: { a: 1, b: 2 }, got: { b: 2, a: 1 } },
  { name: 'the same without a prototype', want: { a: 1 }, got: Object.assign(Object.create(null), { a: 1 }) },
  { name: 'zero and minus zero', want: 0, got: -0 },
  { name: 'another whole', want: 1, got: '1', problem: 'the value: 1 would be read back as "1"' },
  {
    name: 'another member',
    want: { a: [0, { b: 1 }] },
    got: { a: [0, { b: 2 }] },
    problem: 'a[1].b: 1 would be read back as 2',
  },
  { name: 'a member lost', want: { a: null }, got: {}, problem: 'a: null would be read back as nothing' },
  {
    name: 'a member more',
    want: {},
    got: { a: {} },
    problem: 'a: nothing would be read back as an empty map',
  },
  {
    name: 'a shorter list',
    want: [1, 2],
    got: [1],
    problem: 'the value: a list of 2 would be read back as a list of 1',
  },
  {
    name: 'a list for a map',
    want: { a: { b: 1 } },
    got: { a: [] },
    problem: 'a: a map would be read back as an empty list',
  },
  {
    name: 'a date',
    want: '2024-01-01',
    got: new Date('2024-01-01'),
    problem: 'the value: "2024-01-01" would be read back as "2024-01-01T00:00:00.000Z"',
  },
  {
    name: 'what only the prototype has',
    want: { constructor: 1 },
    got: {},
    problem: 'constructor: 1 would be read back as nothing',
  },
];

describe('prove', () => {
  it.each(ROWS)('$name', ({ want, got, problem }) => {
    expect(prove('text', want, () => got)).toEqual(problem === undefined ? 'text' : { problem });
  });

  it.each([
    { thrown: new Error('no colon'), problem: 'it could not be read back: no colon' },
    { thrown: 'no colon', problem: 'it could not be read back: no colon' },
  ])('tells why it cannot be read: $thrown', ({ thrown, problem }) => {
    const parse = () => {
      throw thrown;
    };
    expect(prove('text', 1, parse)).toEqual({ problem });
  });

  it('reads what a host would read', () => {
    expect(prove('\ud800', '\ud800', (text) => text)).toEqual({
      problem: 'the value: "\\ud800" would be read back as "\ufffd"',
    });
  });
});
