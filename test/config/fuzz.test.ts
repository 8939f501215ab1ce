// Random damage to the example fleet: whatever the bytes are, there is a config or there are problems, each at a place.
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { kinds } from '../../src/kinds/index.ts';
import { exampleFiles } from './fleet.ts';

const SEEDS = 400;
const SPLINTERS = [
  '${',
  '}',
  '$${',
  '*a',
  '&a ',
  '<<: ',
  '- ',
  ': ',
  '\t',
  '"',
  "'",
  '|',
  '>',
  '!!str ',
  '{',
  '[',
  ']',
  '#',
  '~',
  '%',
  '0640',
  '\0',
  '\uFEFF',
  '---\n',
  '...\n',
  '__proto__',
  'é',
  '@',
  'all',
  '? ',
];

/** mulberry32, so that a failure can be had again from its seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function damage(text: string, next: () => number): string {
  const at = Math.floor(next() * text.length);
  const length = Math.floor(next() * 12);
  const splinter = SPLINTERS[Math.floor(next() * SPLINTERS.length)] ?? '';
  switch (Math.floor(next() * 4)) {
    case 0:
      return text.slice(0, at) + splinter + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + splinter + text.slice(at + length);
    default: {
      const lines = text.split('\n');
      const [line = ''] = lines.splice(Math.floor(next() * lines.length), 1);
      lines.splice(Math.floor(next() * lines.length), 0, line);
      return lines.join('\n');
    }
  }
}

describe('damage', () => {
  const whole = exampleFiles();
  const names = [...whole.keys()].filter((path) => path.endsWith('.yml'));

  it('gives a config or problems, and never throws', () => {
    let broken = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const next = random(seed);
      const name = names[Math.floor(next() * names.length)] ?? '';
      let text = new TextDecoder().decode(whole.get(name));
      for (let times = 1 + Math.floor(next() * 4); times > 0; times--) text = damage(text, next);
      const parsed = parseConfig(new Map([...whole, [name, new TextEncoder().encode(text)]]), kinds);
      if ('config' in parsed) continue;
      broken++;
      expect(parsed.problems.length, `seed ${seed}`).toBeGreaterThan(0);
      for (const { where, message } of parsed.problems) {
        expect(where.line, `seed ${seed}: ${message}`).toBeGreaterThan(0);
        expect(where.column, `seed ${seed}: ${message}`).toBeGreaterThan(0);
        expect(where.line, `seed ${seed}: ${message}`).toBeLessThanOrEqual(linesOf(where.file, name, text));
      }
    }
    expect(broken).toBeGreaterThan(SEEDS / 4);
    expect(broken).toBeLessThan(SEEDS);
  });

  function linesOf(file: string, damaged: string, text: string): number {
    const content = file === damaged ? text : new TextDecoder().decode(whole.get(file));
    return content.split('\n').length;
  }
});
