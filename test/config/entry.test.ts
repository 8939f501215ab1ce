import { describe, expect, it } from 'vitest';
import { configOf, kinds, problemsOf, wantsOf } from './fleet.ts';

const KINDS = kinds.map((kind) => kind.name).join(', ');

function problems(stack: string): readonly string[] {
  return problemsOf({ 's.yml': stack });
}

describe('kinds', () => {
  const expected = `an entry begins with one of ${KINDS}`;
  it.each<[string, string, readonly string[]]>([
    [
      'misspelt',
      '- fiel: /f',
      [`s.yml:3:5 KIND_UNKNOWN \`fiel\` is not a kind of resource; ${expected} → file`],
    ],
    [
      'misspelt, before a key that is also a kind',
      '- fiel: /f\n    group: g',
      [`s.yml:3:5 KIND_UNKNOWN \`fiel\` is not a kind of resource; ${expected} → file`],
    ],
    [
      'misspelt, but not first',
      '- mode: x\n    fiel: /f',
      [`s.yml:4:5 KIND_UNKNOWN \`fiel\` is not a kind of resource; ${expected} → file`],
    ],
    [
      'unknown',
      '- container: x',
      [`s.yml:3:5 KIND_UNKNOWN \`container\` is not a kind of resource; ${expected}`],
    ],
    ['none', '- {}', [`s.yml:3:5 KIND_UNKNOWN the entry names no resource; ${expected}`]],
    ['none but hosts', '- on: web', [`s.yml:3:5 KIND_UNKNOWN the entry names no resource; ${expected}`]],
    [
      'two',
      '- group: g\n    file: /f',
      [
        's.yml:4:5 KEY_UNKNOWN an entry declares one resource: `group` has no key `file`, begin a new entry with `- file:`',
      ],
    ],
    [
      'not a mapping',
      '- nginx',
      ['s.yml:3:5 CONFIG_INVALID `resources`, entry 1: expected a mapping, got the text "nginx"'],
    ],
    ['empty', '-', ['s.yml:3:3 CONFIG_INVALID `resources`, entry 1: expected a mapping, got nothing']],
  ])('%s', (_, entry, wanted) => {
    expect(problems(`on: web1\nresources:\n  ${entry}`)).toEqual(wanted);
  });

  it('may stand after other keys of the entry', () => {
    const stack = 'on: web1\nresources:\n  - mode: "0640"\n    on: web\n    file: /f\n    content: x';
    expect(wantsOf(configOf({ 's.yml': stack }))).toEqual([['web1/file//f', { text: 'x' }]]);
  });
});

describe('sources', () => {
  const stack = 'on: web1\nresources:\n  - file: /f\n    source: shop/a.txt';

  it('are read from deploy-configs/', () => {
    const config = configOf({ 's.yml': stack, 'shop/a.txt': 'hello' });
    expect(wantsOf(config)).toEqual([['web1/file//f', { text: 'hello' }]]);
  });

  it.each<[string, Record<string, string | Uint8Array>, readonly string[]]>([
    ['missing', {}, ['s.yml:4:13 SOURCE_MISSING no file shop/a.txt']],
    ['misspelt', { 'shop/b.txt': 'x' }, ['s.yml:4:13 SOURCE_MISSING no file shop/a.txt → shop/b.txt']],
    [
      'too large',
      { 'shop/a.txt': new Uint8Array(1024 * 1024 + 1) },
      ['s.yml:4:13 CONFIG_TOO_LARGE the source `shop/a.txt` is larger than 1048576 bytes'],
    ],
    [
      'outside',
      { 's.yml': stack.replace('shop/a.txt', '../README.md') },
      ['s.yml:4:13 SOURCE_MISSING no file ../README.md'],
    ],
    ['large, and not used', { 'big.bin': new Uint8Array(1024 * 1024 + 1), 'shop/a.txt': '' }, []],
  ])('%s', (_, files, expected) => {
    expect(problemsOf({ 's.yml': stack, ...files })).toEqual(expected);
  });
});
