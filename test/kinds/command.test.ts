import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import type { KindChange } from '../../src/core/kind.ts';
import { command } from '../../src/kinds/command.ts';
import { createLocalReader, runSteps } from '../support/local-reader.ts';
import { deploy, plan, verdictOf, want, worldOf } from './trial.ts';

const ID = 'load the data';

const AROUND = {
  directory: null,
  owner: null,
  group: null,
  place: 'missing',
  real: '',
  ownerKnown: true,
  groupKnown: true,
};

function have(state: object = {}, around: object = {}, place: object = {}) {
  return { ...state, [ASIDE]: { around: { ...AROUND, ...around }, place: { ...AROUND, ...place } } };
}

const ONCE = want(command, ID, { run: ['load', "it's"] });
const CREATES = want(command, ID, { run: ['load'], creates: '/srv/a b' });
const AFTER = want(command, ID, { run: ['load'], after: ['file//etc/x', 'package/nginx'] });
const BOTH = want(command, ID, { run: ['load'], creates: '/srv/x', after: ['file//etc/x'] });
const PLACED = want(command, ID, {
  run: ['load'],
  directory: '/srv',
  user: 'shop',
  limit: 5,
  stdin: 'text\n',
});

interface Row {
  readonly name: string;
  readonly want: unknown;
  readonly have?: unknown;
  /** The declaration that the ledger remembers. */
  readonly last?: unknown;
  readonly since?: readonly string[];
  readonly world?: Parameters<typeof worldOf>[0];
  /** Why it is run; a code when it is blocked; undefined when it is not run. */
  readonly expected: string | undefined;
}

const DECLARED = ['file//etc/x', 'package/nginx'];

const GUARDS: readonly Row[] = [
  { name: 'never run', want: ONCE, expected: 'it has not been run yet' },
  { name: 'run as declared', want: ONCE, last: ONCE, expected: undefined },
  {
    name: 'run as declared before',
    want: ONCE,
    last: CREATES,
    expected: 'its declaration is not the one that was last run',
  },
  {
    name: 'what it creates is not there',
    want: CREATES,
    last: CREATES,
    expected: 'nothing is at "/srv/a b"',
  },
  { name: 'what it creates is there', want: CREATES, have: have({ created: true }), expected: undefined },
  {
    name: 'what it creates is where nobody may look',
    want: CREATES,
    have: have({}, { place: 'closed' }),
    expected: 'READ_FAILED',
  },
  { name: 'nothing above changes', want: AFTER, expected: undefined },
  { name: 'nothing above changes, declared anew', want: AFTER, last: ONCE, expected: undefined },
  {
    name: 'a file above changes',
    want: AFTER,
    world: { 'file//etc/x': 'update' },
    expected: 'file//etc/x has a change planned (update)',
  },
  {
    name: 'a package above comes',
    want: AFTER,
    world: { 'package/nginx': 'create' },
    last: AFTER,
    expected: 'package/nginx has a change planned (create)',
  },
  {
    name: 'another file above changes',
    want: AFTER,
    world: { 'file//etc/y': 'update' },
    expected: undefined,
  },
  {
    name: 'a file above was applied, and this failed',
    want: AFTER,
    last: AFTER,
    since: ['file//etc/x'],
    expected: 'file//etc/x has changed since this last ran to its end',
  },
  {
    name: 'a file above was applied, and this never ran',
    want: AFTER,
    since: ['file//etc/x'],
    expected: 'file//etc/x has changed since this last ran to its end',
  },
  {
    name: 'other things were applied',
    want: AFTER,
    last: AFTER,
    since: ['file//etc/y'],
    expected: undefined,
  },
  { name: 'all become known together', want: AFTER, world: { 'file//etc/x': 'adopt' }, expected: undefined },
  {
    name: 'a file above is declared otherwise, and is so already',
    want: AFTER,
    last: AFTER,
    world: { 'file//etc/x': 'adopt' },
    expected: 'file//etc/x is declared otherwise than when this last ran',
  },
  { name: 'both guards, nothing due', want: BOTH, have: have({ created: true }), expected: undefined },
  { name: 'both guards, not there', want: BOTH, expected: 'nothing is at /srv/x' },
  {
    name: 'both guards, a change',
    want: BOTH,
    have: have({ created: true }),
    world: { 'file//etc/x': 'create' },
    expected: 'file//etc/x has a change planned (create)',
  },
  {
    name: 'its directory is not there',
    want: PLACED,
    have: have({}, {}, { directory: '/srv' }),
    expected: 'PARENT_MISSING',
  },
  {
    name: 'its directory is planned',
    want: PLACED,
    have: have({}, {}, { directory: '/srv' }),
    world: { 'directory//srv': 'create' },
    expected: 'it has not been run yet',
  },
  {
    name: 'its user is not there',
    want: PLACED,
    have: have({}, {}, { owner: 'shop', ownerKnown: false }),
    expected: 'OWNER_MISSING',
  },
  {
    name: 'its user is not there, and it need not run',
    want: PLACED,
    last: PLACED,
    have: have({}, {}, { owner: 'shop', ownerKnown: false }),
    expected: undefined,
  },
];

describe('change', () => {
  it.each(GUARDS)('$name', ({ want: wanted, have: found = have(), last, since, world, expected }) => {
    const change = command.change({
      id: ID,
      want: wanted,
      have: found,
      last: last === undefined ? undefined : fingerprint(last),
      ...(since ? { since: new Set(since) } : {}),
      world: worldOf(world, DECLARED),
    });
    expect(change && ('blocked' in change ? change.blocked.code : change.reason)).toBe(expected);
  });

  it('shows what is run, and says that no more is known', () => {
    const change: KindChange = {
      verb: 'run',
      reason: 'it has not been run yet',
      fields: [{ name: 'run', before: null, after: `load 'it'\\''s'` }],
      steps: [{ do: 'run', argv: ['load', "it's"], limit: 600 }],
      notes: ['what load the data does cannot be foreseen; it is only shown that it is run'],
    };
    const request = { id: ID, want: ONCE, have: undefined, last: undefined, world: worldOf() };
    expect(command.change(request)).toEqual(change);
    expect(command.change({ ...request, have: { [ASIDE]: null } })).toEqual(change);
  });

  it('is run where, as whom and with what is declared', () => {
    const request = {
      id: ID,
      want: PLACED,
      have: have({}, {}, { directory: '/srv', place: 'directory', real: '/srv' }),
      last: undefined,
      world: worldOf(),
    };
    expect(command.change(request)).toMatchObject({
      steps: [
        { do: 'run', argv: ['load'], limit: 5, stdin: { text: 'text\n' }, directory: '/srv', user: 'shop' },
      ],
    });
  });

  it('names what nothing above declares', () => {
    const request = {
      id: ID,
      want: AFTER,
      have: have(),
      last: undefined,
      world: worldOf({}, ['file//etc/x']),
    };
    expect(command.change(request)).toEqual({
      blocked: { code: 'CONFIG_INVALID', message: 'after names package/nginx, which nothing above declares' },
    });
  });

  it('is forgotten, and what it did stays', () => {
    expect(
      command.change({ id: ID, want: undefined, have: have(), last: undefined, world: worldOf() }),
    ).toEqual({
      verb: 'forget',
      reason: 'it is no longer declared; what it did stays',
      fields: [],
      steps: [],
      data: 'kept',
    });
  });
});

describe('declarations', () => {
  it.each([['nginx'], ['/etc/motd'], ['file/'], ['File/x']])('does not take %j in after', (ref) => {
    const resolved = command.resolve?.(command.spec.parse({ run: ['x'], after: ['file//etc/x', ref] }), {
      read: () => undefined,
    });
    const message = `${JSON.stringify(ref)} is not kind/id, such as file//etc/motd or package/nginx`;
    expect(resolved).toEqual({ unresolved: { path: ['after', 1], message } });
  });

  it.each([
    {},
    { run: 'echo hi' },
    { run: [] },
    { run: [''] },
    { run: ['a', 1] },
    { run: ['a\0'] },
    { run: ['a'], limit: 0 },
    { run: ['a'], creates: 'x' },
    { run: ['a'], shell: true },
    { run: ['a'], after: [] },
  ])('does not take %j', (spec) => {
    expect(command.spec.safeParse(spec).success).toBe(false);
  });

  it.each(['', ' x', '/x', 'a/b', 'x\n', 'x'.repeat(101), '$(x)'])('does not take %j as a name', (id) => {
    expect(command.id.safeParse(id).success).toBe(false);
  });

  it('need what they come after, their directory and their user', () => {
    expect(command.needs?.(ID, AFTER)).toEqual([
      { kind: 'file', id: '/etc/x' },
      { kind: 'package', id: 'nginx' },
    ]);
    expect(command.needs?.(ID, PLACED)).toEqual([
      { kind: 'directory', id: '/srv' },
      { kind: 'user', id: 'shop' },
    ]);
  });
});

describe('on this machine', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ashore command '));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('runs until it has made what it should, without a shell, with its input and in its directory', async () => {
    const made = join(root, '$(touch canary)');
    const wanted = want(command, ID, {
      run: ['tee', '$(touch canary)', 'second; touch canary'],
      creates: made,
      directory: root,
      stdin: "it's\n",
    });
    expect((await deploy(command, ID, wanted)).reason).toMatch(/^nothing is at /);
    expect(readFileSync(made, 'utf8')).toBe("it's\n");
    expect(readFileSync(join(root, 'second; touch canary'), 'utf8')).toBe("it's\n");
    expect(existsSync(join(root, 'canary'))).toBe(false);
    rmSync(made);
    expect(verdictOf(await plan(command, ID, wanted, { last: fingerprint(wanted) }))).toBe('run');
  });

  it('runs once, and again when it is declared otherwise', async () => {
    const first = want(command, ID, { run: ['touch', join(root, 'one')] });
    const second = want(command, ID, { run: ['touch', join(root, 'two')] });
    await deploy(command, ID, first);
    expect((await deploy(command, ID, second, { last: fingerprint(first) })).verb).toBe('run');
    expect(existsSync(join(root, 'two'))).toBe(true);
  });

  it('fails as it fails, and is due again', async () => {
    const wanted = want(command, ID, { run: ['false'] });
    const change = await plan(command, ID, wanted);
    if (!change || 'blocked' in change) throw new Error('not planned');
    await expect(runSteps(change.steps)).rejects.toThrow(/^timeout -k 10 600 false: 1/);
    expect(verdictOf(await plan(command, ID, wanted))).toBe('run');
  });

  it('knows where it cannot run', async () => {
    writeFileSync(join(root, 'plain'), '');
    const at = (spec: object) => plan(command, ID, want(command, ID, { run: ['true'], ...spec }));
    expect(verdictOf(await at({ directory: join(root, 'none') }))).toBe('PARENT_MISSING');
    expect(verdictOf(await at({ directory: join(root, 'plain') }))).toBe('PARENT_MISSING');
    expect(verdictOf(await at({ user: 'no-such-user' }))).toBe('OWNER_MISSING');
    expect(verdictOf(await at({ directory: root, user: 'root' }))).toBe('run');
    expect(verdictOf(await at({ creates: join(root, 'none', 'x') }))).toBe('run');
  });

  it('is recorded even when it need not run', async () => {
    const states = await command.read(
      createLocalReader(),
      new Map([
        ['a', ONCE],
        ['b', undefined],
      ]),
    );
    expect([...states.keys()]).toEqual(['b', 'a'].toSorted());
  });
});
