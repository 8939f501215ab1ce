import { describe, expect, it } from 'vitest';
import { configOf, HOSTS, problemsOf, wantsOf } from './fleet.ts';

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
      'on: nowhere\nresources:\n  - group: g\n    sistem: true\n  - file: /f\n    content: x\n    ownr: ${nobody}',
      [
        's.yml:1:5 HOST_UNKNOWN hosts.yml has no host or group `nowhere`',
        's.yml:4:5 KEY_UNKNOWN `group` has no key `sistem` → system',
        's.yml:7:5 KEY_UNKNOWN `file` has no key `ownr` → owner',
        's.yml:7:11 VARIABLE_UNKNOWN no level sets the variable `nobody`: neither the stack, nor a group, nor the host',
      ],
    ],
  ])('%s', (_, stack, expected) => {
    expect(problems(stack)).toEqual(expected);
  });

  it('a group without hosts', () => {
    const hosts = HOSTS.replace('groups:\n', 'groups:\n  empty:\n');
    expect(problemsOf({ 'hosts.yml': hosts, 's.yml': 'on: empty\nresources: []' })).toEqual([
      's.yml:1:5 HOST_UNKNOWN the group `empty` has no hosts',
    ]);
  });
});

describe('the file', () => {
  it.each<[string, string, readonly string[]]>([
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
