import { describe, expect, it } from 'vitest';
import { configOf, HOSTS, kinds, problemsOf, wantsOf } from './fleet.ts';

const KINDS = kinds.map((kind) => kind.name).join(', ');

function problems(stack: string): readonly string[] {
  return problemsOf({ 's.yml': stack });
}

describe('hosts', () => {
  it.each<[string, string, readonly string[]]>([
    ['a host', 'db1', ['db1']],
    ['a group', 'web', ['web1', 'web2']],
    ['all', 'all', ['web1', 'web2', 'db1']],
    ['a list, in the order of hosts.yml', '[db1, web, web1]', ['web1', 'web2', 'db1']],
  ])('%s', (_, on, hosts) => {
    const config = configOf({ 's.yml': `on: ${on}\nresources:\n  - group: g` });
    expect(config.stacks).toEqual([
      { name: 's', hosts, where: { file: 'deploy-configs/s.yml', line: 1, column: 1 } },
    ]);
    expect(wantsOf(config).map(([address]) => address)).toEqual(hosts.map((host) => `${host}/group/g`));
  });

  it('an entry can be limited to some of them', () => {
    const stack =
      'on: all\nresources:\n  - group: a\n    on: web\n  - group: b\n    on: [db1, web2]\n  - group: c\n    on: all';
    expect(wantsOf(configOf({ 's.yml': stack })).map(([address]) => address)).toEqual([
      'web1/group/a',
      'web2/group/a',
      'web2/group/b',
      'db1/group/b',
      'web1/group/c',
      'web2/group/c',
      'db1/group/c',
    ]);
  });

  it.each<[string, string, readonly string[]]>([
    [
      'unknown',
      'on: wbe\nresources: []',
      ['s.yml:1:5 HOST_UNKNOWN hosts.yml has no host or group `wbe` → web'],
    ],
    [
      'unknown, in a list',
      'on: [web, nowhere]\nresources: []',
      ['s.yml:1:11 HOST_UNKNOWN hosts.yml has no host or group `nowhere`'],
    ],
    ['none', 'on: []\nresources: []', ['s.yml:1:5 CONFIG_INVALID `on`: must not be empty']],
    [
      'not text',
      'on: 5\nresources: []',
      ['s.yml:1:5 CONFIG_INVALID `on`: expected text or a list, got the number 5'],
    ],
    ['missing', 'resources: []', ['s.yml:1:1 CONFIG_INVALID `on`: missing; expected text or a list']],
    [
      'of an entry, unknown',
      'on: all\nresources:\n  - group: g\n    on: db2',
      ['s.yml:4:9 HOST_UNKNOWN hosts.yml has no host or group `db2` → db1'],
    ],
    [
      'of an entry, not of the stack',
      'on: web\nresources:\n  - group: g\n    on: db1',
      ['s.yml:4:9 HOST_UNKNOWN none of these hosts is one of the stack'],
    ],
    [
      'unknown, and what is wrong anyway',
      'on: nowhere\nresources:\n  - group: g\n    sistem: true\n  - file: ${host}\n    content: ${port}\n    ownr: ${nobody}',
      [
        's.yml:1:5 HOST_UNKNOWN hosts.yml has no host or group `nowhere`',
        's.yml:4:5 KEY_UNKNOWN `group` has no key `sistem` → system',
        's.yml:5:11 CONFIG_INVALID `file`: an absolute path',
        's.yml:7:5 KEY_UNKNOWN `file` has no key `ownr` → owner',
        's.yml:7:11 VARIABLE_UNKNOWN no level sets the variable `nobody`: neither the stack, nor a group, nor the host',
      ],
    ],
  ])('%s', (_, stack, expected) => {
    // The place of an unfilled `${host}` differs on each guessed host and is not told.
    const without = expected.filter((line) => !line.includes('an absolute path'));
    expect(problems(stack)).toEqual(without);
  });

  it('a group without hosts', () => {
    const hosts = HOSTS.replace('groups:\n', 'groups:\n  empty:\n');
    expect(problemsOf({ 'hosts.yml': hosts, 's.yml': 'on: empty\nresources: []' })).toEqual([
      's.yml:1:5 HOST_UNKNOWN the group `empty` has no hosts',
    ]);
  });
});

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

describe('specs', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'an unknown key',
      'group: g\n    sytem: true',
      ['s.yml:4:5 KEY_UNKNOWN `group` has no key `sytem` → system'],
    ],
    [
      'an unknown key like no other',
      'group: g\n    colour: red',
      ['s.yml:4:5 KEY_UNKNOWN `group` has no key `colour`'],
    ],
    ['an id of another form', 'file: etc/x', ['s.yml:3:11 CONFIG_INVALID `file`: an absolute path']],
    [
      'an id that is a number',
      'group: 12',
      ['s.yml:3:12 CONFIG_INVALID `group`: expected text, got the number 12; put it in quotes → "12"'],
    ],
    ['an id that is missing', 'group:', ['s.yml:3:5 CONFIG_INVALID `group`: expected text, got nothing']],
    [
      'a mode without quotes',
      'file: /f\n    mode: 640',
      ['s.yml:4:11 CONFIG_INVALID `mode`: expected text, got the number 640; put it in quotes → "640"'],
    ],
    [
      'a mode with a zero and without quotes',
      'file: /f\n    mode: 0640',
      [
        's.yml:4:11 CONFIG_INVALID without quotes, YAML reads 0640 as the number 640: put it in quotes → "0640"',
      ],
    ],
    [
      'the message of the kind',
      'file: /f\n    mode: rw',
      ['s.yml:4:11 CONFIG_INVALID `mode`: four octal digits, such as "0644"'],
    ],
    [
      'true for a text',
      'file: /f\n    owner: true',
      ['s.yml:4:12 CONFIG_INVALID `owner`: expected text, got the boolean true; put it in quotes → "true"'],
    ],
    [
      'a text for true',
      'group: g\n    system: "No"',
      ['s.yml:4:13 CONFIG_INVALID `system`: expected true or false, got the text "No" → false'],
    ],
    [
      'a word for true',
      'group: g\n    system: maybe',
      ['s.yml:4:13 CONFIG_INVALID `system`: expected true or false, got the text "maybe"'],
    ],
    [
      'a list for a text',
      'file: /f\n    content: [a]',
      ['s.yml:4:14 CONFIG_INVALID `content`: expected text, got a list'],
    ],
    [
      'a long text for a number',
      `group: g\n    gid: ${'x'.repeat(60)}`,
      [`s.yml:4:10 CONFIG_INVALID \`gid\`: expected a number, got the text "${'x'.repeat(40)}…"`],
    ],
    [
      'a word of a few',
      'odd: a\n    when: nevr',
      ['s.yml:4:11 CONFIG_INVALID `when`: expected one of never, always, got the text "nevr" → never'],
    ],
    [
      'a list for a word',
      'odd: a\n    when: [x]',
      ['s.yml:4:11 CONFIG_INVALID `when`: expected one of never, always, got a list'],
    ],
    [
      'the only word',
      'odd: a\n    only: yes',
      ['s.yml:4:11 CONFIG_INVALID `only`: expected `x`, got the text "yes"'],
    ],
    [
      'too short',
      'odd: a\n    word: a',
      ['s.yml:4:11 CONFIG_INVALID `word`: must have at least 2 characters'],
    ],
    [
      'too long',
      'odd: a\n    word: abcd',
      ['s.yml:4:11 CONFIG_INVALID `word`: must have at most 3 characters'],
    ],
    [
      'too few',
      'odd: a\n    words: [a]',
      ['s.yml:4:12 CONFIG_INVALID `words`: must have at least 2 entries'],
    ],
    [
      'too many',
      'odd: a\n    words: [a, b, c, d]',
      ['s.yml:4:12 CONFIG_INVALID `words`: must have at most 3 entries'],
    ],
    [
      'more than one',
      'odd: a\n    one: [a, b]',
      ['s.yml:4:10 CONFIG_INVALID `one`: must have at most 1 entry'],
    ],
    [
      'an entry of a list',
      'odd: a\n    words: [a, 5]',
      ['s.yml:4:16 CONFIG_INVALID `words`, entry 2: expected text, got the number 5; put it in quotes → "5"'],
    ],
    ['too small', 'odd: a\n    limit: 0', ['s.yml:4:12 CONFIG_INVALID `limit`: must be at least 1']],
    ['too large', 'odd: a\n    limit: 6', ['s.yml:4:12 CONFIG_INVALID `limit`: must be at most 5']],
    ['not even', 'odd: a\n    even: 3', ['s.yml:4:11 CONFIG_INVALID `even`: must be a multiple of 2']],
    [
      'a form without its own words',
      'odd: a\n    shape: b',
      ['s.yml:4:12 CONFIG_INVALID `shape`: the text "b" has not the form that is asked for: /^a/'],
    ],
    [
      'a named form',
      'odd: a\n    base: "!"',
      ['s.yml:4:11 CONFIG_INVALID `base`: the text "!" has not the form that is asked for (base64)'],
    ],
    [
      'a key of a form',
      'odd: a\n    named: { AB: 1 }',
      ['s.yml:4:14 CONFIG_INVALID `AB`: this key has not the form that is asked for'],
    ],
    [
      'a value below a key',
      'odd: a\n    named: { a: x }',
      ['s.yml:4:17 CONFIG_INVALID `a`: expected a number, got the text "x"'],
    ],
    [
      'none of several types',
      'odd: a\n    either: 5',
      ['s.yml:4:13 CONFIG_INVALID `either`: expected text or a list or a mapping, got the number 5'],
    ],
    [
      'the nearest of several forms',
      'odd: a\n    either: { dep: 1, deep: 1 }',
      ['s.yml:4:15 KEY_UNKNOWN `either` has no key `dep` → deep'],
    ],
    [
      'an entry of one of several forms',
      'odd: a\n    either: [x, ""]',
      ['s.yml:4:17 CONFIG_INVALID `either`, entry 2: must not be empty'],
    ],
    ['a rule of the kind', 'odd: a\n    word: bad', ['s.yml:3:5 CONFIG_INVALID `odd`: must not be bad']],
    [
      'keys that are missing',
      'strictly: a',
      [
        's.yml:3:5 CONFIG_INVALID `to`: missing; expected text',
        's.yml:3:5 CONFIG_INVALID `how`: missing; expected one of a, b',
        's.yml:3:5 CONFIG_INVALID `either`: missing; expected text or a number',
      ],
    ],
    [
      'a rule of the kind is left out while a key is open',
      'odd: a\n    word: bad\n    shape: ${x}\n    when: x',
      [
        's.yml:5:12 VARIABLE_UNKNOWN no level sets the variable `x`: neither the stack, nor a group, nor the host',
        's.yml:6:11 CONFIG_INVALID `when`: expected one of never, always, got the text "x"',
      ],
    ],
  ])('%s', (_, entry, expected) => {
    expect(problems(`on: web\nresources:\n  - ${entry}`)).toEqual(expected);
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

describe('the file', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'a key that comes later',
      'on: web\nwaves: [1]\nchecks: []\nresources: []',
      [
        's.yml:2:1 KEY_UNKNOWN `waves` is not supported yet',
        's.yml:3:1 KEY_UNKNOWN `checks` is not supported yet',
      ],
    ],
    [
      'an unknown key',
      'on: web\nresource: []',
      [
        's.yml:1:1 CONFIG_INVALID `resources`: missing; expected a list',
        's.yml:2:1 KEY_UNKNOWN a stack has no key `resource` → resources',
      ],
    ],
    [
      'a mapping of resources',
      'on: web\nresources: { group: g }',
      ['s.yml:2:12 CONFIG_INVALID `resources`: expected a list, got a mapping'],
    ],
    ['a list for a file', '- group: g', ['s.yml:1:1 CONFIG_INVALID a stack: expected a mapping, got a list']],
    [
      'no variables',
      'on: web\nvars:\nresources: []',
      ['s.yml:2:1 CONFIG_INVALID `vars`: expected a mapping, got nothing'],
    ],
  ])('%s', (_, stack, expected) => {
    expect(problems(stack)).toEqual(expected);
  });

  it('may hold no resources', () => {
    expect(configOf({ 's.yml': 'on: web\nresources: []' }).stacks).toHaveLength(1);
  });
});
