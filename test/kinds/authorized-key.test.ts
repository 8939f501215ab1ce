import { describe, expect, it } from 'vitest';
import { authorizedKey } from '../../src/kinds/authorized-key.ts';
import { SET_LINE } from '../../src/kinds/keys/set.ts';
import { want, worldOf } from './trial.ts';

const BLOB = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const KEY = `ssh-ed25519 ${BLOB}`;
const ID = 'shop/alice';
const SPEC = { key: KEY, options: ['restrict', 'from="10.0.0.0/8"'] };
const LINE = `restrict,from="10.0.0.0/8" ${KEY} alice`;

function step(line: string, user?: string) {
  const argv = ['sh', '-c', SET_LINE, 'authorized-key', 'shop', BLOB, line];
  return { do: 'run', argv, ...(user === undefined ? {} : { user }) };
}

interface Row {
  readonly name: string;
  readonly spec?: object;
  readonly have: object | undefined;
  readonly world?: Parameters<typeof worldOf>[0];
  readonly change: object | undefined;
}

const USER = { is: 'user', path: '/home/shop/.ssh/authorized_keys' };
const ROWS: readonly Row[] = [
  {
    name: 'no such line: the user writes it',
    spec: SPEC,
    have: { place: USER, lines: [] },
    change: {
      verb: 'create',
      steps: [step(LINE, 'shop')],
      fields: [{ name: 'line', before: null, after: LINE }],
    },
  },
  {
    name: "a home that is root's: root writes it",
    spec: SPEC,
    have: { place: { is: 'root', path: '/root/.ssh/authorized_keys' }, lines: [] },
    change: { verb: 'create', steps: [step(LINE)] },
  },
  { name: 'as wanted', spec: SPEC, have: { place: USER, lines: [LINE] }, change: undefined },
  {
    name: 'other options, and twice',
    spec: SPEC,
    have: { place: USER, lines: [`${KEY} x`, LINE] },
    change: { verb: 'update', steps: [step(LINE, 'shop')] },
  },
  {
    name: 'no such user',
    spec: SPEC,
    have: { place: { is: 'nobody', path: '' }, lines: [] },
    change: { blocked: { code: 'OWNER_MISSING' } },
  },
  {
    name: 'a user of the same plan',
    spec: SPEC,
    have: { place: { is: 'nobody', path: '' }, lines: [] },
    world: { 'user/shop': 'create' },
    change: { verb: 'create', steps: [step(LINE, 'shop')] },
  },
  {
    name: 'a user without a home',
    spec: SPEC,
    have: { place: { is: 'homeless', path: '/srv/shop/.ssh/authorized_keys' }, lines: [] },
    world: { 'directory//srv/other': 'create', 'package/x': 'create' },
    change: { blocked: { code: 'PARENT_MISSING' } },
  },
  {
    name: 'a home of the same plan',
    spec: SPEC,
    have: { place: { is: 'homeless', path: '/srv/shop/.ssh/authorized_keys' }, lines: [] },
    world: { 'directory//srv/shop': 'create' },
    change: { verb: 'create' },
  },
  {
    name: 'a link',
    spec: SPEC,
    have: { place: { is: 'link', path: '/home/shop/.ssh/authorized_keys' }, lines: [] },
    change: { blocked: { code: 'PATH_OCCUPIED' } },
  },
  {
    name: 'the same key under another name',
    spec: SPEC,
    have: { place: USER, lines: [], twice: 'shop/bob' },
    change: { blocked: { code: 'ACCOUNT_CONFLICT' } },
  },
  {
    name: 'no longer declared',
    have: { place: USER, lines: [LINE] },
    change: { verb: 'delete', steps: [step('', 'shop')] },
  },
  {
    name: 'no longer declared, with other options by now',
    have: { place: USER, lines: [`${KEY} alice`] },
    change: { verb: 'forget', steps: [] },
  },
  {
    name: 'declared absent',
    spec: { absent: true },
    have: { place: USER, lines: [`no-pty ${KEY} alice`] },
    change: { verb: 'delete', steps: [step('', 'shop')] },
  },
];

it.each(ROWS)('$name', ({ spec, have, world, change }) => {
  const last = authorizedKey.remember?.(want(authorizedKey, ID, SPEC));
  const wanted = spec && want(authorizedKey, ID, spec);
  const got = authorizedKey.change({ id: ID, want: wanted, have, last, world: worldOf(world) });
  if (change) expect(got).toMatchObject(change);
  else expect(got).toBeUndefined();
});

it('is guarded where our own login hangs on it', () => {
  const wanted = want(authorizedKey, ID, SPEC);
  const request = { id: ID, want: wanted, have: { place: USER, lines: [] }, last: undefined };
  const guarded = authorizedKey.change({ ...request, world: { ...worldOf(), logins: ['shop'] } });
  expect(guarded).toMatchObject({ guard: { paths: [USER.path] } });
  const other = authorizedKey.change({ ...request, world: { ...worldOf(), logins: ['deploy'] } });
  expect(other).not.toHaveProperty('guard');
});

describe('declaration', () => {
  it.each(['shop', 'shop/', '/alice', '-x/a', 'shop/a b', 'shop/a\n', '$(x)/a', 'shop/$(x)', 'root/../x'])(
    'refuses the id %j',
    (id) => {
      expect(authorizedKey.id.safeParse(id).success).toBe(false);
    },
  );

  it.each([`ssh-rsa ${BLOB}`, 'ssh-ed25519 AAAA', `${KEY}=`, 'ssh-dss AAAAB3NzaC1kc3MAAAAA'])(
    'refuses the key %j',
    (key) => {
      expect(() => want(authorizedKey, ID, { key })).toThrow('this is no public key');
    },
  );

  it.each([{ key: `${KEY}\nssh-ed25519 AAAA` }, { key: KEY, options: ['a\nb'] }, { key: `restrict ${KEY}` }])(
    'refuses %j',
    (spec) => {
      expect(authorizedKey.spec.safeParse(spec).success).toBe(false);
    },
  );
});
