// The plan as a document: it goes through JSON unchanged, and its digest covers what would be done and nothing else.
import { describe, expect, it } from 'vitest';
import { canonical } from '../../src/core/json.ts';
import { countChanges, digestOf, isComplete, isEmpty, Plan, shortDigest } from '../../src/core/plan.ts';
import type { BlockedResource, Change, HostPlan } from '../../src/core/plan.ts';

const put: Change['steps'][number] = {
  do: 'put',
  path: '/etc/motd',
  owner: 'root',
  group: null,
  mode: '0644',
  content: { text: 'hello\n' },
};

const change: Change = {
  ref: 'file//etc/motd',
  stack: 'base',
  verb: 'update',
  causes: ['this-change'],
  reason: 'content differs',
  fields: [{ name: 'content', before: null, after: 'hello\n', as: 'text' }],
  steps: [put, { do: 'run', argv: ['run-parts', '/etc/update-motd.d'], limit: 5, stdin: { base64: '/w==' } }],
  before: 'absent',
  want: 'w1',
  last: { sha256: 'x', list: [1, null] },
  origin: 'created',
  data: 'kept',
  interrupts: [{ what: 'ssh.service', how: 'reload' }],
  notes: ['a note'],
  where: { file: 'deploy-configs/base.yml', line: 3, column: 5 },
};

const blocked: BlockedResource = {
  ref: 'service/shop',
  stack: 'shop',
  reason: { code: 'UNIT_MISSING', message: 'no unit', evidence: { command: 'a', status: 1 } },
  where: null,
};

const host: HostPlan = {
  host: 'web1',
  login: 'deploy@192.0.2.1:22',
  changes: [change],
  blocked: [],
  unchanged: 3,
  failure: null,
};

const draft = { stacks: ['base'], hosts: [host] };

const plan: Plan = {
  format: 1,
  digest: digestOf(draft),
  commit: 'c1',
  config: 'f1',
  at: '2026-11-22T14:02:11.000Z',
  ...draft,
};

const withHost = (over: Partial<HostPlan>): Plan => ({ ...plan, hosts: [{ ...host, ...over }] });
const withChange = (over: Partial<Change>): Plan => withHost({ changes: [{ ...change, ...over }] });
const withoutLast = (): Plan => {
  const { last: _last, ...rest } = change;
  return withHost({ changes: [rest] });
};

describe('a plan', () => {
  it('goes through JSON, and keeps its digest', () => {
    const full = withHost({ blocked: [blocked], failure: { code: 'HOST_AUTH', message: 'x' } });
    const parsed = Plan.parse(JSON.parse(JSON.stringify(full)));
    expect(parsed).toEqual(full);
    expect(digestOf(parsed)).toBe(digestOf(full));
  });

  it.each<readonly [string, Plan]>([
    ...(
      ['create', 'update', 'reload', 'restart', 'replace', 'delete', 'adopt', 'forget', 'run'] as const
    ).map((verb) => [verb, withChange({ verb })] as const),
    ['all causes', withChange({ causes: ['this-change', 'drift', 'undeployed'] })],
    ['adopted', withChange({ origin: 'adopted' })],
    ['data lost', withChange({ data: 'lost' })],
    ...(['restart', 'reload', 'stop'] as const).map(
      (how) => [`to ${how}`, withChange({ interrupts: [{ what: 'x', how }] })] as const,
    ),
  ])('has a word for %s', (_name, other) => {
    expect(Plan.parse(other)).toEqual(other);
  });

  it.each([
    ['another format', { ...plan, format: 2 }],
    ['a key more', { ...plan, extra: 1 }],
    ['an unknown verb', { ...plan, hosts: [{ ...host, changes: [{ ...change, verb: 'explode' }] }] }],
    ['an unknown cause', { ...plan, hosts: [{ ...host, changes: [{ ...change, causes: ['whim'] }] }] }],
    ['an unknown step', { ...plan, hosts: [{ ...host, changes: [{ ...change, steps: [{ do: 'x' }] }] }] }],
    ['an unknown reason', { ...plan, hosts: [{ ...host, failure: { code: 'NOPE', message: '' } }] }],
    ['half a resource', { ...plan, hosts: [{ ...host, unchanged: 0.5 }] }],
  ])('of %s is none', (_name, other) => {
    expect(Plan.safeParse(other).success).toBe(false);
  });

  it('is called by the first twelve characters of its digest', () => {
    expect(plan.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(shortDigest(plan.digest)).toBe(plan.digest.slice(0, 12));
  });
});

describe('the digest is the same', () => {
  it('when keys come in another order', () => {
    const reordered: unknown = JSON.parse(canonical(plan));
    expect(digestOf(Plan.parse(reordered))).toBe(plan.digest);
  });

  it.each<readonly [string, Plan]>([
    ['at another commit', { ...plan, commit: 'c2' }],
    ['at another time', { ...plan, at: '2027-01-01T00:00:00.000Z' }],
    ['from other files with the same meaning', { ...plan, config: 'f2' }],
    ['for another cause', withChange({ causes: ['drift', 'undeployed'] })],
    ['in other words', withChange({ reason: 'another', notes: [] })],
    ['declared at another line', withChange({ where: null })],
    ['with another warning', withChange({ interrupts: [], data: 'lost' })],
    ['with more that is as declared', withHost({ unchanged: 4 })],
  ])('%s', (_name, other) => {
    expect(digestOf(other)).toBe(plan.digest);
  });

  it.each<readonly [string, Partial<HostPlan>, Partial<HostPlan>]>([
    [
      'a host that failed',
      { failure: { code: 'HOST_AUTH', message: 'a' } },
      { failure: { code: 'HOST_AUTH', message: 'b' } },
    ],
    [
      'what is blocked',
      { blocked: [blocked] },
      { blocked: [{ ...blocked, where: change.where, stack: 'b' }] },
    ],
  ])('for %s, told in other words', (_name, one, two) => {
    expect(digestOf(withHost(one))).toBe(digestOf(withHost(two)));
  });
});

describe('the digest is another one', () => {
  const field = { name: 'mode', before: '0600', after: '0644' };

  it.each<readonly [string, Plan]>([
    ['for another stack', { ...plan, stacks: ['shop'] }],
    ['for more stacks', { ...plan, stacks: ['base', 'shop'] }],
    ['for no host', { ...plan, hosts: [] }],
    ['for another host', withHost({ host: 'web2' })],
    ['for another login', withHost({ login: 'root@192.0.2.1:22' })],
    ['for no change', withHost({ changes: [] })],
    ['for a change twice', withHost({ changes: [change, change] })],
    ['when a host fails', withHost({ failure: { code: 'HOST_AUTH', message: 'x' } })],
    ['when something is blocked', withHost({ blocked: [blocked] })],
    ['for another resource', withChange({ ref: 'file//etc/issue' })],
    ['for a change of another stack', withChange({ stack: 'shop' })],
    ['for another verb', withChange({ verb: 'create' })],
    ['for another state before', withChange({ before: 'b' })],
    ['for another want', withChange({ want: 'w2' })],
    ['for nothing wanted', withChange({ want: null })],
    ['for another memory', withChange({ last: { sha256: 'y' } })],
    ['for no memory', withoutLast()],
    ['for another origin', withChange({ origin: 'adopted' })],
    ['for no field', withChange({ fields: [] })],
    ['for a field with another value before', withChange({ fields: [{ ...field, before: '0640' }] })],
    ['for a field with another value after', withChange({ fields: [{ ...field, after: '0640' }] })],
    ['for another field', withChange({ fields: [{ ...field, name: 'owner' }] })],
    ['for no step', withChange({ steps: [] })],
    ['for steps in another order', withChange({ steps: change.steps.toReversed() })],
    ['for another path', withChange({ steps: [{ ...put, path: '/etc/issue' }] })],
    ['for other bytes', withChange({ steps: [{ ...put, content: { text: 'hello' } }] })],
    ['for another owner', withChange({ steps: [{ ...put, owner: null }] })],
    ['for another mode', withChange({ steps: [{ ...put, mode: '0664' }] })],
    ['for another program', withChange({ steps: [{ do: 'run', argv: ['true'] }] })],
    ['for another argument', withChange({ steps: [{ do: 'run', argv: ['true', ''] }] })],
    ['for another limit', withChange({ steps: [{ do: 'run', argv: ['true'], limit: 1 }] })],
    ['for another user', withChange({ steps: [{ do: 'run', argv: ['true'], user: 'a' }] })],
    ['for another directory', withChange({ steps: [{ do: 'run', argv: ['true'], directory: '/' }] })],
    ['for other input', withChange({ steps: [{ do: 'run', argv: ['true'], stdin: { text: '' } }] })],
  ])('%s', (_name, other) => {
    expect(digestOf(other)).not.toBe(plan.digest);
  });

  it('for hosts in another order', () => {
    const [one, two] = [host, { ...host, host: 'web2' }];
    expect(digestOf({ ...draft, hosts: [one, two] })).not.toBe(digestOf({ ...draft, hosts: [two, one] }));
  });

  it('for another failure', () => {
    const codes = ['HOST_AUTH', 'HOST_TIMEOUT'] as const;
    const digests = codes.map((code) => digestOf(withHost({ failure: { code, message: 'x' } })));
    expect(new Set(digests).size).toBe(2);
  });

  it('for another obstacle, and for another resource that has one', () => {
    const digests = [
      blocked,
      { ...blocked, ref: 'service/a' },
      { ...blocked, reason: { code: 'OWNER_MISSING' as const, message: 'no unit' } },
    ].map((entry) => digestOf(withHost({ blocked: [entry] })));
    expect(new Set(digests).size).toBe(3);
  });
});

describe('what a plan holds', () => {
  const failed: HostPlan = { ...host, changes: [], failure: { code: 'HOST_AUTH', message: 'x' } };

  it.each<readonly [string, readonly HostPlan[], readonly [number, boolean, boolean]]>([
    ['no host', [], [0, true, true]],
    ['a host as declared', [{ ...host, changes: [] }], [0, true, true]],
    ['changes on two hosts', [host, { ...host, changes: [change, change] }], [3, true, false]],
    ['a host that failed', [failed], [0, false, false]],
    ['something blocked', [{ ...host, changes: [], blocked: [blocked] }], [0, false, false]],
    ['some of each', [host, failed], [1, false, false]],
  ])('%s', (_name, hosts, [changes, complete, empty]) => {
    const other = { ...plan, hosts: [...hosts] };
    expect([countChanges(other), isComplete(other), isEmpty(other)]).toEqual([changes, complete, empty]);
  });
});
