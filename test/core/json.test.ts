// Equal values give equal bytes, and nothing that JSON cannot hold gets a digest.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonical, fingerprint, sha256 } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import { randomFrom } from './random.ts';

describe('canonical JSON', () => {
  it.each([
    [null, 'null'],
    [true, 'true'],
    [0, '0'],
    [-0, '0'],
    [1.5e300, '1.5e+300'],
    ['', '""'],
    ['a "b" \\ \n \u0000 é', '"a \\"b\\" \\\\ \\n \\u0000 é"'],
    // A lone surrogate has no UTF-8 of its own: escaped, two different ones stay different.
    ['\ud800', '"\\ud800"'],
    [[], '[]'],
    [[1, [2, { a: null }]], '[1,[2,{"a":null}]]'],
    [{}, '{}'],
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    [{ b: undefined, a: { d: 1, c: undefined } }, '{"a":{"d":1}}'],
    [{ 10: 'x', 9: 'y', '': 'z' }, '{"":"z","10":"x","9":"y"}'],
    [{ [ASIDE]: 'old bytes', a: 1 }, '{"a":1}'],
    [JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
  ])('of %j is %s', (value, text) => {
    expect(canonical(value)).toBe(text);
  });

  it.each([
    ['undefined', undefined, 'not JSON: undefined'],
    ['undefined in an array', [undefined], 'not JSON: undefined'],
    ['NaN', { a: NaN }, 'not JSON: number'],
    ['Infinity', -Infinity, 'not JSON: number'],
    ['a function', () => 1, 'not JSON: function'],
    ['a symbol', Symbol('a'), 'not JSON: symbol'],
    ['a bigint', 1n, 'not JSON: bigint'],
    ['bytes', new Uint8Array([1]), 'not JSON: object'],
    ['a date', new Date(0), 'not JSON: object'],
    ['a map', new Map([['a', 1]]), 'not JSON: object'],
    ['an object without prototype', Object.create(null), 'not JSON: object'],
  ])('of %s does not exist', (_name, value, message) => {
    expect(() => canonical(value)).toThrow(new TypeError(message));
  });

  it('is JSON of the same value, whatever order the keys come in', () => {
    const random = randomFrom(1);
    for (let round = 0; round < 500; round += 1) {
      const value = randomJson(random, 4);
      expect(JSON.parse(canonical(value))).toEqual(value);
      expect(canonical(shuffled(value, random))).toBe(canonical(value));
    }
  });
});

describe('digests', () => {
  it('are SHA-256 in hexadecimal, of text as UTF-8 or of bytes', () => {
    // FIPS 180-2, appendix B.1.
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256('é')).toBe(sha256(new Uint8Array([0xc3, 0xa9])));
  });

  it('of an absent resource is one that no value has', () => {
    expect(fingerprint(undefined)).toBe('absent');
    const others = [null, 'absent', '', {}, []].map(fingerprint);
    expect(new Set([...others, 'absent']).size).toBe(6);
  });

  it('of a value is that of its canonical JSON', () => {
    const hash = createHash('sha256').update('{"a":1,"b":2}').digest('hex');
    expect(fingerprint({ b: 2, a: 1 })).toBe(hash);
  });

  it('of a large value too, which is hashed in pieces', () => {
    const large = Array.from({ length: 3000 }, (_, n) => ({ n, text: `é${'x'.repeat(n % 200)}` }));
    expect(fingerprint({ large })).toBe(sha256(canonical({ large })));
    expect(fingerprint('x'.repeat(200_000))).toBe(sha256(canonical('x'.repeat(200_000))));
  });
});

type Random = ReturnType<typeof randomFrom>;

function randomJson(random: Random, depth: number): unknown {
  const leaf = [null, true, random.number(1000) / 8, random.text(6)];
  if (depth === 0 || random.number(3) === 0) return random.pick(leaf);
  const members = Array.from({ length: random.number(5) }, () => randomJson(random, depth - 1));
  if (random.number(2) === 0) return members;
  return Object.fromEntries(members.map((member) => [random.text(4), member]));
}

/** The same value, its keys put in again in another order. */
function shuffled(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) return value.map((member) => shuffled(member, random));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => ({ key, member, rank: random.number(1e6) }));
  members.sort((a, b) => a.rank - b.rank);
  return Object.fromEntries(members.map(({ key, member }) => [key, shuffled(member, random)]));
}
