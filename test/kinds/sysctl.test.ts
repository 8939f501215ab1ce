import { describe, expect, it } from 'vitest';
import { ASIDE } from '../../src/core/kind.ts';
import { sysctl } from '../../src/kinds/sysctl.ts';
import { fileAt, noFileAt } from './found.ts';
import { want, worldOf } from './trial.ts';

const ID = 'net.ipv4.ip_forward';
const PATH = '/etc/sysctl.d/90-ashore-net.ipv4.ip_forward.conf';
const TEXT = 'net.ipv4.ip_forward = 1\n';

function have(file: object | null, live: string | null, later: readonly string[] = []) {
  const seen = live === null ? null : { is: 'value', value: live };
  return { file, live: null, [ASIDE]: { seen, later } };
}

interface Row {
  readonly name: string;
  readonly spec?: object;
  readonly have: object | undefined;
  readonly last?: { value: string };
  readonly world?: Parameters<typeof worldOf>[0];
  readonly change: object | undefined;
}

const SET = { do: 'run', argv: ['sysctl', '-w', 'net.ipv4.ip_forward=1'] };
const ROWS: readonly Row[] = [
  {
    name: 'neither the file nor the value',
    spec: { value: 1 },
    have: have(noFileAt(PATH), '0'),
    change: {
      verb: 'create',
      steps: [{ do: 'put', path: PATH, content: { text: TEXT } }, SET],
      fields: [
        { name: 'content', before: null, after: TEXT },
        { name: 'owner', after: 'root' },
        { name: 'group', after: 'root' },
        { name: 'mode', after: '0644' },
        { name: 'live', before: '0', after: '1' },
      ],
    },
  },
  { name: 'as wanted', spec: { value: '1' }, have: have(fileAt(PATH, TEXT), '1'), change: undefined },
  {
    name: 'another live value only',
    spec: { value: 1 },
    have: have(fileAt(PATH, TEXT), '0'),
    change: { verb: 'update', reason: 'the live value is 0, wanted 1', steps: [SET] },
  },
  {
    name: 'a file that is read later',
    spec: { value: 1 },
    have: have(fileAt(PATH, TEXT), '0', ['/etc/sysctl.d/99-own.conf']),
    change: { notes: ['at boot /etc/sysctl.d/99-own.conf is read later and names it too'] },
  },
  {
    name: 'looked at from another network, file as wanted',
    spec: { value: 1 },
    have: { file: fileAt(PATH, TEXT), live: null, [ASIDE]: { seen: { is: 'hidden' }, later: [] } },
    change: undefined,
  },
  {
    name: 'looked at from another network, no file',
    spec: { value: 1 },
    have: { file: noFileAt(PATH), live: null, [ASIDE]: { seen: { is: 'hidden' }, later: [] } },
    change: {
      verb: 'create',
      steps: [{ do: 'put' }, SET],
      notes: ["the live value is not seen with the plan's key; it is set anyway"],
    },
  },
  {
    name: 'no such setting',
    spec: { value: 1 },
    have: have(noFileAt(PATH), null),
    change: { blocked: { code: 'SETTING_MISSING' } },
  },
  {
    name: 'a setting that a package may bring',
    spec: { value: 1 },
    have: have(noFileAt(PATH), null),
    world: { 'package/conntrack': 'create' },
    change: { verb: 'create', notes: ['the host does not have it yet; it must come with conntrack'] },
  },
  {
    name: 'no longer declared, as Ashore wrote it',
    have: have(fileAt(PATH, TEXT), '1'),
    last: { value: '1' },
    change: {
      verb: 'delete',
      steps: [{ do: 'remove', path: PATH }],
      notes: ['the live value stays until the next boot'],
    },
  },
  {
    name: 'no longer declared, changed by hand',
    have: have(fileAt(PATH, 'other'), '1'),
    last: { value: '1' },
    change: { verb: 'forget', steps: [] },
  },
  {
    name: 'declared absent',
    spec: { absent: true },
    have: have(fileAt(PATH, 'other'), null),
    change: { verb: 'delete', data: 'lost' },
  },
];

it.each(ROWS)('$name', ({ spec, have: found, last, world, change }) => {
  const wanted = spec && want(sysctl, ID, spec);
  const got = sysctl.change({ id: ID, want: wanted, have: found, last, world: worldOf(world) });
  if (change) expect(got).toMatchObject(change);
  else expect(got).toBeUndefined();
});

describe('names', () => {
  it.each(['net.ipv4.ip_forward', 'net.ipv4.conf.eth0/1.rp_filter', 'vm.swappiness'])('takes %s', (id) => {
    expect(sysctl.id.safeParse(id).success).toBe(true);
  });
  it.each([
    'net',
    'net..x',
    'net./.x',
    '-w',
    'net.ipv4.a b',
    'net.ipv4.$(x)',
    'net.x\n',
    'net.a/../b',
    '/x.y',
  ])('refuses %j', (id) => {
    expect(sysctl.id.safeParse(id).success).toBe(false);
  });
  it('takes one line of text only', () => {
    expect(sysctl.spec.safeParse({ value: '1\nkernel.x = 2' }).success).toBe(false);
  });
});
