import { describe, expect, it } from 'vitest';
import { ASIDE } from '../../src/core/kind.ts';
import { sudoers } from '../../src/kinds/sudoers.ts';
import { fileAt, noFileAt } from './found.ts';
import { want, worldOf } from './trial.ts';

const PATH = '/etc/sudoers.d/shop';
const SPEC = { rules: ['# shop', 'shop ALL=(root) /bin/true'] };
const TEXT = '# shop\nshop ALL=(root) /bin/true\n';
const PUT = { do: 'put', path: PATH, owner: 'root', group: 'root', mode: '0440', content: { text: TEXT } };
const CHECK = { do: 'run', argv: ['visudo', '-c', '-f', '-'], stdin: { text: TEXT } };

/** What guards the way of Ashore itself looks at the whole once more. */
const AFTER = { do: 'run', argv: ['visudo', '-c'] };

function have(file: object, visudo = true) {
  return { file, [ASIDE]: { visudo } };
}

function verdict(is: string, said = '') {
  return { verdict: { by: 'sudoers', is, said } };
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
    name: 'no file, and visudo takes it',
    spec: SPEC,
    have: have(noFileAt(PATH, {}, verdict('taken'))),
    change: { verb: 'create', steps: [PUT, AFTER], guard: { paths: [PATH] }, notes: [] },
  },
  {
    name: 'visudo refuses it',
    spec: SPEC,
    have: have(noFileAt(PATH, {}, verdict('refused', 'stdin:1:17: syntax error\nmore'))),
    change: {
      blocked: {
        code: 'CONTENT_REFUSED',
        message: 'visudo -c does not take it: stdin:1:17: syntax error',
        evidence: { command: 'visudo -c', output: 'stdin:1:17: syntax error\nmore' },
      },
    },
  },
  {
    name: 'sudo of the same plan: the deploy asks before it writes',
    spec: SPEC,
    have: have(noFileAt(PATH, {}, verdict('unchecked')), false),
    world: { 'package/sudo': 'create' },
    change: {
      verb: 'create',
      steps: [CHECK, PUT, AFTER],
      notes: ['visudo -c could not check it before the deploy'],
    },
  },
  {
    name: 'refused by a sudo that the plan replaces',
    spec: SPEC,
    have: have(noFileAt(PATH, {}, verdict('refused', 'no'))),
    world: { 'package/sudo': 'update' },
    change: {
      steps: [CHECK, PUT, AFTER],
      notes: ['visudo -c refuses it, as it is before sudo changes in this plan: no'],
    },
  },
  {
    name: 'no sudo',
    spec: SPEC,
    have: have(noFileAt(PATH, {}, verdict('unchecked')), false),
    change: { blocked: { code: 'PROGRAM_MISSING' } },
  },
  { name: 'as wanted', spec: SPEC, have: have(fileAt(PATH, TEXT, '0440')), change: undefined },
  {
    name: 'another mode',
    spec: SPEC,
    have: have(fileAt(PATH, TEXT, '0644')),
    change: { verb: 'update', reason: 'mode is 0644, wanted 0440' },
  },
  { name: 'no longer declared', have: have(fileAt(PATH, TEXT, '0440')), change: { verb: 'delete' } },
  { name: 'no longer declared, edited', have: have(fileAt(PATH, 'x')), change: { verb: 'forget' } },
];

it.each(ROWS)('$name', ({ spec, have: found, world, change }) => {
  const last = sudoers.remember?.(want(sudoers, 'shop', SPEC));
  const wanted = spec && want(sudoers, 'shop', spec);
  const got = sudoers.change({ id: 'shop', want: wanted, have: found, last, world: worldOf(world) });
  if (change) expect(got).toMatchObject(change);
  else expect(got).toBeUndefined();
});

describe('declaration', () => {
  it.each(['a.b', 'a~', '-a', '../x', 'x\n'])('refuses the name %j', (id) => {
    expect(sudoers.id.safeParse(id).success).toBe(false);
  });
  it('takes one line a rule', () => {
    expect(sudoers.spec.safeParse({ rules: ['a\nb'] }).success).toBe(false);
    expect(() => want(sudoers, 'x', {})).toThrow('rules are needed');
  });
});
