import { describe, expect, it } from 'vitest';
import { configOf, problemsOf } from './fleet.ts';

const END = '\nresources: []';

function rolloutOf(keys: string) {
  return configOf({ 's.yml': `on: all\n${keys}${END}`, 'base.yml': `on: all${END}` }).stacks.find(
    ({ name }) => name === 's',
  )?.rollout;
}

describe('waves', () => {
  it.each<[string, unknown]>([
    ['vars: { a: 1 }', undefined],
    ['waves: [1, 50%, 100%]', { waves: [hosts(1), share(50), share(100)] }],
    ['waves: [db1, web]', { waves: [names('db1'), names('web1', 'web2')] }],
    ['waves: [[db1, web1], 1]', { waves: [names('web1', 'db1'), hosts(1)] }],
    ['stop_after: 2', { stopAfter: 2 }],
    ['at_once: 3', { atOnce: 3 }],
    ['after: base', { after: ['base'] }],
  ])('%s', (keys, expected) => {
    expect(rolloutOf(keys)).toEqual(expected);
  });

  it.each<[string, readonly string[]]>([
    ['waves: []', ['s.yml:2:8 CONFIG_INVALID `waves`: must not be empty']],
    ['waves: [0]', ['s.yml:2:9 CONFIG_INVALID `waves`, entry 1: must be at least 1']],
    ['waves: [1, 101%]', ['s.yml:2:12 CONFIG_INVALID a percentage of the hosts is from 1% to 100%']],
    ['at_once: 0', ['s.yml:2:10 CONFIG_INVALID `at_once`: must be at least 1']],
    ['waves: [wep]', ['s.yml:2:9 HOST_UNKNOWN hosts.yml has no host or group `wep` → web']],
    ['after: bace', ['s.yml:2:8 STACK_UNKNOWN there is no stack `bace` → base']],
    ['after: [s]', ['s.yml:2:9 WAVES_CONFLICT stacks come after each other: s → s']],
  ])('%s is a problem', (keys, expected) => {
    const files = { 's.yml': `on: all\n${keys}${END}`, 'base.yml': `on: all${END}` };
    expect(problemsOf(files)).toEqual(expected);
  });

  it('hosts that are not of the stack', () => {
    expect(problemsOf({ 's.yml': `on: web\nwaves: [db1]${END}` })).toEqual([
      's.yml:2:9 HOST_UNKNOWN none of these hosts is one of the stack',
    ]);
  });

  it('a circle of stacks, once, with its path', () => {
    const stack = (after: string) => `on: web\nafter: ${after}${END}`;
    expect(problemsOf({ 'a.yml': stack('b'), 'b.yml': stack('c'), 'c.yml': stack('a') })).toEqual([
      'a.yml:2:8 WAVES_CONFLICT stacks come after each other: a → b → c → a',
    ]);
  });
});

describe('once', () => {
  const stack = (entry: string) => ({ 's.yml': `on: all\nresources:\n  - group: g\n${entry}` });

  it.each<[string, unknown]>([
    ['    once: before', ['web1', 'before']],
    ['    once: after\n    on: web2', ['web2', 'after']],
    ['    once: after', ['db1', 'after']],
  ])('%s', (entry, expected) => {
    const { resources } = configOf(stack(entry));
    expect(resources.map(({ address, once }) => [address.host, once])).toEqual([expected]);
  });

  it.each<[string, readonly string[]]>([
    ['    once: before\n    on: web', ['s.yml:5:9 CONFIG_INVALID what is done `once` is `on` one host']],
    [
      '    once: befor',
      ['s.yml:4:11 CONFIG_INVALID `once`: expected one of before, after, got the text "befor" → before'],
    ],
  ])('%s is a problem', (entry, expected) => {
    expect(problemsOf(stack(entry))).toEqual(expected);
  });
});

function hosts(n: number) {
  return { is: 'hosts', hosts: n };
}

function share(percent: number) {
  return { is: 'share', percent };
}

function names(...all: readonly string[]) {
  return { is: 'names', names: all };
}
