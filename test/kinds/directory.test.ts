import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import type { Blocked, KindChange } from '../../src/core/kind.ts';
import { directory } from '../../src/kinds/directory.ts';
import { createLocalReader } from '../support/local-reader.ts';
import { deploy, plan, verdictOf, want, worldOf } from './trial.ts';

const PATH = '/srv/shop';

const AROUND = {
  directory: '/srv',
  owner: null,
  group: null,
  place: 'directory',
  real: '/srv',
  ownerKnown: true,
  groupKnown: true,
};
const FOUND = { is: 'directory', owner: 'root', uid: '0', group: 'root', gid: '0', mode: '0755' };

function gone(around: object = {}, entries: readonly string[] = []) {
  return { [ASIDE]: { around: { ...AROUND, ...around }, entries } };
}

function have(found: object = {}, entries: readonly string[] = []) {
  return { found: { ...FOUND, ...found }, ...gone({}, entries) };
}

const PLAIN = want(directory, PATH, {});
const OWNED = want(directory, PATH, { owner: 'shop', group: 'www', mode: '2770' });
const ABSENT = want(directory, PATH, { absent: true });

interface Row {
  readonly name: string;
  readonly want: unknown;
  readonly have: unknown;
  readonly world?: Parameters<typeof worldOf>[0];
  readonly change: KindChange | Blocked | undefined;
}

const RMDIR = { fields: [], steps: [{ do: 'rmdir', path: PATH }] } as const;

const CHANGES: readonly Row[] = [
  { name: 'as wanted', want: PLAIN, have: have(), change: undefined },
  {
    name: 'not there',
    want: OWNED,
    have: gone(),
    change: {
      verb: 'create',
      reason: 'it does not exist on the host',
      fields: [
        { name: 'owner', before: null, after: 'shop' },
        { name: 'group', before: null, after: 'www' },
        { name: 'mode', before: null, after: '2770' },
      ],
      steps: [{ do: 'mkdir', path: PATH, owner: 'shop', group: 'www', mode: '2770' }],
      notes: [],
    },
  },
  {
    name: 'another mode',
    want: PLAIN,
    have: have({ mode: '0700', owner: 'ada' }),
    change: {
      verb: 'update',
      reason: 'mode is 0700, wanted 0755',
      fields: [{ name: 'mode', before: '0700', after: '0755' }],
      steps: [{ do: 'own', path: PATH, owner: null, group: null, mode: '0755' }],
      notes: [],
    },
  },
  {
    name: 'no place for it',
    want: PLAIN,
    have: gone({ place: 'missing' }),
    change: {
      blocked: {
        code: 'PARENT_MISSING',
        message: '/srv does not exist on the host, and nothing above makes it',
      },
    },
  },
  {
    name: 'where nobody may look',
    want: ABSENT,
    have: gone({ place: 'closed' }),
    change: {
      blocked: {
        code: 'READ_FAILED',
        message: 'the login may not look at /srv/shop, so nobody knows what is there',
        next: 'Use a login that may, or `sudo: true` in hosts.yml.',
      },
    },
  },
  {
    name: 'a file in the way',
    want: PLAIN,
    have: have({ is: 'file' }),
    change: {
      blocked: {
        code: 'PATH_OCCUPIED',
        message: '/srv/shop is a regular file on the host',
        next: 'Declare `file: /srv/shop` with `absent: true` above.',
      },
    },
  },
  {
    name: 'a link in the way of deleting',
    want: ABSENT,
    have: have({ is: 'symlink' }),
    change: {
      blocked: {
        code: 'PATH_OCCUPIED',
        message: '/srv/shop is a symbolic link on the host',
        next: 'Declare `symlink: /srv/shop` with `absent: true` above.',
      },
    },
  },
  { name: 'declared absent, and not there', want: ABSENT, have: undefined, change: undefined },
  {
    name: 'declared absent, a file that the plan takes away',
    want: ABSENT,
    have: have({ is: 'file' }),
    world: { [`file/${PATH}`]: 'delete' },
    change: undefined,
  },
  {
    name: 'declared absent, and empty',
    want: ABSENT,
    have: have(),
    change: { verb: 'delete', reason: 'it is declared absent, and empty', ...RMDIR },
  },
  {
    name: 'declared absent, and not empty',
    want: ABSENT,
    have: have({}, ['/srv/shop/a b', '/srv/shop/c']),
    change: {
      blocked: {
        code: 'DIRECTORY_NOT_EMPTY',
        message: '/srv/shop is declared absent and still holds "/srv/shop/a b", /srv/shop/c',
      },
    },
  },
  {
    name: 'declared absent, and emptied by the plan',
    want: ABSENT,
    have: have({}, ['/srv/shop/f', '/srv/shop/d', '/srv/shop/s']),
    world: {
      'file//srv/shop/f': 'delete',
      'directory//srv/shop/d': 'delete',
      'symlink//srv/shop/s': 'delete',
    },
    change: { verb: 'delete', reason: 'it is declared absent, and empty', ...RMDIR },
  },
  {
    name: 'no longer declared, and empty',
    want: undefined,
    have: have(),
    change: { verb: 'delete', reason: 'it is no longer declared, and empty', ...RMDIR },
  },
  {
    name: 'no longer declared, and not empty',
    want: undefined,
    have: have(
      {},
      ['1', '2', '3', '4', '5', '6'].map((name) => `/srv/shop/${name}`),
    ),
    world: { 'file//srv/shop/1': 'update' },
    change: {
      verb: 'forget',
      reason:
        'it is no longer declared, and stays where it is: it still holds /srv/shop/1, /srv/shop/2, /srv/shop/3, /srv/shop/4, /srv/shop/5 and more',
      fields: [],
      steps: [],
      data: 'kept',
    },
  },
  {
    name: 'no longer declared, and a link now',
    want: undefined,
    have: have({ is: 'symlink' }),
    change: {
      verb: 'forget',
      reason: 'it is no longer declared, and stays where it is: something else is there now',
      fields: [],
      steps: [],
      data: 'kept',
    },
  },
];

describe('change', () => {
  it.each(CHANGES)('$name', ({ want: wanted, have: found, world, change }) => {
    const request = { id: PATH, want: wanted, have: found, last: undefined, world: worldOf(world) };
    expect(directory.change(request)).toEqual(change);
  });

  it('does not rest on what is in it', () => {
    expect(fingerprint(have({}, ['/srv/shop/x']))).toBe(fingerprint(have()));
  });
});

describe('declarations', () => {
  it('are owned as written', () => {
    expect(PLAIN).toEqual({ owner: null, group: null, mode: '0755' });
    expect(want(directory, PATH, { mode: '700' })).toEqual({ owner: null, group: null, mode: '0700' });
    expect(ABSENT).toEqual({ absent: true });
  });

  it('are not both there and absent', () => {
    expect(directory.resolve?.({ absent: true, owner: 'root' }, { read: () => undefined })).toEqual({
      unresolved: {
        path: ['owner'],
        message: 'owner says how a directory should be, and absent that it should not',
      },
    });
  });

  it('need what holds and owns them', () => {
    expect(directory.needs?.(PATH, OWNED)).toEqual([
      { kind: 'directory', id: '/srv' },
      { kind: 'user', id: 'shop' },
      { kind: 'group', id: 'www' },
    ]);
    expect(directory.needs?.(PATH, PLAIN)).toEqual([{ kind: 'directory', id: '/srv' }]);
    expect(directory.needs?.(PATH, ABSENT)).toEqual([]);
  });
});

describe('on this machine', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ashore directory '));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it.each(['plain', 'a b', 'new\nline\n', '$(touch canary)', "it's", '-rf', 'back\\slash'])(
    'is made, changed and taken away under the name %j',
    async (name) => {
      const id = join(root, name);
      expect((await deploy(directory, id, want(directory, id, { mode: '0750' }))).verb).toBe('create');
      expect(lstatSync(id).mode & 0o7777).toBe(0o750);
      const owner = String(process.getuid?.());
      expect((await deploy(directory, id, want(directory, id, { mode: '3770', owner }))).verb).toBe('update');
      expect(lstatSync(id).mode & 0o7777).toBe(0o3770);
      expect((await deploy(directory, id, undefined)).verb).toBe('delete');
      expect(existsSync(id)).toBe(false);
    },
  );

  it('has the bits that are declared and no others, whatever its parent has', async () => {
    chmodSync(root, 0o2755);
    const id = join(root, 'inner');
    await deploy(directory, id, want(directory, id, {}));
    expect(lstatSync(id).mode & 0o7777).toBe(0o755);
    chmodSync(id, 0o6755);
    await deploy(directory, id, want(directory, id, {}));
    expect(lstatSync(id).mode & 0o7777).toBe(0o755);
  });

  it('goes only when it is empty, whatever is in it', async () => {
    const id = join(root, 'full');
    mkdirSync(id);
    chmodSync(id, 0o755);
    const name = Buffer.concat([Buffer.from(`${id}/`), Buffer.from([0xff, 0x0a])]);
    writeFileSync(name, 'x');
    expect(await plan(directory, id, want(directory, id, {}))).toBeUndefined();
    expect(verdictOf(await plan(directory, id, want(directory, id, { absent: true })))).toBe(
      'DIRECTORY_NOT_EMPTY',
    );
    expect(verdictOf(await plan(directory, id, undefined))).toBe('forget');
    rmSync(name);
    expect((await deploy(directory, id, want(directory, id, { absent: true }))).verb).toBe('delete');
  });

  it('counts to a hundred and no further', async () => {
    const id = join(root, 'many');
    mkdirSync(id);
    for (let index = 0; index < 300; index++) writeFileSync(join(id, String(index)), '');
    const files = Array.from(
      { length: 300 },
      (_, index) => [`file/${join(id, String(index))}`, 'delete'] as const,
    );
    const states = await directory.read(createLocalReader(), new Map([[id, undefined]]));
    expect(states.get(id)).toMatchObject({ [ASIDE]: { entries: { length: 100 } } });
    const world = worldOf(Object.fromEntries(files));
    expect(verdictOf(await plan(directory, id, undefined, { world }))).toBe('delete');
  });

  it('is never seen through a link', async () => {
    symlinkSync('/etc', join(root, 'link'));
    const id = join(root, 'link');
    expect(verdictOf(await plan(directory, id, want(directory, id, {})))).toBe('PATH_OCCUPIED');
    expect(verdictOf(await plan(directory, id, undefined))).toBe('forget');
  });

  it('asks nothing of nobody', async () => {
    const reader = createLocalReader();
    expect(await directory.read(reader, new Map())).toEqual(new Map());
    expect(reader.looks).toEqual([]);
  });
});
