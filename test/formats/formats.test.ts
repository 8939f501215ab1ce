import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { Json } from '../../src/core/json.ts';
import { FORMATS } from '../../src/formats/index.ts';
import type { FormatName } from '../../src/formats/index.ts';
import { HOSTILE } from './hostile.ts';

type Hostile = keyof typeof HOSTILE;
const NAMES = Object.keys(HOSTILE);

/** What a format refuses of the strings above; all others must come back as they went in. */
const REFUSED: Record<FormatName, readonly Hostile[]> = {
  json: [],
  yaml: ['separator', 'nel', 'bom'],
  toml: [],
  ini: [
    'space',
    'leading',
    'trailing',
    'tab',
    'newline',
    'return',
    'only',
    'quoted',
    'single',
    'both',
    'backslash',
    'escapes',
    'continued',
    'hash',
    'comment',
    'semicolon',
    'true',
    'null',
    'separator',
    'bom',
  ],
  env: ['bom'],
};

const formats = Object.entries(FORMATS).map(([name, format]) => ({ name, format }));

describe.each(formats)('$name', ({ name, format }) => {
  const refused: readonly string[] = Object.entries(REFUSED).find(([key]) => key === name)?.[1] ?? [];

  it('writes every hostile string or refuses it in words', () => {
    const outcomes = Object.entries(HOSTILE).map(([key, value]) => [key, typeof format({ value })]);
    expect(outcomes).toEqual(NAMES.map((key) => [key, refused.includes(key) ? 'object' : 'string']));
  });

  it('says which key it refuses', () => {
    for (const key of refused) {
      const formatted = format({ [key]: Object.entries(HOSTILE).find(([one]) => one === key)?.[1] ?? '' });
      expect(formatted).toEqual({ problem: expect.stringMatching(/\w/) });
    }
  });

  it('keeps the order of keys', () => {
    expect(format({ zulu: 'a', alpha: 'b', mike: 'c' })).toMatch(/zulu[^]*alpha[^]*mike/);
  });

  it('ends with one newline', () => {
    expect(format({ a: 'b' })).toMatch(/[^\n]\n$/);
  });

  it('does not lose a key that is a name of the prototype', () => {
    const value: Json = JSON.parse('{"__proto__":"a","constructor":"b"}');
    const formatted = format(value);
    if (typeof formatted === 'string') expect(formatted).toMatch(/__proto__[^]*constructor/);
    else expect(formatted.problem).toMatch(/__proto__/);
  });
});

interface Row {
  readonly name: string;
  readonly format: FormatName;
  readonly value: Json;
  readonly text: string;
}

const WRITTEN: readonly Row[] = [
  {
    name: 'json',
    format: 'json',
    value: { b: [1, null], a: {} },
    text: '{\n  "b": [\n    1,\n    null\n  ],\n  "a": {}\n}\n',
  },
  { name: 'json that is no map', format: 'json', value: 'x', text: '"x"\n' },
  { name: 'a lone surrogate in json, escaped', format: 'json', value: '\ud800', text: '"\\ud800"\n' },
  {
    name: 'yaml',
    format: 'yaml',
    value: { b: ['yes', 1, null, true], a: 'x\ny\n' },
    text: 'b:\n  - "yes"\n  - 1\n  - null\n  - true\na: |\n  x\n  y\n',
  },
  {
    name: 'floats that YAML 1.1 reads too',
    format: 'yaml',
    value: [1e-7, 1e21, -1e-7, 1.5e-7, 0.5, 1e3],
    text: '- 1.0e-7\n- 1.0e+21\n- -1.0e-7\n- 1.5e-7\n- 0.5\n- 1000\n',
  },
  { name: 'a lone equals sign in yaml', format: 'yaml', value: { '=': '=' }, text: '"=": "="\n' },
  { name: 'the same map twice in yaml', format: 'yaml', value: twice({ a: 1 }), text: '- a: 1\n- a: 1\n' },
  {
    name: 'a long line in yaml',
    format: 'yaml',
    value: [`${'word '.repeat(40)}end`],
    text: `- ${'word '.repeat(40)}end\n`,
  },
  {
    name: 'toml',
    format: 'toml',
    value: { a: 1, t: { b: [1.5, 'x'] }, l: [{ c: 1 }, { c: 2 }] },
    text: 'a = 1\n\n[t]\nb = [ 1.5, "x" ]\n\n[[l]]\nc = 1\n\n[[l]]\nc = 2\n',
  },
  {
    name: 'ini',
    format: 'ini',
    value: { 'a.b': { k: 1, l: ['x', 'y'] }, top: true, a: { k: false } },
    text: 'top=true\n\n[a.b]\nk=1\nl=x\nl=y\n\n[a]\nk=false\n',
  },
  {
    name: 'ini with the same key in two sections',
    format: 'ini',
    value: { a: { k: 'x' }, b: { k: 'y' } },
    text: '[a]\nk=x\n\n[b]\nk=y\n',
  },
  {
    name: 'ini with an empty section and a list of one',
    format: 'ini',
    value: { a: {}, b: { k: ['x'] } },
    text: '[a]\n\n[b]\nk=x\n',
  },
  { name: 'an empty ini', format: 'ini', value: {}, text: '' },
  {
    name: 'env',
    format: 'env',
    value: { A: 'x', B: 8080, C: true, D: '', E: 'a b', F: "it's $5" },
    text: `A=x\nB=8080\nC=true\nD=\nE='a b'\nF="it's \\$5"\n`,
  },
  { name: 'an empty env', format: 'env', value: {}, text: '' },
];

/** One map in two places, as an alias in YAML makes it. */
function twice(value: Json): Json {
  return [value, value];
}

describe('texts', () => {
  it.each(WRITTEN)('$name', ({ format, value, text }) => {
    expect(FORMATS[format](value)).toBe(text);
  });

  it.each(Object.keys(HOSTILE))('yaml with %s means the same to readers of 1.1 and 1.2', (key) => {
    const value = Object.entries(HOSTILE).find(([one]) => one === key);
    const text = FORMATS.yaml({ k: value?.[1] ?? '', [value?.[1] ?? '']: 1 });
    if (typeof text !== 'string') return;
    expect(parseYaml(text)).toEqual(parseYaml(text, { version: '1.1' }));
  });
});

const PROBLEMS: readonly (Omit<Row, 'text'> & { readonly problem: string })[] = [
  { name: 'no map', format: 'toml', value: [1], problem: 'TOML is a map at its top' },
  {
    name: 'null',
    format: 'toml',
    value: { a: { b: null } },
    problem: 'a.b: TOML has no null; leave the key out instead',
  },
  {
    name: 'null in a list',
    format: 'toml',
    value: { a: [null] },
    problem: 'a[0]: TOML has no null; leave the key out instead',
  },
  {
    name: 'a lone surrogate',
    format: 'toml',
    value: { a: '\ud800' },
    problem: 'a: "\\ud800" would be read back as "\ufffd"',
  },
  {
    name: 'a lone surrogate',
    format: 'env',
    value: { A: '\ud800' },
    problem: 'A: "\\ud800" would be read back as "\ufffd"',
  },
  {
    name: 'a lone surrogate in a key',
    format: 'toml',
    value: { '\ud800': 1 },
    problem: 'key contains illegal lone surrogates',
  },
  {
    name: 'a line separator',
    format: 'yaml',
    value: ['a\u2028'],
    problem: 'it holds U+2028, which readers of YAML 1.1 take otherwise',
  },
  { name: 'no map', format: 'ini', value: 'x', problem: 'INI is a map at its top' },
  {
    name: 'null',
    format: 'ini',
    value: { a: null },
    problem: 'a: null (leave the key out instead) cannot be written here',
  },
  {
    name: 'a map in a section',
    format: 'ini',
    value: { a: { b: { c: 1 } } },
    problem: 'a.b: a map cannot be written here',
  },
  {
    name: 'an empty list',
    format: 'ini',
    value: { a: { b: [] } },
    problem: 'a.b: an empty list cannot be written here',
  },
  {
    name: 'a list of lists',
    format: 'ini',
    value: { b: [[1]] },
    problem: 'b: a list of other than plain values cannot be written here',
  },
  {
    name: 'a section without a name',
    format: 'ini',
    value: { '': { a: 1 } },
    problem: 'a section has no name',
  },
  {
    name: 'the text true',
    format: 'ini',
    value: { a: { b: 'true' } },
    problem: 'a.b: "true" would be read back as true',
  },
  {
    name: 'a comment sign',
    format: 'ini',
    value: { a: { b: 'x;y' } },
    problem: 'a.b: "x;y" would be read back as "x"',
  },
  {
    name: 'a last backslash',
    format: 'ini',
    value: { a: 'x\\' },
    problem: 'it could not be read back: a value ends in a backslash',
  },
  {
    name: 'a bracket in a section',
    format: 'ini',
    value: { 'a]': { b: 1 } },
    problem: 'it could not be read back: readers differ about the section "a]"',
  },
  {
    name: 'a key with =',
    format: 'ini',
    value: { 'a=b': 'c' },
    problem: 'a=b: "c" would be read back as nothing',
  },
  {
    name: 'a long value',
    format: 'ini',
    value: { a: `${'x'.repeat(80)};y` },
    problem: `a: "${'x'.repeat(59)}… would be read back as "${'x'.repeat(59)}…`,
  },
  { name: 'no map', format: 'env', value: [], problem: 'an environment is a map at its top' },
  {
    name: 'a list',
    format: 'env',
    value: { A: ['x'] },
    problem: 'A: a list of other than plain values cannot be written here',
  },
  {
    name: 'a name with a dash',
    format: 'env',
    value: { 'A-B': 'x' },
    problem: '"A-B" is no name of a variable: letters, digits and _ only, no digit first',
  },
  {
    name: 'a NUL',
    format: 'env',
    value: { A: 'a\0b' },
    problem: 'A: it holds a character that systemd refuses in an environment',
  },
  {
    name: 'a noncharacter',
    format: 'env',
    value: { A: '\uffff' },
    problem: 'A: it holds a character that systemd refuses in an environment',
  },
];

describe('problems', () => {
  it.each(PROBLEMS)('$format: $name', ({ format, value, problem }) => {
    expect(FORMATS[format](value)).toEqual({ problem });
  });
});

it('gives a shell what it was given, whatever is in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ashore-env-'));
  try {
    const entries = Object.entries(HOSTILE).filter(([key]) => !REFUSED.env.some((one) => one === key));
    const values = Object.fromEntries(entries.map(([key, value]) => [`V_${key}`, value]));
    const text = FORMATS.env(values);
    if (typeof text !== 'string') throw new Error(text.problem);
    writeFileSync(join(folder, 'env'), text);
    const names = Object.keys(values);
    const printed = execFileSync('sh', [
      '-c',
      '. "$1"; shift; for name; do eval "printf \'%s\\0\' \\"\\$$name\\""; done',
      'sh',
      join(folder, 'env'),
      ...names,
    ]);
    expect(printed.toString('utf8').split('\0').slice(0, -1)).toEqual(Object.values(values));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
