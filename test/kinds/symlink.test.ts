import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ASIDE } from '../../src/core/kind.ts';
import type { Blocked, KindChange } from '../../src/core/kind.ts';
import { symlink } from '../../src/kinds/symlink.ts';
import { createLocalReader } from '../support/local-reader.ts';
import { deploy, plan, verdictOf, want, worldOf } from './trial.ts';

const PATH = '/etc/shop';

function have(state: object = {}, around: object = {}) {
  const plain = {
    directory: '/etc',
    owner: null,
    group: null,
    place: 'directory',
    real: '/etc',
    ownerKnown: true,
    groupKnown: true,
  };
  return { ...state, [ASIDE]: { around: { ...plain, ...around } } };
}

const LINK = { is: 'symlink', to: '/old' };
const TO = want(symlink, PATH, { to: '/new' });
const ABSENT = want(symlink, PATH, { absent: true });

interface Row {
  readonly name: string;
  readonly want: unknown;
  readonly have: unknown;
  readonly last?: string;
  readonly world?: Parameters<typeof worldOf>[0];
  readonly change: KindChange | Blocked | undefined;
}

const CREATED = {
  verb: 'create',
  reason: 'it does not exist on the host',
  fields: [{ name: 'to', before: null, after: '/new' }],
  steps: [{ do: 'link', path: PATH, target: '/new' }],
  notes: [],
} as const;
const REMOVED = {
  fields: [{ name: 'to', before: '/old', after: null }],
  steps: [{ do: 'remove', path: PATH }],
} as const;

function kept(why: string): KindChange {
  const reason = `it is no longer declared, and stays where it is: ${why}; declare it with absent: true to delete it`;
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}

const CHANGES: readonly Row[] = [
  { name: 'not there', want: TO, have: have(), change: CREATED },
  { name: 'as wanted', want: TO, have: have({ is: 'symlink', to: '/new' }), change: undefined },
  {
    name: 'another target',
    want: TO,
    have: have(LINK),
    change: {
      verb: 'update',
      reason: 'it points to /old, wanted /new',
      fields: [{ name: 'to', before: '/old', after: '/new' }],
      steps: [{ do: 'link', path: PATH, target: '/new' }],
      notes: [],
    },
  },
  {
    name: 'a parent that is a link',
    want: TO,
    have: have({}, { real: '/x' }),
    change: {
      ...CREATED,
      steps: CREATED.steps.map((step) => ({ ...step, at: '/x' })),
      notes: ['/etc is really /x'],
    },
  },
  {
    name: 'no directory',
    want: TO,
    have: have({}, { place: 'missing' }),
    change: {
      blocked: {
        code: 'PARENT_MISSING',
        message: '/etc does not exist on the host, and nothing above makes it',
      },
    },
  },
  {
    name: 'where nobody may look',
    want: undefined,
    have: have({}, { place: 'closed' }),
    change: {
      blocked: {
        code: 'READ_FAILED',
        message: 'the login may not look at /etc/shop, so nobody knows what is there',
        next: 'Use a login that may, or `sudo: true` in hosts.yml.',
      },
    },
  },
  {
    name: 'a directory in the way',
    want: TO,
    have: have({ is: 'directory' }),
    change: {
      blocked: {
        code: 'PATH_OCCUPIED',
        message: '/etc/shop is a directory on the host',
        next: 'Declare `directory: /etc/shop` with `absent: true` above.',
      },
    },
  },
  {
    name: 'a directory that the plan takes away',
    want: TO,
    have: have({ is: 'directory' }),
    world: { [`directory/${PATH}`]: 'delete' },
    change: CREATED,
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
    name: 'declared absent',
    want: ABSENT,
    have: have(LINK),
    change: { verb: 'delete', reason: 'it is declared absent', ...REMOVED },
  },
  {
    name: 'declared absent, and a file',
    want: ABSENT,
    have: have({ is: 'file' }),
    change: {
      blocked: {
        code: 'PATH_OCCUPIED',
        message: '/etc/shop is a regular file on the host',
        next: 'Declare `file: /etc/shop` with `absent: true` above.',
      },
    },
  },
  {
    name: 'no longer declared, as Ashore made it',
    want: undefined,
    have: have(LINK),
    last: '/old',
    change: { verb: 'delete', reason: 'it is no longer declared, and still as Ashore made it', ...REMOVED },
  },
  {
    name: 'no longer declared, and moved',
    want: undefined,
    have: have(LINK),
    last: '/mine',
    change: kept('it points elsewhere than Ashore made it'),
  },
  {
    name: 'no longer declared, nothing remembered',
    want: undefined,
    have: have(LINK),
    change: kept('it points elsewhere than Ashore made it'),
  },
  {
    name: 'no longer declared, and a file now',
    want: undefined,
    have: have({ is: 'file' }),
    last: '/old',
    change: kept('something else is there now'),
  },
  {
    name: 'no longer declared, a file that the plan takes away',
    want: undefined,
    have: have({ is: 'file' }),
    world: { [`file/${PATH}`]: 'delete' },
    change: undefined,
  },
];

describe('change', () => {
  it.each(CHANGES)('$name', ({ want: wanted, have: found, last, world, change }) => {
    const remembered = last === undefined ? undefined : { to: last };
    const request = { id: PATH, want: wanted, have: found, last: remembered, world: worldOf(world) };
    expect(symlink.change(request)).toEqual(change);
  });
});

describe('declarations', () => {
  it.each([
    { spec: {}, path: [], message: 'to is needed, or absent: true' },
    {
      spec: { to: '/x', absent: true },
      path: ['to'],
      message: 'to says where the link points, and absent that there is none',
    },
  ])('refuses $spec', ({ spec, path, message }) => {
    expect(symlink.resolve?.(spec, { read: () => undefined })).toEqual({ unresolved: { path, message } });
  });

  it.each([{ to: '' }, { to: 'a\0b' }, { to: 1 }, { target: '/x' }])('does not take %j', (spec) => {
    expect(symlink.spec.safeParse(spec).success).toBe(false);
  });

  it('need their directory, and are remembered by their target', () => {
    expect(symlink.needs?.(PATH, TO)).toEqual([{ kind: 'directory', id: '/etc' }]);
    expect(symlink.needs?.(PATH, ABSENT)).toEqual([]);
    expect(symlink.remember?.(TO)).toEqual({ to: '/new' });
    expect(symlink.remember?.(ABSENT)).toBeNull();
  });
});

describe('on this machine', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ashore symlink '));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it.each(['plain', 'a b', 'new\nline\n', '$(touch canary)', '-n', 'back\\slash'])(
    'is made, moved and taken away under the name %j, and with it as its target',
    async (name) => {
      const id = join(root, name);
      expect((await deploy(symlink, id, want(symlink, id, { to: name }))).verb).toBe('create');
      expect(readlinkSync(id)).toBe(name);
      expect((await deploy(symlink, id, want(symlink, id, { to: '/etc' }))).verb).toBe('update');
      expect(readlinkSync(id)).toBe('/etc');
      expect((await deploy(symlink, id, undefined, { last: { to: '/etc' } })).verb).toBe('delete');
    },
  );

  it('keeps what is no link, and never looks behind one', async () => {
    mkdirSync(join(root, 'folder'));
    writeFileSync(join(root, 'file'), 'x');
    symlinkSync('folder', join(root, 'link'));
    for (const name of ['folder', 'file']) {
      const id = join(root, name);
      expect(verdictOf(await plan(symlink, id, want(symlink, id, { to: '/x' })))).toBe('PATH_OCCUPIED');
      expect(verdictOf(await plan(symlink, id, undefined))).toBe('forget');
    }
    const id = join(root, 'link');
    await deploy(symlink, id, want(symlink, id, { to: 'file' }));
    expect(readlinkSync(id)).toBe('file');
  });

  it('asks nothing of nobody', async () => {
    const reader = createLocalReader();
    expect(await symlink.read(reader, new Map())).toEqual(new Map());
    expect(reader.looks).toEqual([]);
  });
});
