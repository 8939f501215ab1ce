import { describe, expect, it } from 'vitest';
import { configOf, HOSTS, KEY_A, problemsOf, wantsOf } from './fleet.ts';

const PRELUDE = `on: web1\nvars: { port: 80, version: 1.10, yes: true, none: , list: [a, b], map: { a: { b: 1 } }, text: hello }\nresources:\n`;

function wantOf(json: string): unknown {
  const [first] = wantsOf(configOf({ 's.yml': `${PRELUDE}  - file: /f\n    json: ${json}` }));
  const want = first?.[1];
  return typeof want === 'object' && want !== null && 'text' in want
    ? JSON.parse(String(want.text))
    : undefined;
}

function problemsIn(entry: string): readonly string[] {
  return problemsOf({ 's.yml': `${PRELUDE}  - file: /f\n    json: ${entry}` });
}

describe('values', () => {
  it.each<[string, string, unknown]>([
    [
      'a whole value keeps its type',
      '["${port}", "${yes}", "${none}", "${list}", "${map}", "${text}"]',
      [8080, true, null, ['a', 'b'], { a: { b: 1 } }, 'hello'],
    ],
    ['without quotes', '\n      a: ${text}', { a: 'hello' }],
    ['within a text it is as it was written', '"v${version} ${yes} ${text}${text}"', 'v1.10 true hellohello'],
    ['a block of text is a text', '|\n      ${port}\n', '8080\n'],
    ['built in', '"${host} ${address}"', 'web1 10.0.0.1'],
    ['an escape', '"$${port} $${ $$${x}"', '${port} ${ $${x}'],
    ['other dollars stay', '"$port $(x) $ ${text}$"', '$port $(x) $ hello$'],
    ['an escape in a key', '{ "$${a}": 1 }', { '${a}': 1 }],
    ['numbers are left alone', '[1, 2.5, true, ~]', [1, 2.5, true, null]],
  ])('%s', (_, json, value) => {
    expect(wantOf(json)).toEqual(value);
  });

  it('stands in an id', () => {
    const config = configOf({ 's.yml': 'on: web\nresources:\n  - file: /etc/${host}.conf\n    content: x' });
    expect(wantsOf(config).map(([address]) => address)).toEqual([
      'web1/file//etc/web1.conf',
      'web2/file//etc/web2.conf',
    ]);
  });
});

describe('levels', () => {
  const hosts = `
groups:
  far: { vars: { a: group, b: group, deep: { x: group, y: group, list: [g] }, map: { k: 1 } } }
  near: { vars: { c: near } }
hosts:
  h:
    address: h
    host_key: ${KEY_A}
    groups: [far, near]
    vars: { a: host, deep: { x: host, list: [h] }, map: plain }`;
  const stack = `
on: h
vars: { a: stack, b: stack, c: stack, d: stack, deep: { z: stack, y: stack }, map: { s: 1 } }
resources:
  - file: /f
    json: { a: "\${a}", b: "\${b}", c: "\${c}", d: "\${d}", deep: "\${deep}", map: "\${map}" }`;

  it('go from the stack over the groups to the host; maps are merged, lists replaced', () => {
    const [[, want] = []] = wantsOf(configOf({ 'hosts.yml': hosts, 's.yml': stack }));
    expect(want).toEqual({
      text: JSON.stringify({
        a: 'host',
        b: 'group',
        c: 'near',
        d: 'stack',
        deep: { z: 'stack', y: 'group', x: 'host', list: ['h'] },
        map: 'plain',
      }),
    });
  });

  it('of one stack are not those of another', () => {
    const other = 'on: h\nresources:\n  - file: /g\n    content: ${d}';
    expect(problemsOf({ 'hosts.yml': hosts, 's.yml': stack, 't.yml': other })).toEqual([
      't.yml:4:14 VARIABLE_UNKNOWN no level sets the variable `d`: neither the stack, nor a group, nor the host → ${a}',
    ]);
  });
});

describe('problems', () => {
  const unknown = (name: string): string =>
    `VARIABLE_UNKNOWN no level sets the variable \`${name}\`: neither the stack, nor a group, nor the host`;
  const write = 'write `$${` for the characters themselves';

  it.each<[string, string, readonly string[]]>([
    ['an unknown variable', '${prot}', [`s.yml:5:11 ${unknown('prot')} → \${port}`]],
    [
      'several in one text, each once',
      '"${x1} ${x2} ${x1}"',
      [`s.yml:5:11 ${unknown('x1')}`, `s.yml:5:11 ${unknown('x2')}`],
    ],
    [
      'a path into a map',
      '${map.a}',
      [`s.yml:5:11 CONFIG_INVALID \`\${map.a}\` names no variable; ${write}`],
    ],
    ['nothing in braces', '"${}"', [`s.yml:5:11 CONFIG_INVALID \`\${}\` names no variable; ${write}`]],
    [
      'a brace that stays open',
      '"a ${port"',
      [`s.yml:5:11 CONFIG_INVALID \`\${port\` names no variable; ${write}`],
    ],
    [
      'what a shell would compute',
      '"${port:-80}"',
      [`s.yml:5:11 CONFIG_INVALID \`\${port:-80}\` names no variable; ${write}`],
    ],
    [
      'a list within a text',
      '"a ${list}"',
      ['s.yml:5:11 CONFIG_INVALID `list` holds a list, which cannot stand within a text'],
    ],
    [
      'a map within a text',
      '"a ${map}"',
      ['s.yml:5:11 CONFIG_INVALID `map` holds a mapping, which cannot stand within a text'],
    ],
    [
      'nothing within a text',
      '"a ${none}"',
      ['s.yml:5:11 CONFIG_INVALID `none` holds nothing, which cannot stand within a text'],
    ],
    [
      'a variable in a key',
      '{ "${port}": 1 }',
      [`s.yml:5:13 CONFIG_INVALID a key cannot hold a variable; ${write}`],
    ],
  ])('%s', (_, json, expected) => {
    expect(problemsIn(json)).toEqual(expected);
  });

  it('names the hosts where it is not the same on all', () => {
    const hosts = HOSTS.replace('groups: [web] }', 'groups: [web], vars: { size: 1 } }');
    const stack = 'on: all\nresources:\n  - file: /f\n    json: ["${size}", "${colour}", "${sise}"]';
    expect(problemsOf({ 'hosts.yml': hosts, 's.yml': stack })).toEqual([
      `s.yml:4:12 ${unknown('size')} (on web2, db1)`,
      `s.yml:4:23 ${unknown('colour')}`,
      `s.yml:4:36 ${unknown('sise')} → \${size}`,
    ]);
  });

  it('says where a value comes from that does not fit', () => {
    const stack = 'on: web\nresources:\n  - file: /f\n    content: ${port}\n  - file: /g\n    mode: ${port}';
    expect(problemsOf({ 's.yml': stack })).toEqual([
      's.yml:4:14 CONFIG_INVALID `content`: expected text, got the number 8080; put it in quotes (from `${port}`, set in deploy-configs/hosts.yml:2) → "8080"',
      's.yml:6:11 CONFIG_INVALID `mode`: expected text, got the number 8080; put it in quotes (from `${port}`, set in deploy-configs/hosts.yml:2) → "8080"',
    ]);
  });

  it('points at the use when a part of a value does not fit', () => {
    const stack =
      'on: web1\nvars: { shape: { deep: x, extra: 1 } }\nresources:\n  - odd: a\n    either: ${shape}';
    expect(problemsOf({ 's.yml': stack })).toEqual([
      's.yml:5:13 CONFIG_INVALID `deep`: expected a number, got the text "x" (from `${shape}`, set in deploy-configs/s.yml:2)',
      's.yml:5:13 KEY_UNKNOWN `either` has no key `extra`',
    ]);
  });

  it('does not let variables hold variables', () => {
    const stack =
      'on: web1\nvars:\n  a: x\n  b: "${a}"\n  c: ["y ${a}"]\n  d: "$${a}"\nresources:\n  - file: /f\n    json: ["${b}", "a ${b}", "${c}", "${d}"]';
    expect(problemsOf({ 's.yml': stack })).toEqual([
      `s.yml:4:6 CONFIG_INVALID a variable cannot hold \`\${a}\`; ${write}`,
      `s.yml:5:7 CONFIG_INVALID a variable cannot hold \`\${a}\`; ${write}`,
    ]);
  });

  it('lets a variable hold the characters', () => {
    const stack =
      'on: web1\nvars: { d: "$${a}" }\nresources:\n  - file: /f\n    content: "${d}"\n  - file: /g\n    content: "x${d}"';
    expect(wantsOf(configOf({ 's.yml': stack })).map(([, want]) => want)).toEqual([
      { text: '${a}' },
      { text: 'x${a}' },
    ]);
  });

  it('tells a value that could not be read once, not at each use', () => {
    const stack =
      'on: web\nvars: { mode: 0640 }\nresources:\n  - file: /f\n    content: x\n    mode: ${mode}';
    expect(problemsOf({ 's.yml': stack })).toEqual([
      's.yml:2:15 CONFIG_INVALID without quotes, YAML reads 0640 as the number 640: put it in quotes → "0640"',
    ]);
  });
});
