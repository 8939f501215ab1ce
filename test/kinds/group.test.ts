import { describe, expect, it } from 'vitest';
import { group } from '../../src/kinds/group.ts';
import { createScriptedReader } from '../support/scripted-reader.ts';
import { SUITES, readCase } from './recorded.ts';
import { want, worldOf } from './trial.ts';

describe.each(SUITES)('group on %s', (suite) => {
  it('is read as it is', async () => {
    const present = { is: 'present', local: true, primaryOf: [], members: [] };
    expect(await readCase(group, 'group', suite)).toEqual({
      adm: { ...present, gid: 4 },
      ann: { ...present, gid: 4201, primaryOf: ['ann'] },
      audio: { ...present, gid: 29, members: ['ann'] },
      lone: { ...present, gid: 4202 },
      taken: { is: 'taken', by: 'ann' },
      sudo: { ...present, gid: 27 },
    });
  });
});

const HAVE = { is: 'present', gid: 4201, local: true, primaryOf: [], members: [] };
const GONE = {
  verb: 'delete',
  fields: [{ name: 'gid', before: '4201', after: null }],
  steps: [{ do: 'run', argv: ['groupdel', 'crew'] }],
  notes: ['files of gid 4201 keep the number'],
};
const AFTER_USER = 'if getent group "$1" >/dev/null; then groupdel "$1"; fi';

function conflict(message: string): object {
  return { blocked: { code: 'ACCOUNT_CONFLICT', message } };
}

function kept(why: string): object {
  return {
    verb: 'forget',
    reason: `no longer declared; the group stays: ${why}`,
    fields: [],
    steps: [],
    data: 'kept',
  };
}

interface Row {
  readonly name: string;
  readonly want: object | undefined;
  readonly have: object | undefined;
  readonly verbs?: Parameters<typeof worldOf>[0];
  readonly change: object | undefined;
}

const ROWS: readonly Row[] = [
  {
    name: 'made',
    want: {},
    have: undefined,
    change: {
      verb: 'create',
      reason: 'there is no such group',
      fields: [],
      steps: [{ do: 'run', argv: ['groupadd', 'crew'] }],
    },
  },
  {
    name: 'made as declared',
    want: { system: true, gid: 150 },
    have: undefined,
    change: {
      verb: 'create',
      reason: 'there is no such group',
      fields: [
        { name: 'system', before: null, after: 'true' },
        { name: 'gid', before: null, after: '150' },
      ],
      steps: [{ do: 'run', argv: ['groupadd', '--system', '--gid', '150', 'crew'] }],
    },
  },
  { name: 'there', want: { system: true }, have: HAVE, change: undefined },
  { name: 'there with its number', want: { gid: 4201 }, have: HAVE, change: undefined },
  {
    name: 'another number',
    want: { gid: 4300 },
    have: HAVE,
    change: conflict(
      'the group crew has gid 4201 on this host, 4300 is declared; its files would be left with the old one',
    ),
  },
  {
    name: 'the number of another',
    want: { gid: 4201 },
    have: { is: 'taken', by: 'ann' },
    change: conflict('gid 4201 belongs to the group ann on this host'),
  },
  { name: 'absent and not there', want: { absent: true }, have: undefined, change: undefined },
  { name: 'absent', want: { absent: true }, have: HAVE, change: { ...GONE, reason: 'declared absent' } },
  {
    name: 'absent with members',
    want: { absent: true },
    have: { ...HAVE, members: ['ann', 'bob'] },
    change: {
      ...GONE,
      reason: 'declared absent',
      notes: ['ann, bob no longer in it', 'files of gid 4201 keep the number'],
    },
  },
  {
    name: 'absent and primary',
    want: { absent: true },
    have: { ...HAVE, primaryOf: ['ann', 'bob'] },
    change: conflict('the group crew is the primary group of ann, bob'),
  },
  {
    name: 'absent after its user',
    want: { absent: true },
    have: { ...HAVE, primaryOf: ['crew'] },
    verbs: { 'user/crew': 'delete' },
    change: {
      ...GONE,
      reason: 'declared absent',
      steps: [{ do: 'run', argv: ['sh', '-c', AFTER_USER, 'groupdel', 'crew'] }],
    },
  },
  {
    name: 'absent from elsewhere',
    want: { absent: true },
    have: { ...HAVE, local: false },
    change: conflict('the group crew does not stand in /etc/group; remove it at its source'),
  },
  {
    name: 'absent, gid 0',
    want: { absent: true },
    have: { ...HAVE, gid: 0 },
    change: conflict('the group with gid 0 is never removed'),
  },
  { name: 'omitted and gone', want: undefined, have: undefined, change: undefined },
  {
    name: 'omitted and unused',
    want: undefined,
    have: HAVE,
    change: { ...GONE, reason: 'no longer declared; Ashore made it, and nobody is in it' },
  },
  {
    name: 'omitted and in use',
    want: undefined,
    have: { ...HAVE, primaryOf: ['ann'], members: ['bob'] },
    change: kept('it is the primary group of ann and it has the members bob'),
  },
  {
    name: 'omitted and from elsewhere',
    want: undefined,
    have: { ...HAVE, local: false },
    change: kept('it does not stand in /etc/group'),
  },
];

describe('group', () => {
  it.each(ROWS)('$name', ({ want: spec, have, verbs, change }) => {
    const wish = spec && want(group, 'crew', spec);
    expect(group.change({ id: 'crew', want: wish, have, last: undefined, world: worldOf(verbs) })).toEqual(
      change,
    );
  });

  it('sees groups that only another source knows', async () => {
    const look = { status: 0, stderr: '' };
    const reader = createScriptedReader([
      { ...look, argv: ['cat', '/etc/passwd'], stdout: 'root:x:0:0:root:/root:/bin/sh\n+::::::\n' },
      { ...look, argv: ['cat', '/etc/group'], stdout: 'root:x:0:\n+:::\n' },
      { ...look, argv: ['getent', 'group', 'crew', 'none'], status: 2, stdout: 'crew:*:70001:ann\n' },
    ]);
    const wanted = new Map([
      ['crew', want(group, 'crew', {})],
      ['none', want(group, 'none', { absent: true })],
    ]);
    expect(Object.fromEntries(await group.read(reader, wanted))).toEqual({
      crew: { is: 'present', gid: 70001, local: false, primaryOf: [], members: [] },
    });
  });

  it('does not take a failed read for an absence', async () => {
    const failed = { status: 1, stdout: '', stderr: 'cat: Permission denied' };
    const reader = createScriptedReader([
      { ...failed, argv: ['cat', '/etc/passwd'] },
      { ...failed, argv: ['cat', '/etc/group'] },
      { ...failed, argv: ['getent', 'group', 'crew'] },
    ]);
    await expect(group.read(reader, new Map([['crew', {}]]))).rejects.toThrow(/READ_FAILED/);
  });

  it.each(['', 'Crew', '0', '-r', 'a b', 'a,b', 'a:b', '$(id)', 'é', 'a.b', 'crew\n', 'a'.repeat(32)])(
    'refuses the name %j',
    (id) => {
      expect(group.id.safeParse(id).success).toBe(false);
    },
  );

  it.each([
    { gid: 0 },
    { gid: -1 },
    { gid: 1.5 },
    { gid: 4_294_967_295 },
    { gid: '5' },
    { absent: false },
    { name: 'x' },
  ])('refuses %j', (spec) => {
    expect(group.spec.safeParse(spec).success).toBe(false);
  });

  it('refuses what stands beside absent', () => {
    expect(() => want(group, 'crew', { absent: true, gid: 5 })).toThrow('gid says how it should be');
  });
});
