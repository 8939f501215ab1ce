// Files that are small and would grow without end: each is refused in time, at a place.
import { describe, expect, it } from 'vitest';
import { createBudget } from '../../src/config/bounds.ts';
import { HOSTS, KEY_A, problemsOf } from './fleet.ts';

const OVERSIZE =
  'CONFIG_TOO_LARGE with all hosts, variables and sources filled in, the configuration is larger than Ashore reads';

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}

function hostsOf(count: number, more: (index: number) => string = () => ''): string {
  return `hosts:\n${lines(count, (i) => `  h${i}: { address: h${i}, host_key: ${KEY_A}${more(i)} }`)}\n`;
}

describe('growth', () => {
  it.each<[string, Readonly<Record<string, string | Uint8Array>>, RegExp]>([
    [
      'many resources on many hosts',
      {
        'hosts.yml': hostsOf(4000),
        's.yml': `on: all\nresources:\n${lines(400, (i) => `  - group: g${i}`)}`,
      },
      /^s\.yml:\d+:5 /,
    ],
    [
      'a long text, many times within a text',
      {
        's.yml': `on: db1\nvars: { a: ${'x'.repeat(500_000)} }\nresources:\n  - file: /f\n    content: "${'${a}'.repeat(1000)}"`,
      },
      /^s\.yml:4:5 /,
    ],
    [
      'a long text, once on many hosts',
      {
        'hosts.yml': hostsOf(200),
        's.yml': `on: all\nresources:\n  - file: /f\n    content: "\${host}${'x'.repeat(500_000)}"`,
      },
      /^s\.yml:3:5 /,
    ],
    [
      'a source for many hosts',
      {
        'hosts.yml': hostsOf(100),
        'big.bin': new Uint8Array(1_000_000),
        's.yml': 'on: all\nresources:\n  - file: /${host}\n    source: big.bin',
      },
      /^s\.yml:3:5 /,
    ],
    [
      'a large map, for many resources',
      {
        's.yml': `on: db1\nvars: { a: [${'1,'.repeat(40_000)}] }\nresources:\n${lines(2000, (i) => `  - file: /f${i}\n    json: \${a}`)}`,
      },
      /^s\.yml:\d+:5 /,
    ],
    [
      'many variables of many hosts',
      {
        'hosts.yml': hostsOf(1000, (i) => `, vars: { v: ${i} }`),
        's.yml': `on: all\nvars:\n${lines(20_000, (i) => `  v${i}: 1`)}\nresources: []`,
      },
      /^s\.yml:1:1 /,
    ],
    [
      'many groups of many hosts',
      {
        'hosts.yml': `groups:\n${lines(300, (i) => `  g${i}: { vars: { ${lines(100, (j) => `v${j}: ${i},`).replaceAll('\n', ' ')} } }`)}\n${hostsOf(150, () => `, groups: [${lines(300, (i) => `g${i},`).replaceAll('\n', ' ')}]`)}`,
      },
      /^hosts\.yml:1:1 /,
    ],
  ])(
    'of %s',
    (_, files, place) => {
      const found = problemsOf(files).filter((line) => line.endsWith(OVERSIZE));
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(place);
    },
    60_000,
  );

  it('of all stacks together', () => {
    const stack = `on: web\nresources: []\n${'#'.repeat(1_000_000)}\n`;
    const files = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [`${name}.yml`, stack]));
    expect(problemsOf(files)).toEqual([
      'e.yml:1:1 CONFIG_TOO_LARGE the stacks are larger than 4194304 bytes together',
    ]);
  });

  it('of jumps', () => {
    const jump = (i: number): string => (i < 11 ? `, jump: h${i + 1}` : '');
    const found = problemsOf({ 'hosts.yml': hostsOf(12, jump) });
    expect(found.map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'CONFIG_INVALID h0 is behind more than 8 jumps',
      'CONFIG_INVALID h1 is behind more than 8 jumps',
      'CONFIG_INVALID h2 is behind more than 8 jumps',
    ]);
  });
});

describe('many problems', () => {
  it('are all told, the first hundred with suggestions', () => {
    const stack = `on: web\nresources:\n${lines(150, (i) => `  - group: g${i}\n    sytem: true`)}`;
    const found = problemsOf({ 'hosts.yml': HOSTS, 's.yml': stack });
    expect(found).toHaveLength(150);
    expect(found.filter((line) => line.endsWith(' → system'))).toHaveLength(100);
  });
});

describe('a budget', () => {
  it('is spent to the last unit, and not beyond', () => {
    const budget = createBudget(10);
    expect([budget.spend(4), budget.spend(6), budget.exhausted]).toEqual([true, true, false]);
    expect([budget.spend(1), budget.exhausted, budget.spend(0)]).toEqual([false, true, false]);
  });
});
