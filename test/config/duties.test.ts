import { describe, expect, it } from 'vitest';
import { formatProbe } from '../../src/core/probe.ts';
import { configOf, problemsOf } from './fleet.ts';

const END = '\nresources: []';

function dutiesOf(keys: string, on = 'web1') {
  const { duties = [] } = configOf({ 's.yml': `on: ${on}\nvars: { port: 8080 }\n${keys}${END}` });
  return duties.map(({ host, duty, once }) => [host, duty.when, duty.ref, ...(once ? [once] : [])]);
}

describe('checks', () => {
  it.each<[string, string]>([
    ['unit: shop', 'shop.service is active'],
    ['unit: shop.timer', 'shop.timer is active'],
    ['tcp: 8080', 'localhost:8080 takes connections'],
    ['tcp: "db.example:5432"', 'db.example:5432 takes connections'],
    ['http: "http://localhost:${port}/h?x=1"', 'http://localhost:8080/h?x=1 answers 200'],
    ['http: "http://[::1]/"\n    status: 503', 'http://[::1]/ answers 503'],
    [
      'http: "http://localhost/"\n    body: "it\'s $(x)"\n    header: { X-A: b }',
      'http://localhost/ answers 200 with X-A: "b" and "it\'s $(x)" in the body',
    ],
    ['command: [test, -e, "/a b"]', "test -e '/a b' succeeds"],
    ['command: [/x]\n    user: shop', 'as shop: /x succeeds'],
  ])('%s', (entry, words) => {
    expect(dutiesOf(`checks:\n  - ${entry}`)).toEqual([['web1', 'check', `check/s: ${words}`]]);
  });

  it.each<[string, readonly string[]]>([
    ['http: "https://localhost/"', ['an address such as']],
    ['http: "http://a:b@localhost/"', ['an address such as']],
    ['tcp: 70000', ['must be at most 65535']],
    ['tcp: nowhere', ['a port, or host:port']],
    ['unit: "a b"', ['the name of a unit']],
    ['http: "http://localhost/"\n    header: { X: "a\\r\\nb" }', ['a text on one line']],
    ['http: "http://localhost/"\n    withn: 5s', ['has no key `withn` → within']],
    ['unit: shop\n    within: soon', ['a time such as 30s']],
    ['unit: shop\n    within: 30', ['`within`: a time with its unit, such as 30s']],
    ['command: []', ['must not be empty']],
    ['http: "http://localhost:${prt}/"', ['no level sets the variable `prt`']],
  ])('%s is a problem', (entry, words) => {
    const found = problemsOf({ 's.yml': `on: web\nvars: { port: 1 }\nchecks:\n  - ${entry}${END}` });
    expect(found).toHaveLength(1);
    for (const word of words) expect(found[0]).toContain(word);
  });

  it('goes to each host with its own values', () => {
    expect(dutiesOf('checks:\n  - command: [test, "${host}"]', 'web')).toEqual([
      ['web1', 'check', 'check/s: test web1 succeeds'],
      ['web2', 'check', 'check/s: test web2 succeeds'],
    ]);
  });
});

describe('hooks', () => {
  it('before, after and on failure, in this order', () => {
    const keys = `hooks:
  on_failure: [{ run: [c] }]
  after: [{ run: [b] }, { run: [b] }]
  before: [{ run: [a, "x y"] }]
checks: [{ unit: u }]`;
    expect(dutiesOf(keys).map(([, when, ref]) => [when, ref])).toEqual([
      ['before', "hook/s: before a 'x y'"],
      ['check', 'check/s: u.service is active'],
      ['after', 'hook/s: after b'],
      ['after', 'hook/s: after b (2)'],
      ['on-failure', 'hook/s: on-failure c'],
    ]);
  });

  it('keeps copies between the hooks before and the changes, and puts back before the hooks on failure', () => {
    const keys =
      'on_failure: restore\nhooks: { before: [{ run: [a] }], on_failure: [{ run: [b] }], always: [{ run: [c] }] }';
    expect(dutiesOf(keys).map(([, when, ref]) => [when, ref])).toEqual([
      ['before', 'hook/s: before a'],
      ['before', 'restore/s: set aside'],
      ['on-failure', 'restore/s'],
      ['on-failure', 'hook/s: on-failure b'],
      ['always', 'hook/s: always c'],
    ]);
    expect(dutiesOf('on_failure: leave')).toEqual([]);
    expect(problemsOf({ 's.yml': `on: web\non_failure: restor${END}` })).toEqual([
      expect.stringContaining('s.yml:2:13 CONFIG_INVALID `on_failure`: expected one of leave, restore'),
    ]);
  });

  it.each<[string, unknown]>([
    ['before: [{ run: [a], once: true }]', [['web1', 'before', 'hook/s: before a', 'before']]],
    ['after: [{ run: [a], once: true, on: web1 }]', [['web1', 'after', 'hook/s: after a', 'after']]],
    ['after: [{ run: [a], once: true }]', [['web2', 'after', 'hook/s: after a', 'after']]],
    ['before: [{ run: [a], on: web2 }]', [['web2', 'before', 'hook/s: before a']]],
  ])('%s', (keys, expected) => {
    expect(dutiesOf(`hooks:\n  ${keys}`, 'web')).toEqual(expected);
  });

  it.each([
    ['before: [{ run: [a], once: true, on: web }]', 'what is done `once` is `on` one host'],
    ['on_failure: [{ run: [a], once: true }]', '`on_failure` is for each host on its own'],
    ['before: [{ run: sh -c x }]', 'expected a list'],
    ['befor: []', 'has no key `befor` → before'],
  ])('%s is a problem', (keys, words) => {
    const found = problemsOf({ 's.yml': `on: web\nhooks:\n  ${keys}${END}` });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
  });
});

describe('bake', () => {
  it('measures before all else and compares after the checks', () => {
    const keys = `bake: { for: 1m, limits: { p95: 50%, restarts: 0 } }
checks: [{ http: "http://localhost:8080/" }]
hooks: { before: [{ run: [a] }] }`;
    expect(dutiesOf(keys).map(([, , ref]) => ref)).toEqual([
      'check/s: before the bake',
      'hook/s: before a',
      'check/s: http://localhost:8080/ answers 200',
      'check/s: bake',
    ]);
  });

  it.each([
    ['p50: 50%, memory: 20%', 'p50 +50%, memory +20%, failures as before'],
    ['failures: 0.5%, p95: 250', 'p95 250 ms, failures 0.5%'],
  ])('{ %s } holds what it says, and failures in any case', (limits, words) => {
    const keys = `bake: { for: 1m, http: "http://localhost/", limits: { ${limits} } }`;
    const { duties = [] } = configOf({ 's.yml': `on: web1\n${keys}${END}` });
    const looks = duties.flatMap(({ duty }) =>
      duty.steps.flatMap((step) => (step.do === 'check' ? [step] : [])),
    );
    expect(looks.map(({ probe }) => formatProbe(probe))).toEqual([
      'http://localhost/ is measured',
      `http://localhost/ keeps to ${words}`,
    ]);
  });

  it.each([
    ['bake: { for: 1m, limits: { p95: 1 } }', '`bake` asks an http address'],
    ['bake: { for: 1m, http: "http://localhost/", limits: {} }', 'at least one limit is needed'],
    ['bake: { for: 1m, http: "http://localhost/", limits: { memory: 5 } }', 'expected text'],
    ['bake: { for: 1m, http: "http://localhost/", limits: { failures: 101% } }', 'a share from 0% to 100%'],
  ])('%s is a problem', (keys, words) => {
    const found = problemsOf({ 's.yml': `on: web\n${keys}${END}` });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
  });
});
