import { describe, expect, it } from 'vitest';
import { ASIDE } from '../../src/core/kind.ts';
import { cron } from '../../src/kinds/cron.ts';
import { checkCron } from '../../src/kinds/files/crontab.ts';
import { fileAt, noFileAt } from './found.ts';
import { want, worldOf } from './trial.ts';

const PATH = '/etc/cron.d/job';
const SPEC = { schedule: '@daily', run: ['/bin/true'] };
const TEXT = '@daily root /bin/true\n';

function account(ownerKnown: boolean) {
  const place = { directory: null, place: 'missing', real: '' };
  return { ...place, owner: 'shop', ownerKnown, group: null, groupKnown: true };
}

function have(file: object, more: object = {}) {
  return { file, [ASIDE]: { account: account(true), cron: true, ...more } };
}

interface Row {
  readonly name: string;
  readonly spec?: object;
  readonly have: object | undefined;
  readonly world?: Parameters<typeof worldOf>[0];
  readonly change: object | undefined;
}

const ROWS: readonly Row[] = [
  {
    name: 'no file',
    spec: SPEC,
    have: have(noFileAt(PATH)),
    change: { verb: 'create', steps: [{ do: 'put', path: PATH, content: { text: TEXT } }] },
  },
  { name: 'as wanted', spec: SPEC, have: have(fileAt(PATH, TEXT)), change: undefined },
  { name: 'another text', spec: SPEC, have: have(fileAt(PATH, '# x\n')), change: { verb: 'update' } },
  {
    name: 'no such user',
    spec: { ...SPEC, user: 'shop' },
    have: have(noFileAt(PATH), { account: account(false) }),
    change: { blocked: { code: 'OWNER_MISSING' } },
  },
  {
    name: 'a user of the same plan',
    spec: { ...SPEC, user: 'shop' },
    have: have(noFileAt(PATH), { account: account(false) }),
    world: { 'user/shop': 'create' },
    change: { verb: 'create' },
  },
  {
    name: 'no cron',
    spec: SPEC,
    have: have(noFileAt(PATH), { cron: false }),
    change: { blocked: { code: 'PROGRAM_MISSING', next: 'Declare `package: cron` above.' } },
  },
  {
    name: 'cron of the same plan',
    spec: SPEC,
    have: have(noFileAt(PATH), { cron: false }),
    world: { 'package/cron': 'create' },
    change: { verb: 'create' },
  },
  {
    name: 'cron that the plan removes',
    spec: SPEC,
    have: have(noFileAt(PATH)),
    world: { 'package/cron': 'delete' },
    change: { blocked: { code: 'PROGRAM_MISSING' } },
  },
  { name: 'no longer declared', have: have(fileAt(PATH, TEXT)), change: { verb: 'delete' } },
  { name: 'no longer declared, edited', have: have(fileAt(PATH, 'x')), change: { verb: 'forget' } },
  {
    name: 'declared absent',
    spec: { absent: true },
    have: have(fileAt(PATH, 'x'), { cron: false }),
    change: { verb: 'delete', data: 'lost' },
  },
];

it.each(ROWS)('$name', ({ spec, have: found, world, change }) => {
  const last = cron.remember?.(want(cron, 'job', SPEC));
  const wanted = spec && want(cron, 'job', spec);
  const got = cron.change({ id: 'job', want: wanted, have: found, last, world: worldOf(world) });
  if (change) expect(got).toMatchObject(change);
  else expect(got).toBeUndefined();
});

describe('declaration', () => {
  it.each([
    [{ schedule: '61 * * * *', run: ['/bin/true'] }, '61 is no minute'],
    [{ schedule: '* * * *', run: ['/bin/true'] }, 'has not five fields'],
    [{ schedule: '@often', run: ['/bin/true'] }, '@often is no time that cron knows'],
    [{ schedule: '@daily' }, 'schedule and run are needed'],
    [{ absent: true, user: 'root' }, 'user says how it should be'],
    [{ schedule: '@daily', run: ['x'.repeat(1000)] }, 'cron takes 998 characters'],
  ])('refuses %j', (spec, message) => {
    expect(() => want(cron, 'job', spec)).toThrow(message);
  });

  it.each(['100%', 'a\\b', 'x\ny', 'x\u0000'])('refuses the word %j, which cron would change', (word) => {
    expect(cron.spec.safeParse({ schedule: '@daily', run: ['/bin/true', word] }).success).toBe(false);
  });

  it.each(['-x', 'a.b', 'a/b', 'a b', '', 'x\n'])('refuses the name %j', (id) => {
    expect(cron.id.safeParse(id).success).toBe(false);
  });
});

describe('a file of cron', () => {
  it.each([
    '# x\n\nMAILTO="a b"\nPATH = /bin\n*/5 0-6,22 * jan-mar mon,3 root true x=1\n@reboot root true\n',
    '0 0 1 * 7 root [ -x /y ] && /y\n',
    '',
  ])('takes %j', (text) => {
    expect(checkCron('/etc/cron.d/x', text)).toBeUndefined();
  });

  it.each([
    ['* * * * * root true', 'the last line has no newline at its end'],
    ['\n* * * * true\n', 'line 2: five fields of time, a user and a command are needed'],
    ['* * * * true x y\n', 'line 1: true is no day of week'],
    ['* 24 * * * root true\n', 'line 1: 24 is no hour'],
    ['* * 0 * * root true\n', 'line 1: 0 is no day of month'],
    ['*/0 * * * * root true\n', 'line 1: */0 is no minute'],
    ['5-1 * * * * root true\n', 'line 1: 5-1 is no minute'],
    ['* * * * * true\n', 'line 1: a user and a command are needed'],
    ['@daily\n', 'line 1: a user and a command are needed'],
  ])('refuses %j', (text, problem) => {
    expect(checkCron('/etc/cron.d/x', text)).toBe(problem);
  });

  it('is meant below its own directory only', () => {
    expect(checkCron('/etc/motd', 'hello')).toBeUndefined();
  });
});
