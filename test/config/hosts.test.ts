import { describe, expect, it } from 'vitest';
import type { Target } from '../../src/core/host.ts';
import { configOf, KEY_A, KEY_B, problemsOf } from './fleet.ts';

const KEY = `host_key: ${KEY_A}`;

function targetsOf(hosts: string): Record<string, Target> {
  return Object.fromEntries(configOf({ 'hosts.yml': hosts }).targets);
}

function problems(hosts: string): readonly string[] {
  return problemsOf({ 'hosts.yml': hosts });
}

describe('targets', () => {
  it('fills in the defaults', () => {
    expect(targetsOf(`hosts:\n  a: { address: 10.0.0.1, ${KEY} }`)).toEqual({
      a: {
        host: 'a',
        address: '10.0.0.1',
        port: 22,
        user: 'deploy',
        hostKeys: [KEY_A],
        sudo: true,
        state: '/var/lib/ashore',
        jump: null,
      },
    });
  });

  it('takes what the host says before what ssh says', () => {
    const hosts = `
ssh: { user: admin, port: 2222, sudo: false, state: /srv/ashore }
hosts:
  a: { address: a.example, host_key: [${KEY_A}, ${KEY_B} two] }
  b: { address: "fd00::1", ${KEY}, user: ops, port: 22, sudo: true, state: /home/ops/.ashore }`;
    expect(targetsOf(hosts)).toMatchObject({
      a: { port: 2222, user: 'admin', sudo: false, state: '/srv/ashore', hostKeys: [KEY_A, KEY_B] },
      b: { address: 'fd00::1', port: 22, user: 'ops', sudo: true, state: '/home/ops/.ashore' },
    });
  });

  it.each([
    ['', '', true],
    ['user: root', '', false],
    ['', 'user: root', false],
    ['user: root', 'user: deploy', true],
    ['sudo: true', 'user: root', false],
    ['user: root, sudo: true', '', true],
    ['sudo: false', '', false],
    ['sudo: false', 'sudo: true', true],
    ['user: root', 'sudo: true', true],
  ])('sudo with ssh {%s} and host {%s}: %s', (ssh, host, sudo) => {
    const hosts = `ssh: {${ssh}}\nhosts:\n  a: { address: a, ${KEY}, ${host} }`;
    expect(targetsOf(hosts)['a']?.sudo).toBe(sudo);
  });

  it('has a user for planning only where one is named', () => {
    const hosts = `
ssh: { plan_user: looker }
hosts:
  a: { address: a, ${KEY} }
  b: { address: b, ${KEY}, plan_user: other, jump: a }`;
    const targets = targetsOf(hosts);
    expect(targets['a']).toMatchObject({ user: 'deploy', planUser: 'looker' });
    expect(targets['b']).toMatchObject({ planUser: 'other', jump: { planUser: 'looker' } });
  });

  it('keeps the order of the file', () => {
    const hosts = `hosts:\n  b: { address: b, ${KEY} }\n  a: { address: a, ${KEY} }`;
    expect(Object.keys(targetsOf(hosts))).toEqual(['b', 'a']);
  });
});

describe('jumps', () => {
  it('goes through another host, which may itself be behind one', () => {
    const hosts = `
hosts:
  a: { address: a, ${KEY}, jump: b }
  b: { address: b, ${KEY}, jump: { address: c, host_key: ${KEY_B}, user: hop, port: 2222 } }`;
    expect(targetsOf(hosts)['a']?.jump).toMatchObject({
      host: 'b',
      jump: { host: 'c', address: 'c', user: 'hop', port: 2222, hostKeys: [KEY_B], sudo: false, jump: null },
    });
  });

  it('goes as `deploy` through an own jump host that names no user', () => {
    const hosts = `hosts:\n  a: { address: a, ${KEY}, jump: { address: b, ${KEY} } }`;
    expect(targetsOf(hosts)['a']?.jump).toMatchObject({ user: 'deploy', port: 22 });
  });

  it('of ssh are for all but the jump host itself and who declines', () => {
    const hosts = `
ssh: { user: ops, jump: door }
hosts:
  door: { address: door, ${KEY} }
  a: { address: a, ${KEY} }
  b: { address: b, ${KEY}, jump: }
  c: { address: c, ${KEY}, jump: { address: d, ${KEY} } }`;
    const targets = targetsOf(hosts);
    expect(Object.values(targets).map((target) => target.jump?.host ?? null)).toEqual([
      null,
      'door',
      null,
      'd',
    ]);
    expect(targets['c']?.jump).toMatchObject({ user: 'ops', port: 22 });
  });

  it.each<[string, string, readonly string[]]>([
    [
      'an unknown host',
      `hosts:\n  door: { address: d, ${KEY} }\n  a:\n    address: a\n    ${KEY}\n    jump: dor`,
      ['hosts.yml:6:11 HOST_UNKNOWN there is no host `dor` to jump through → door'],
    ],
    [
      'an unknown host for all, once',
      `ssh: { jump: gate }\nhosts:\n  a: { address: a, ${KEY} }\n  b: { address: b, ${KEY} }`,
      ['hosts.yml:1:14 HOST_UNKNOWN there is no host `gate` to jump through'],
    ],
    [
      'a circle, told where it begins',
      `hosts:\n  x: { address: x, ${KEY}, jump: a }\n  a: { address: a, jump: b, ${KEY} }\n  b: { address: b, jump: a, ${KEY} }`,
      ['hosts.yml:3:26 CONFIG_INVALID jumps go in a circle: a → b → a'],
    ],
    [
      'through itself',
      `hosts:\n  a: { address: a, jump: a, ${KEY} }`,
      ['hosts.yml:2:26 CONFIG_INVALID jumps go in a circle: a → a'],
    ],
    [
      'an own jump host with a wrong key',
      `hosts:\n  a: { address: a, jump: { adress: b, ${KEY} }, ${KEY} }`,
      [
        'hosts.yml:2:20 CONFIG_INVALID `address`: missing; expected text',
        'hosts.yml:2:28 KEY_UNKNOWN `jump` has no key `adress` → address',
      ],
    ],
  ])('%s', (_, hosts, expected) => {
    expect(problems(hosts)).toEqual(expected);
  });
});

describe('problems', () => {
  const NAME =
    'a name has lower-case letters, digits, `.`, `_` and `-`, begins with a letter or digit, and has at most 63 characters';
  const ADDRESS =
    'an address is a host name or an IP address alone; the user and the port have keys of their own';
  const HOST_KEY =
    'not a host key; it looks like `ssh-ed25519 AAAA…` and stands on the host in /etc/ssh/ssh_host_ed25519_key.pub';

  it.each<[string, string, readonly string[]]>([
    [
      'a text for a file',
      'hello',
      ['hosts.yml:1:1 CONFIG_INVALID hosts.yml: expected a mapping, got the text "hello"'],
    ],
    ['no hosts key', 'groups: {}', ['hosts.yml:1:1 CONFIG_INVALID `hosts`: missing; expected a mapping']],
    ['no hosts', 'hosts: {}', ['hosts.yml:1:8 CONFIG_INVALID `hosts`: at least one host is needed']],
    [
      'hosts without a value',
      'hosts:',
      ['hosts.yml:1:1 CONFIG_INVALID `hosts`: expected a mapping, got nothing'],
    ],
    [
      'an unknown key',
      `host: 1\nhosts:\n  a: { address: a, ${KEY} }`,
      ['hosts.yml:1:1 KEY_UNKNOWN hosts.yml has no key `host` → hosts'],
    ],
    [
      'unknown and missing keys of a host',
      `hosts:\n  a:\n    adress: a\n    hostkey: ${KEY_A}`,
      [
        'hosts.yml:2:3 CONFIG_INVALID `address`: missing; expected text',
        'hosts.yml:2:3 CONFIG_INVALID `host_key`: missing; expected text or a list',
        'hosts.yml:3:5 KEY_UNKNOWN `a` has no key `adress` → address',
        'hosts.yml:4:5 KEY_UNKNOWN `a` has no key `hostkey` → host_key',
      ],
    ],
    [
      'numbers that are none',
      `hosts:\n  a: { address: a, ${KEY}, port: "22", sudo: yes }\n  b: { address: b, ${KEY}, port: 70000 }\n  c: { address: c, ${KEY}, port: 2.5 }`,
      [
        'hosts.yml:2:118 CONFIG_INVALID `port`: expected a number, got the text "22"',
        'hosts.yml:2:130 CONFIG_INVALID `sudo`: expected true or false, got the text "yes" → true',
        'hosts.yml:3:118 CONFIG_INVALID `port`: must be at most 65535',
        'hosts.yml:4:118 CONFIG_INVALID `port`: expected a whole number, got the number 2.5',
      ],
    ],
    [
      'a name in capitals',
      `hosts:\n  Web: { address: a, ${KEY} }`,
      [`hosts.yml:2:3 CONFIG_INVALID \`Web\`: ${NAME}`],
    ],
    [
      'a name that is too long',
      `hosts:\n  ${'a'.repeat(64)}: { address: a, ${KEY} }`,
      [`hosts.yml:2:3 CONFIG_INVALID \`${'a'.repeat(64)}\`: ${NAME}`],
    ],
    [
      'a name for all',
      `hosts:\n  all: { address: a, ${KEY} }`,
      ['hosts.yml:2:3 CONFIG_INVALID `all` means all hosts and cannot be a name'],
    ],
    [
      'a key that is none',
      'hosts:\n  a: { address: a, host_key: AAAA }',
      [`hosts.yml:2:30 CONFIG_INVALID \`host_key\`: ${HOST_KEY}`],
    ],
    [
      'a list of keys with one that is none',
      `hosts:\n  a: { address: a, host_key: [${KEY_A}, no] }`,
      [`hosts.yml:2:${33 + KEY_A.length} CONFIG_INVALID \`host_key\`, entry 2: ${HOST_KEY}`],
    ],
    [
      'no keys',
      'hosts:\n  a: { address: a, host_key: [] }',
      ['hosts.yml:2:30 CONFIG_INVALID `host_key`: must not be empty'],
    ],
    [
      'a number for a key',
      'hosts:\n  a: { address: a, host_key: 1 }',
      ['hosts.yml:2:30 CONFIG_INVALID `host_key`: expected text or a list, got the number 1'],
    ],
    ...['-oProxyCommand=x', '""', 'deploy@10.0.0.1', '10.0.0.1:22', '"[::1]"', 'a b', '"a\\nb"', '.a'].map(
      (address): [string, string, readonly string[]] => [
        `the address ${address}`,
        `hosts:\n  a: { address: ${address}, ${KEY} }`,
        [`hosts.yml:2:17 CONFIG_INVALID \`address\`: ${ADDRESS}`],
      ],
    ),
    ...['/', 'var/lib', '/var/../etc', '/var//lib', '/var/lib/', '"/a b"', '/a/.'].map(
      (state): [string, string, readonly string[]] => [
        `the state directory ${state}`,
        `hosts:\n  a: { address: a, state: ${state}, ${KEY} }`,
        ['hosts.yml:2:27 CONFIG_INVALID `state`: an absolute path of letters, digits, `.`, `_` and `-`'],
      ],
    ),
    [
      'a group that is a host',
      `groups:\n  a: {}\nhosts:\n  a: { address: a, ${KEY} }`,
      ['hosts.yml:2:3 CONFIG_INVALID `a` is also the name of a host (line 4)'],
    ],
    [
      'a group that is not declared',
      `groups:\n  web:\nhosts:\n  a: { address: a, ${KEY}, groups: [web, wbe, other] }`,
      [
        'hosts.yml:4:126 HOST_UNKNOWN there is no group `wbe` under `groups` → web',
        'hosts.yml:4:131 HOST_UNKNOWN there is no group `other` under `groups`',
      ],
    ],
    [
      'two names for one machine',
      `hosts:\n  a: { address: x, ${KEY} }\n  b: { address: x, ${KEY}, port: 22 }\n  c: { address: x, ${KEY}, port: 23 }`,
      [
        'hosts.yml:3:17 CONFIG_INVALID a is reached in the same way (deploy-configs/hosts.yml:2:17); one machine has one name',
      ],
    ],
    [
      'a variable that Ashore sets',
      `hosts:\n  a:\n    address: a\n    ${KEY}\n    vars: { host: b, other: 1 }`,
      ['hosts.yml:5:13 CONFIG_INVALID `host` is set by Ashore itself'],
    ],
    [
      'a variable with an odd name',
      `hosts:\n  a:\n    address: a\n    ${KEY}\n    vars: { 1st: b }`,
      [
        'hosts.yml:5:13 CONFIG_INVALID `1st`: a variable has letters, digits, `_` and `-`, and begins with a letter or `_`',
      ],
    ],
    [
      'groups that disagree',
      `groups:\n  x: { vars: { port: 1, same: [a], deep: { one: 1, two: 2 } } }\n  y: { vars: { port: 2, same: [a], deep: { one: 1, two: 3 } } }\nhosts:\n  a:\n    address: a\n    ${KEY}\n    groups: [x, y]`,
      [
        'hosts.yml:8:13 CONFIG_INVALID the groups `x` and `y` of a set `port` differently; set it in the host',
        'hosts.yml:8:13 CONFIG_INVALID the groups `x` and `y` of a set `deep.two` differently; set it in the host',
      ],
    ],
    [
      'groups that disagree while the host decides',
      `groups:\n  x: { vars: { port: 1, deep: { two: 2 }, kind: { a: 1 } } }\n  y: { vars: { port: 2, deep: { two: 3 }, kind: 5 } }\nhosts:\n  a:\n    address: a\n    ${KEY}\n    groups: [x, y]\n    vars: { port: 3, deep: { two: 4 }, kind: {} }`,
      [],
    ],
    [
      'groups with values that were told already',
      `groups:\n  x: { vars: { port: [01] } }\n  y: { vars: { port: 2 } }\nhosts:\n  a: { address: a, ${KEY}, groups: [x, y] }`,
      [
        'hosts.yml:2:23 CONFIG_INVALID without quotes, YAML reads 01 as the number 1: put it in quotes → "01"',
      ],
    ],
  ])('%s', (_, hosts, expected) => {
    expect(problems(hosts)).toEqual(expected);
  });
});
