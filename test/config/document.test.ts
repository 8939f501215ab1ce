import { describe, expect, it } from 'vitest';
import { readTree } from '../../src/config/document.ts';
import { collect } from '../../src/config/tell.ts';
import { plainOf } from '../../src/config/tree.ts';
import { formatProblem } from './fleet.ts';

function read(content: string | Uint8Array): {
  readonly value: unknown;
  readonly problems: readonly string[];
} {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const { made, problems } = collect((tell) => readTree('f', bytes, tell));
  return { value: made && plainOf(made), problems: problems.map(formatProblem) };
}

describe('what is read', () => {
  it.each<[string, string, unknown]>([
    [
      'scalars of the core schema',
      'a: 1\nb: 1.5\nc: true\nd: ~\ne:\nf: text',
      { a: 1, b: 1.5, c: true, d: null, e: null, f: 'text' },
    ],
    ['yes and no are text', 'a: yes\nb: off', { a: 'yes', b: 'off' }],
    ['a directive for 1.1 does not bring its booleans back', '%YAML 1.1\n---\na: yes', { a: 'yes' }],
    ['times are text', 'a: 2026-12-24', { a: '2026-12-24' }],
    ['keys are text', '8080: a\ntrue: b\n~: c', { 8080: 'a', true: 'b', '~': 'c' }],
    ['a byte order mark is dropped', '\uFEFFa: 1', { a: 1 }],
    ['carriage returns', 'a: 1\r\nb:\r\n  - x\r\n', { a: 1, b: ['x'] }],
    ['anchors and aliases', 'a: &x [1]\nb: *x', { a: [1], b: [1] }],
    ['the nearest anchor above counts', 'a: &x 1\nb: &x 2\nc: *x', { a: 1, b: 2, c: 2 }],
    ['explicit tags of the core schema', 'a: !!str 1\nb: !!int "7"', { a: '1', b: 7 }],
    ['keys without a value in flow style', '{a, b: [c, d: e]}', { a: null, b: ['c', { d: 'e' }] }],
    ['a quoted << is a key like others', '"<<": 1', { '<<': 1 }],
    ['names that objects inherit', 'constructor: 1\ntoString: 2', { constructor: 1, toString: 2 }],
    ['a text alone', 'hello', 'hello'],
    ['a list alone', '- 1\n-\n- b', [1, null, 'b']],
    ['zero and signed numbers', '[0, -0.5, +1, 0x1f, 0o17]', [0, -0.5, 1, 31, 15]],
  ])('%s', (_, text, value) => {
    expect(read(text)).toEqual({ value, problems: [] });
  });
});

describe('what cannot be read', () => {
  it.each<[string, string | Uint8Array, readonly string[]]>([
    ['an empty file', '', ['f:1:1 CONFIG_INVALID the file is empty']],
    ['comments only', '# nothing\n', ['f:1:1 CONFIG_INVALID the file is empty']],
    ['a start of a document only', '---\n', ['f:1:1 CONFIG_INVALID the file is empty']],
    [
      'bytes that are not UTF-8',
      new Uint8Array([0x61, 0xff]),
      ['f:1:1 CONFIG_YAML the file is not UTF-8 text'],
    ],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0]), ['f:1:1 CONFIG_YAML the file is not UTF-8 text']],
    ['a tab', 'a:\n\tb: 1', ['f:2:1 CONFIG_YAML a tab indents this line; YAML takes spaces only']],
    [
      'two documents',
      'a: 1\n---\nb: 1',
      ['f:2:1 CONFIG_YAML a second document (`---`) begins here; one file holds one document'],
    ],
    [
      'a colon in a plain text',
      'a: b: c',
      ['f:1:4 CONFIG_YAML a second `key: value` on one line; put quotes around a text that holds `: `'],
    ],
    ['an open quote', 'a: "x', ['f:1:6 CONFIG_YAML Missing closing "quote']],
    ['a list as key', '? [a]\n: 1', ['f:1:3 CONFIG_YAML a key must be text']],
    ['an unknown tag', 'a: !secret x', ['f:1:4 CONFIG_YAML Unresolved tag: !secret; tags are not used here']],
    [
      'bytes by tag',
      'a: !!binary aGk=',
      ['f:1:4 CONFIG_YAML Unresolved tag: tag:yaml.org,2002:binary; tags are not used here'],
    ],
  ])('%s', (_, content, problems) => {
    expect(read(content)).toEqual({ value: undefined, problems });
  });

  it('tells the first few of many errors', () => {
    expect(read('a: @\n'.repeat(50)).problems).toHaveLength(5);
  });
});

describe('what is refused within a file that can be read', () => {
  it.each<[string, string, readonly string[]]>([
    ['a key twice', 'a: 1\nb: 2\na: 3', ['f:3:1 KEY_DUPLICATE `a` stands already in line 1']],
    [
      'a merge key',
      'a: &x {b: 1}\nc:\n  <<: *x',
      ['f:3:3 CONFIG_YAML merge keys (`<<`) are not part of YAML 1.2; write the keys out'],
    ],
    ['__proto__', '__proto__: {a: 1}', ['f:1:1 CONFIG_INVALID `__proto__` cannot be a key']],
    ['an alias of nothing', 'a: *x\nb: &x 1', ['f:1:4 CONFIG_YAML no `&x` stands above this alias']],
    ['an alias that holds itself', 'a: &x [1, *x]', ['f:1:11 CONFIG_YAML `*x` holds itself']],
    [
      'a leading zero',
      'mode: 0640',
      ['f:1:7 CONFIG_INVALID without quotes, YAML reads 0640 as the number 640: put it in quotes → "0640"'],
    ],
    [
      'not a number',
      'a: .nan',
      [
        'f:1:4 CONFIG_INVALID .nan is not a number that JSON can hold: put it in quotes to mean the text → ".nan"',
      ],
    ],
    [
      'infinity',
      'a: 1e999',
      [
        'f:1:4 CONFIG_INVALID 1e999 is not a number that JSON can hold: put it in quotes to mean the text → "1e999"',
      ],
    ],
    [
      'a number of many digits',
      'a: 12345678901234567890',
      [
        'f:1:4 CONFIG_INVALID 12345678901234567890 is too large to be kept exactly as a number: put it in quotes to mean the text → "12345678901234567890"',
      ],
    ],
  ])('%s', (_, text, problems) => {
    expect(read(text).problems).toEqual(problems);
  });
});

describe('bounds', () => {
  it('reads 1 MiB and not a byte more', () => {
    const text = `a: ${'x'.repeat(1024 * 1024 - 3)}`;
    expect(read(text).problems).toEqual([]);
    expect(read(`${text}x`).problems).toEqual([
      'f:1:1 CONFIG_TOO_LARGE the file is larger than 1048576 bytes',
    ]);
  });

  it('stops at aliases that grow without end', () => {
    const rows = Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    const { problems } = read(`a0: &a0 x\n${rows.join('\n')}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      /^f:\d+:\d+ CONFIG_TOO_LARGE the file holds more than 100000 values with its aliases written out$/,
    );
  });

  it('stops at 64 levels', () => {
    expect(read(`${'['.repeat(64)}${']'.repeat(64)}`).problems).toEqual([]);
    expect(read(`${'['.repeat(70)}${']'.repeat(70)}`).problems).toEqual([
      'f:1:65 CONFIG_TOO_LARGE values nest more than 64 levels deep',
    ]);
  });

  it('answers soon for what is made to be slow', () => {
    const deep = '['.repeat(200_000);
    const wide = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n');
    expect(read(deep).problems[0]).toMatch(/CONFIG_YAML/);
    expect(read(wide).problems).toEqual([]);
  }, 20_000);
});
