import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { configOf, filesOf, formatProblem, HOSTS, KEY_A, kinds, problemsOf, wantsOf } from './fleet.ts';

const STACK = 'on: web\nresources:\n  - group: g\n  - file: /f\n    content: x\n';

describe('a configuration', () => {
  it('of a first host needs no more than ten lines', () => {
    const hosts = `hosts:\n  web1:\n    address: 10.0.0.1\n    host_key: ${KEY_A}\n`;
    const stack = 'on: web1\nresources:\n  - group: nginx\n';
    expect(`${hosts}${stack}`.trimEnd().split('\n').length).toBeLessThanOrEqual(10);
    expect(wantsOf(configOf({ 'hosts.yml': hosts, 's.yml': stack }))).toEqual([['web1/group/nginx', {}]]);
  });

  it('has stacks in the order of their files, and resources in the order in which they are done', () => {
    const config = configOf({ 'b.yaml': STACK.replace('on: web', 'on: db1'), 'a.yml': STACK });
    expect(config.stacks.map((stack) => stack.name)).toEqual(['a', 'b']);
    expect(config.resources.map(({ stack, address }) => `${stack}: ${address.host}/${address.kind}`)).toEqual(
      ['a: web1/group', 'a: web2/group', 'a: web1/file', 'a: web2/file', 'b: db1/group', 'b: db1/file'],
    );
    expect(config.resources.at(-1)?.where).toEqual({ file: 'deploy-configs/b.yaml', line: 4, column: 5 });
  });

  it('leaves sources, other files and other directories alone', () => {
    const files = new Map([
      ...filesOf({ 's.yml': STACK, 'shop/values.yml': '{{ not: ours', 'README.md': '# x' }),
      ['.github/workflows/ci.yml', new TextEncoder().encode('on: push')],
    ]);
    expect(parseConfig(files, kinds)).toHaveProperty('config');
  });

  it('may have no stack', () => {
    expect(configOf({})).toMatchObject({ stacks: [], resources: [] });
  });

  it('has its policy along', () => {
    expect(configOf({ 'policy.yml': 'deploy: { on: both }' }).policy).toMatchObject({
      on: 'both',
      by: [],
    });
  });
});

describe('its digest', () => {
  const digest = (files: Readonly<Record<string, string>>): string => configOf(files).digest;
  const base = digest({ 's.yml': STACK, 'x/a.txt': 'a' });

  it('is the same for the same files in any order', () => {
    expect(digest({ 'x/a.txt': 'a', 's.yml': STACK })).toBe(base);
    expect(base).toMatch(/^[0-9a-f]{64}$/);
  });

  it('leaves out what is not below deploy-configs/', () => {
    const files = new Map([...filesOf({ 's.yml': STACK, 'x/a.txt': 'a' }), ['README.md', new Uint8Array(3)]]);
    expect(parseConfig(files, kinds)).toMatchObject({ config: { digest: base } });
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['bytes of a source', { 's.yml': STACK, 'x/a.txt': 'b' }],
    ['a name', { 's.yml': STACK, 'x/b.txt': 'a' }],
    ['a comment', { 's.yml': `# x\n${STACK}`, 'x/a.txt': 'a' }],
    ['a file more', { 's.yml': STACK, 'x/a.txt': 'a', y: '' }],
    ['where one file ends and the next begins', { 's.yml': STACK, 'x/a.txtx': '', 'x/a.txt': 'a' }],
  ])('differs for %s', (_, files) => {
    expect(digest(files)).not.toBe(base);
  });
});

describe('problems', () => {
  it.each<[string, Readonly<Record<string, string | null>>, readonly string[]]>([
    [
      'no deploy-configs',
      { 'hosts.yml': null },
      ['hosts.yml:1:1 CONFIG_MISSING there is no deploy-configs/ here'],
    ],
    [
      'no hosts.yml, and what is wrong anyway',
      { 'hosts.yml': null, 's.yml': `${STACK}  - fiel: /f\n  - group: g\n    sytem: true` },
      [
        'hosts.yml:1:1 CONFIG_MISSING deploy-configs/ has no hosts.yml',
        's.yml:6:5 KIND_UNKNOWN `fiel` is not a kind of resource; an entry begins with one of file, group, odd, strictly → file',
        's.yml:8:5 KEY_UNKNOWN `group` has no key `sytem` → system',
      ],
    ],
    [
      'hosts.yml under another name',
      { 'hosts.yaml': HOSTS },
      ['hosts.yaml:1:1 CONFIG_INVALID this file must be named hosts.yml'],
    ],
    [
      'a stack in capitals',
      { 'Shop.yml': STACK },
      [
        'Shop.yml:1:1 CONFIG_INVALID a stack is named by its file: lower-case letters, digits, `.`, `_` and `-`, then .yml',
      ],
    ],
    [
      'an ending in capitals',
      { 's.YML': STACK },
      [
        's.YML:1:1 CONFIG_INVALID a stack is named by its file: lower-case letters, digits, `.`, `_` and `-`, then .yml',
      ],
    ],
    [
      'a hidden stack',
      { '.s.yml': STACK },
      [
        '.s.yml:1:1 CONFIG_INVALID a stack is named by its file: lower-case letters, digits, `.`, `_` and `-`, then .yml',
      ],
    ],
    [
      'two files for one stack',
      { 's.yml': STACK, 's.yaml': 'on: db1\nresources: []' },
      ['s.yml:1:1 CONFIG_INVALID deploy-configs/s.yaml is the same stack'],
    ],
    [
      'the same resource twice in a stack',
      { 's.yml': `${STACK}  - group: g\n` },
      ['s.yml:6:5 ADDRESS_DUPLICATE group g is declared for web1, web2 already, in deploy-configs/s.yml:3:5'],
    ],
    [
      'the same resource in two stacks',
      { 'a.yml': 'on: [web1, db1]\nresources:\n  - file: /f', 's.yml': STACK },
      ['s.yml:4:5 ADDRESS_DUPLICATE file /f is declared for web1 already, in deploy-configs/a.yml:3:5'],
    ],
    ['the same id of two kinds', { 's.yml': 'on: web\nresources:\n  - group: g\n  - odd: g' }, []],
    [
      'the same id on two hosts',
      { 's.yml': 'on: all\nresources:\n  - { group: g, on: web }\n  - { group: g, on: db1 }' },
      [],
    ],
    [
      'all files at once, in reading order',
      {
        'hosts.yml': HOSTS.replace('8080', '08080'),
        'policy.yml': 'x: 1',
        'a.yml': 'on: wbe\nresources: []',
        'b.yml': 'on: [',
      },
      [
        'a.yml:1:5 HOST_UNKNOWN hosts.yml has no host or group `wbe` → web',
        'b.yml:1:6 CONFIG_YAML Flow sequence in block collection must be sufficiently indented and end with a ]',
        'hosts.yml:2:24 CONFIG_INVALID without quotes, YAML reads 08080 as the number 8080: put it in quotes → "08080"',
        'policy.yml:1:1 KEY_UNKNOWN policy.yml has no key `x`',
      ],
    ],
    [
      'what an alias brings along is told once a place',
      { 's.yml': 'on: web\nresources:\n  - &g { group: g, size: 0640 }\n  - *g' },
      [
        's.yml:3:20 KEY_UNKNOWN `group` has no key `size`',
        's.yml:3:26 CONFIG_INVALID without quotes, YAML reads 0640 as the number 640: put it in quotes → "0640"',
      ],
    ],
  ])('%s', (_, files, expected) => {
    expect(problemsOf(files)).toEqual(expected);
  });

  it('names a few hosts of many', () => {
    const rows = Array.from({ length: 9 }, (_, i) => `  h${i}: { address: h${i}, host_key: ${KEY_A} }`);
    const files = {
      'hosts.yml': `hosts:\n${rows.join('\n')}`,
      's.yml': 'on: all\nresources:\n  - group: g\n  - group: g',
    };
    expect(problemsOf(files)).toEqual([
      's.yml:4:5 ADDRESS_DUPLICATE group g is declared for h0, h1, h2 and 6 more already, in deploy-configs/s.yml:3:5',
    ]);
  });

  it('finds no file outside of deploy-configs/', () => {
    const files = new Map([['hosts.yml', new TextEncoder().encode(HOSTS)]]);
    const parsed = parseConfig(files, kinds);
    expect('problems' in parsed && parsed.problems.map(formatProblem)).toEqual([
      'hosts.yml:1:1 CONFIG_MISSING there is no deploy-configs/ here',
    ]);
  });
});
