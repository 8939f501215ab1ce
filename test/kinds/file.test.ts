import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint, sha256 } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import type { Blocked, KindChange } from '../../src/core/kind.ts';
import { file } from '../../src/kinds/file.ts';
import { createLocalReader } from '../support/local-reader.ts';
import { deploy, deployAll, plan, verdictOf, want, worldOf } from './trial.ts';

const PATH = '/etc/shop.conf';

const AROUND = {
  directory: '/etc',
  owner: null,
  group: null,
  place: 'directory',
  real: '/etc',
  ownerKnown: true,
  groupKnown: true,
};

function aside(more: object = {}, around: object = {}) {
  return {
    [ASIDE]: {
      around: { ...AROUND, ...around },
      links: 1,
      size: 4,
      immutable: false,
      open: true,
      old: { text: 'old\n' },
      ...more,
    },
  };
}

const FOUND = {
  is: 'file',
  owner: 'root',
  uid: '0',
  group: 'root',
  gid: '0',
  mode: '0644',
  sha256: sha256('old\n'),
};

/** As found on the host, with old bytes `old\n`. */
function have(found: object = {}, more: object = {}) {
  const all = { ...FOUND, ...found };
  return { found: all, ...aside({ sum: all.sha256, ...more }) };
}

/** Nothing there; what stands around it. */
function gone(around: object = {}) {
  return aside({ old: null, sum: null }, around);
}

const TEXT = want(file, PATH, { content: 'new\n' });
const SAME = want(file, PATH, { content: 'old\n' });
const OWNED = want(file, PATH, { content: 'new\n', owner: 'shop', group: 'www', mode: '640' });
const ABSENT = want(file, PATH, { absent: true });

interface Row {
  readonly name: string;
  readonly want: unknown;
  readonly have: unknown;
  readonly last?: string | null;
  readonly world?: Parameters<typeof worldOf>[0];
  readonly change: KindChange | Blocked | undefined;
}

const PUT = {
  do: 'put',
  path: PATH,
  owner: null,
  group: null,
  mode: '0644',
  content: { text: 'new\n' },
} as const;
const REPLACED = { ...PUT, owner: 'root', group: 'root' } as const;
const TEXT_FIELD = { name: 'content', before: 'old\n', after: 'new\n', as: 'text' } as const;
const CREATED = {
  verb: 'create',
  reason: 'it does not exist on the host',
  fields: [
    { name: 'content', before: null, after: 'new\n', as: 'text' },
    { name: 'mode', before: null, after: '0644' },
  ],
  steps: [PUT],
  notes: [],
} as const;
const GONE_FIELD = { name: 'content', before: 'old\n', after: null, as: 'text' } as const;

const CHANGES: readonly Row[] = [
  { name: 'not there', want: TEXT, have: gone(), change: CREATED },
  { name: 'as wanted', want: SAME, have: have(), change: undefined },
  { name: 'never asked for', want: TEXT, have: undefined, change: undefined },
  {
    name: 'not there, with owner and mode',
    want: OWNED,
    have: gone(),
    change: {
      ...CREATED,
      fields: [
        { name: 'content', before: null, after: 'new\n', as: 'text' },
        { name: 'owner', before: null, after: 'shop' },
        { name: 'group', before: null, after: 'www' },
        { name: 'mode', before: null, after: '0640' },
      ],
      steps: [{ ...PUT, owner: 'shop', group: 'www', mode: '0640' }],
    },
  },
  {
    name: 'other bytes; an owner that is left out stays',
    want: TEXT,
    have: have({ owner: 'ada', group: 'users' }),
    change: {
      verb: 'update',
      reason: 'content differs',
      fields: [TEXT_FIELD],
      steps: [{ ...PUT, owner: 'ada', group: 'users' }],
      notes: [],
    },
  },
  {
    name: 'other bytes, owner and mode',
    want: OWNED,
    have: have({ mode: '0600' }),
    change: {
      verb: 'update',
      reason:
        'content differs; owner is root, wanted shop; group is root, wanted www; mode is 0600, wanted 0640',
      fields: [
        TEXT_FIELD,
        { name: 'owner', before: 'root', after: 'shop' },
        { name: 'group', before: 'root', after: 'www' },
        { name: 'mode', before: '0600', after: '0640' },
      ],
      steps: [{ ...PUT, owner: 'shop', group: 'www', mode: '0640' }],
      notes: [],
    },
  },
  {
    name: 'another mode only',
    want: SAME,
    have: have({ mode: '0600' }),
    change: {
      verb: 'update',
      reason: 'mode is 0600, wanted 0644',
      fields: [{ name: 'mode', before: '0600', after: '0644' }],
      steps: [{ do: 'own', path: PATH, owner: null, group: null, mode: '0644' }],
      notes: [],
    },
  },
  {
    name: 'another owner only, and the mode again after it',
    want: want(file, PATH, { content: 'old\n', owner: 'shop', group: 'www' }),
    have: have(),
    change: {
      verb: 'update',
      reason: 'owner is root, wanted shop; group is root, wanted www',
      fields: [
        { name: 'owner', before: 'root', after: 'shop' },
        { name: 'group', before: 'root', after: 'www' },
      ],
      steps: [{ do: 'own', path: PATH, owner: 'shop', group: 'www', mode: '0644' }],
      notes: [],
    },
  },
  {
    name: 'an owner by number',
    want: want(file, PATH, { content: 'old\n', owner: '0', group: '0' }),
    have: have(),
    change: undefined,
  },
  {
    name: 'old bytes that are no text',
    want: TEXT,
    have: have({}, { old: { base64: '/w==' }, size: 1 }),
    change: {
      verb: 'update',
      reason: 'content differs',
      fields: [
        {
          name: 'content',
          before: `sha256:${sha256('old\n')} (1 bytes)`,
          after: `sha256:${sha256('new\n')} (4 bytes)`,
        },
      ],
      steps: [REPLACED],
      notes: [],
    },
  },
  {
    name: 'old bytes that were too large to bring',
    want: TEXT,
    have: have({}, { old: null, size: 300_000 }),
    change: {
      verb: 'update',
      reason: 'content differs',
      fields: [
        {
          name: 'content',
          before: `sha256:${sha256('old\n')} (300000 bytes)`,
          after: `sha256:${sha256('new\n')} (4 bytes)`,
        },
      ],
      steps: [REPLACED],
      notes: [],
    },
  },
  {
    name: 'new bytes that are no text',
    want: want(file, PATH, { content: 'a\0b' }),
    have: gone(),
    change: {
      ...CREATED,
      fields: [
        { name: 'content', before: null, after: `sha256:${sha256('a\0b')} (3 bytes)` },
        { name: 'mode', before: null, after: '0644' },
      ],
      steps: [{ ...PUT, content: { text: 'a\0b' } }],
    },
  },
  ...[
    {
      name: 'that Ashore did not write',
      last: sha256('mine\n'),
      field: {
        name: 'content',
        before: '4 bytes that not everybody may read',
        after: `sha256:${sha256('new\n')} (4 bytes)`,
      },
    },
    { name: 'that Ashore wrote', last: sha256('old\n'), field: TEXT_FIELD },
  ].map(({ name, last, field }): Row => ({
    name: `private bytes ${name}`,
    want: TEXT,
    have: have({}, { open: false }),
    last,
    change: { verb: 'update', reason: 'content differs', fields: [field], steps: [REPLACED], notes: [] },
  })),
  {
    name: 'private bytes that go',
    want: ABSENT,
    have: have({}, { open: false }),
    change: {
      verb: 'delete',
      reason: 'it is declared absent',
      fields: [{ name: 'content', before: '4 bytes that not everybody may read', after: null }],
      steps: [{ do: 'remove', path: PATH }],
      data: 'lost',
      notes: ['its bytes are not those that Ashore wrote'],
    },
  },
  {
    name: 'hard links',
    want: TEXT,
    have: have({}, { links: 3 }),
    change: {
      verb: 'update',
      reason: 'content differs',
      fields: [TEXT_FIELD],
      steps: [REPLACED],
      notes: ['it has 3 names (hard links); the others keep the old bytes'],
    },
  },
  {
    name: 'a parent that is a link',
    want: TEXT,
    have: gone({ real: '/srv/etc' }),
    change: {
      ...CREATED,
      steps: CREATED.steps.map((step) => ({ ...step, at: '/srv/etc' })),
      notes: ['/etc is really /srv/etc'],
    },
  },
  {
    name: 'immutable',
    want: TEXT,
    have: have({}, { immutable: true }),
    change: {
      blocked: { code: 'PATH_IMMUTABLE', message: '/etc/shop.conf is marked immutable (chattr +i)' },
    },
  },
  {
    name: 'unreadable',
    want: TEXT,
    have: have({ sha256: null }),
    change: { blocked: { code: 'READ_FAILED', message: 'the login may not read /etc/shop.conf' } },
  },
  {
    name: 'where nobody may look',
    want: TEXT,
    have: gone({ place: 'closed' }),
    change: {
      blocked: {
        code: 'READ_FAILED',
        message: 'the login may not look at /etc/shop.conf, so nobody knows what is there',
        next: 'Use a login that may, or `sudo: true` in hosts.yml.',
      },
    },
  },
  {
    name: 'a link in the way',
    want: TEXT,
    have: have({ is: 'symlink', sha256: null }),
    change: {
      blocked: {
        code: 'PATH_OCCUPIED',
        message: '/etc/shop.conf is a symbolic link on the host',
        next: 'Declare `symlink: /etc/shop.conf` with `absent: true` above.',
      },
    },
  },
  {
    name: 'a link that the plan takes away',
    want: TEXT,
    have: have({ is: 'symlink', sha256: null }),
    world: { [`symlink/${PATH}`]: 'delete' },
    change: CREATED,
  },
  {
    name: 'a pipe in the way of deleting',
    want: ABSENT,
    have: have({ is: 'fifo', sha256: null }),
    change: { blocked: { code: 'PATH_OCCUPIED', message: '/etc/shop.conf is a named pipe on the host' } },
  },
  {
    name: 'declared absent, and there',
    want: ABSENT,
    have: have(),
    last: sha256('old\n'),
    change: {
      verb: 'delete',
      reason: 'it is declared absent',
      fields: [GONE_FIELD],
      steps: [{ do: 'remove', path: PATH }],
    },
  },
  {
    name: 'declared absent, and not ours',
    want: ABSENT,
    have: have(),
    change: {
      verb: 'delete',
      reason: 'it is declared absent',
      fields: [GONE_FIELD],
      steps: [{ do: 'remove', path: PATH }],
      data: 'lost',
      notes: ['its bytes are not those that Ashore wrote'],
    },
  },
  {
    name: 'declared absent, and immutable',
    want: ABSENT,
    have: have({}, { immutable: true }),
    change: {
      blocked: { code: 'PATH_IMMUTABLE', message: '/etc/shop.conf is marked immutable (chattr +i)' },
    },
  },
  {
    name: 'declared absent, a link that the plan takes away',
    want: ABSENT,
    have: have({ is: 'symlink' }),
    world: { [`symlink/${PATH}`]: 'delete' },
    change: undefined,
  },
  { name: 'declared absent, and not there', want: ABSENT, have: undefined, change: undefined },
  {
    name: 'no longer declared, as Ashore left it',
    want: undefined,
    have: have(),
    last: sha256('old\n'),
    change: {
      verb: 'delete',
      reason: 'it is no longer declared, and still as Ashore wrote it',
      fields: [GONE_FIELD],
      steps: [{ do: 'remove', path: PATH }],
    },
  },
  ...[
    {
      name: 'changed since',
      have: have(),
      last: sha256('mine\n'),
      why: 'its bytes are not those that Ashore wrote',
    },
    {
      name: 'nothing remembered',
      have: have(),
      last: null,
      why: 'its bytes are not those that Ashore wrote',
    },
    {
      name: 'unreadable',
      have: have({ sha256: null }),
      last: null,
      why: 'its bytes are not those that Ashore wrote',
    },
    {
      name: 'immutable',
      have: have({}, { immutable: true }),
      last: sha256('old\n'),
      why: 'it is marked immutable (chattr +i)',
    },
    {
      name: 'a directory now',
      have: have({ is: 'directory' }),
      last: null,
      why: 'something else is there now',
    },
  ].map(({ why, ...row }): Row => {
    const reason = `it is no longer declared, and stays where it is: ${why}; declare it with absent: true to delete it`;
    const change: KindChange = { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
    return { ...row, name: `no longer declared, ${row.name}`, want: undefined, change };
  }),
];

describe('change', () => {
  it.each(CHANGES)('$name', ({ want: wanted, have: found, last = null, world, change }) => {
    const remembered = last === null ? undefined : { sha256: last };
    const request = { id: PATH, want: wanted, have: found, last: remembered, world: worldOf(world) };
    expect(file.change(request)).toEqual(change);
  });

  it('rests on nothing that is only shown', () => {
    expect(fingerprint(have())).toBe(fingerprint(have({}, { links: 7, old: null, immutable: true })));
    expect(fingerprint(gone())).toBe(fingerprint(gone({ place: 'missing', ownerKnown: false })));
    expect(fingerprint(have())).not.toBe(fingerprint(have({ mode: '0600' })));
  });
});

describe('what stands around it', () => {
  const withOwner = want(file, PATH, { content: 'new\n', owner: 'shop', group: 'www' });
  const rows: readonly {
    name: string;
    around: object;
    world?: Row['world'];
    verdict: string;
    notes?: string[];
  }[] = [
    { name: 'all there', around: {}, verdict: 'create', notes: [] },
    { name: 'no directory', around: { place: 'missing' }, verdict: 'PARENT_MISSING' },
    {
      name: 'no directory, planned',
      around: { place: 'missing' },
      world: { 'directory//etc': 'create' },
      verdict: 'create',
    },
    {
      name: 'no directory, a link planned',
      around: { place: 'missing' },
      world: { 'symlink//etc': 'create' },
      verdict: 'create',
    },
    {
      name: 'a directory that the plan deletes',
      around: {},
      world: { 'directory//etc': 'delete' },
      verdict: 'PARENT_MISSING',
    },
    { name: 'a file where the directory should be', around: { place: 'other' }, verdict: 'PARENT_MISSING' },
    {
      name: 'no directory, and a package planned',
      around: { place: 'missing' },
      world: { 'package/nginx': 'create', 'package/curl': 'create' },
      verdict: 'create',
      notes: ['/etc must come with a package that is planned above (nginx, curl)'],
    },
    {
      name: 'no directory, and a command planned',
      around: { place: 'missing' },
      world: { 'command/unpack': 'run' },
      verdict: 'create',
      notes: ['/etc must come with a command that is planned above (unpack)'],
    },
    {
      name: 'no home, and its user planned',
      around: { place: 'missing', directory: '/home/shop' },
      world: { 'user/shop': 'create', 'group/www': 'create' },
      verdict: 'create',
      notes: ['/home/shop must come with the user shop, which is planned above'],
    },
    {
      name: 'no home, and another user planned',
      around: { place: 'missing', directory: '/home/ada' },
      world: { 'user/shop': 'create' },
      verdict: 'PARENT_MISSING',
    },
    { name: 'no user', around: { ownerKnown: false }, verdict: 'OWNER_MISSING' },
    {
      name: 'no user, planned',
      around: { ownerKnown: false },
      world: { 'user/shop': 'create' },
      verdict: 'create',
    },
    {
      name: 'a user that the plan deletes',
      around: {},
      world: { 'user/shop': 'delete' },
      verdict: 'OWNER_MISSING',
    },
    {
      name: 'no user, and a package planned',
      around: { ownerKnown: false },
      world: { 'package/nginx': 'create' },
      verdict: 'create',
      notes: ['the user shop must come with a package that is planned above (nginx)'],
    },
    {
      name: 'no user, and a package left as it is',
      around: { ownerKnown: false },
      world: { 'package/nginx': 'adopt' },
      verdict: 'OWNER_MISSING',
    },
    { name: 'no group', around: { groupKnown: false }, verdict: 'OWNER_MISSING' },
    {
      name: 'no group, planned',
      around: { groupKnown: false },
      world: { 'group/www': 'create' },
      verdict: 'create',
    },
    {
      name: 'no group, a user of that name planned',
      around: { groupKnown: false },
      world: { 'user/www': 'create' },
      verdict: 'create',
    },
    {
      name: 'no group, and a package planned',
      around: { groupKnown: false },
      world: { 'package/nginx': 'update' },
      verdict: 'create',
      notes: ['the group www must come with a package that is planned above (nginx)'],
    },
  ];
  it.each(rows)('$name', ({ around, world, verdict, notes }) => {
    const found = gone({ owner: 'shop', group: 'www', ...around });
    const change = file.change({
      id: PATH,
      want: withOwner,
      have: found,
      last: undefined,
      world: worldOf(world),
    });
    expect(verdictOf(change)).toBe(verdict);
    if (notes) expect(change).toMatchObject({ notes });
  });

  it('needs its directory and its owners', () => {
    expect(file.needs?.(PATH, OWNED)).toEqual([
      { kind: 'directory', id: '/etc' },
      { kind: 'user', id: 'shop' },
      { kind: 'group', id: 'www' },
    ]);
    expect(file.needs?.('/motd', TEXT)).toEqual([{ kind: 'directory', id: '/' }]);
    expect(file.needs?.(PATH, ABSENT)).toEqual([]);
  });
});

describe('declarations', () => {
  const files = {
    'files/logo.bin': new Uint8Array([0, 255, 1]),
    'files/motd': new TextEncoder().encode('hi\n'),
  };
  it.each([
    { name: 'text', spec: { content: '' }, content: { text: '' } },
    { name: 'a text of the repository', spec: { source: 'files/motd' }, content: { text: 'hi\n' } },
    { name: 'bytes of the repository', spec: { source: 'files/logo.bin' }, content: { base64: 'AP8B' } },
    { name: 'json', spec: { json: { port: 8080 } }, content: { text: '{\n  "port": 8080\n}\n' } },
    { name: 'json that is null', spec: { json: null }, content: { text: 'null\n' } },
    { name: 'yaml', spec: { yaml: { a: 'yes' } }, content: { text: 'a: "yes"\n' } },
    { name: 'toml', spec: { toml: { a: 1 } }, content: { text: 'a = 1\n' } },
    { name: 'ini', spec: { ini: { a: { b: 1 } } }, content: { text: '[a]\nb=1\n' } },
    { name: 'env', spec: { env: { A: 'b c' } }, content: { text: "A='b c'\n" } },
  ])('$name', ({ spec, content }) => {
    const bytes = 'text' in content ? content.text : Buffer.from(content.base64 ?? '', 'base64');
    const expected = { content, sha256: sha256(bytes), owner: null, group: null, mode: '0644' };
    expect(want(file, PATH, spec, files)).toEqual(expected);
  });

  it.each([
    {
      spec: {},
      path: [],
      message: 'one of content, source, secret, json, yaml, toml, ini, env is needed, or absent: true',
    },
    {
      spec: { mode: '0600' },
      path: [],
      message: 'one of content, source, secret, json, yaml, toml, ini, env is needed, or absent: true',
    },
    {
      spec: { content: '', json: 1 },
      path: ['json'],
      message: 'content and json both give the bytes; keep one',
    },
    {
      spec: { content: '', absent: true },
      path: ['content'],
      message: 'content says how a file should be, and absent that it should not',
    },
    {
      spec: { mode: '0600', absent: true },
      path: ['mode'],
      message: 'mode says how a file should be, and absent that it should not',
    },
    {
      spec: { env: { A: null } },
      path: ['env'],
      message: 'A: null (leave the key out instead) cannot be written here',
    },
  ])('refuses $spec', ({ spec, path, message }) => {
    const resolved = file.resolve?.(file.spec.parse(spec), { read: () => undefined });
    expect(resolved).toEqual({ unresolved: { path, message } });
  });

  it('names a source that is not there', () => {
    const resolved = file.resolve?.(file.spec.parse({ source: 'files/x' }), { read: () => undefined });
    const message = 'deploy-configs/files/x is not in the repository';
    expect(resolved).toEqual({ unresolved: { path: ['source'], message, code: 'SOURCE_MISSING' } });
  });

  it.each([
    { mode: 420 },
    { mode: '0999' },
    { mode: 'u=rw' },
    { owner: 0 },
    { owner: '-x' },
    { owner: 'a:b' },
    { owner: '' },
    { absent: false },
    { contents: '' },
    { content: 1 },
  ])('does not take %j', (spec) => {
    expect(file.spec.safeParse({ content: '', ...spec }).success).toBe(false);
  });

  it.each(['/a b', "/it's", '/a\nb', '/a\\b', '/$(x)', '/-rf', '/ü', '/...', '/.a', '/a/..b/c', '/a*?[b]'])(
    'takes %j as a path',
    (id) => {
      expect(file.id.safeParse(id).success).toBe(true);
    },
  );

  it.each([
    '',
    '/',
    'a',
    './a',
    '/a/',
    '//a',
    '/a//b',
    '/./a',
    '/a/.',
    '/a/..',
    '/../a',
    '/a\0b',
    '/\ud800',
    `/${'x'.repeat(241)}`,
    '/x'.repeat(2041),
  ])('does not take %j as a path', (id) => {
    expect(file.id.safeParse(id).success).toBe(false);
  });

  it('remembers what it wrote', () => {
    expect(file.remember?.(TEXT)).toEqual({ sha256: sha256('new\n') });
    expect(file.remember?.(ABSENT)).toBeNull();
  });
});

/** Whether the tool did what it was asked. */
function runTool(tool: string, ...words: readonly string[]): boolean {
  return spawnSync(tool, words).status === 0;
}

/** Whether this file system and this account can mark a file immutable. */
const canMark = (() => {
  const probe = join(mkdtempSync(join(tmpdir(), 'ashore probe ')), 'x');
  writeFileSync(probe, '');
  const marked = runTool('chattr', '+i', probe);
  if (marked) runTool('chattr', '-i', probe);
  rmSync(dirname(probe), { recursive: true });
  return marked;
})();

describe('on this machine', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ashore file '));
    chmodSync(root, 0o755);
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const HOSTILE = [
    'plain',
    'a b',
    "it's",
    'say "hi"',
    'new\nline',
    '\n',
    'back\\slash',
    '$(touch canary)',
    '`touch canary`',
    '-rf',
    '--',
    '*',
    '%s%n',
    'ümläut 漢字 😀',
    '!x',
    '#x',
    '~',
    'tab\t',
    '\u0001',
    'trailing\n',
  ];

  it('creates, finds in sync, updates and deletes under every name, and leaves its neighbours alone', async () => {
    const invalid = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe, 0x0a])]);
    writeFileSync(invalid, 'neighbour');
    const all = (spec: unknown) => {
      const ids = HOSTILE.map((name) => join(root, name));
      return new Map(ids.map((id) => [id, spec === undefined ? undefined : want(file, id, spec)]));
    };
    const modes = () => HOSTILE.map((name) => (lstatSync(join(root, name)).mode & 0o7777).toString(8));

    const created = await deployAll(file, all({ content: 'one\n', mode: '0640' }));
    expect(created.map(verdictOf)).toEqual(HOSTILE.map(() => 'create'));
    expect(HOSTILE.map((name) => readFileSync(join(root, name), 'utf8'))).toEqual(HOSTILE.map(() => 'one\n'));
    expect(modes()).toEqual(HOSTILE.map(() => '640'));

    const second = all({ content: 'x', mode: '4711', owner: String(process.getuid?.()) });
    const updated = await deployAll(file, second, { last: { sha256: sha256('one\n') } });
    expect(updated.map((change) => [change.verb, change.fields[0]?.before])).toEqual(
      HOSTILE.map(() => ['update', 'one\n']),
    );
    expect(modes()).toEqual(HOSTILE.map(() => '4711'));

    const deleted = await deployAll(file, all(undefined), { last: { sha256: sha256('x') } });
    expect(deleted.map(verdictOf)).toEqual(HOSTILE.map(() => 'delete'));
    expect(readFileSync(invalid, 'utf8')).toBe('neighbour');
    expect(readdirSync(root)).toHaveLength(1);
  });

  it('sets only the mode where only the mode differs', async () => {
    const id = join(root, 'x');
    writeFileSync(id, 'x');
    chmodSync(id, 0o600);
    const inode = lstatSync(id).ino;
    expect((await deploy(file, id, want(file, id, { content: 'x' }))).steps).toMatchObject([{ do: 'own' }]);
    expect(lstatSync(id).ino).toBe(inode);
  });

  it('opens nothing but regular files', async () => {
    runTool('mkfifo', join(root, 'pipe'));
    symlinkSync('/nowhere', join(root, 'dangling'));
    symlinkSync('/etc/passwd', join(root, 'link'));
    mkdirSync(join(root, 'folder'));
    for (const name of ['pipe', 'dangling', 'link', 'folder']) {
      const id = join(root, name);
      expect(verdictOf(await plan(file, id, want(file, id, { content: 'x' })))).toBe('PATH_OCCUPIED');
      expect(verdictOf(await plan(file, id, want(file, id, { absent: true })))).toBe('PATH_OCCUPIED');
      expect(verdictOf(await plan(file, id, undefined))).toBe('forget');
    }
    const device = want(file, '/dev/null', { content: 'x' });
    expect(await plan(file, '/dev/null', device)).toMatchObject({
      blocked: { message: '/dev/null is a character device on the host' },
    });
  });

  it('says what stands around', async () => {
    writeFileSync(join(root, 'plain'), '');
    mkdirSync(join(root, 'real'));
    symlinkSync('real', join(root, 'alias'));
    const verdict = async (name: string, more: object = {}) => {
      const id = join(root, name);
      return plan(file, id, want(file, id, { content: 'x', ...more }));
    };
    expect(await verdict('none/x')).toMatchObject({ blocked: { code: 'PARENT_MISSING' } });
    expect(await verdict('none/deep/x')).toMatchObject({ blocked: { code: 'PARENT_MISSING' } });
    expect(await verdict('plain/x')).toMatchObject({
      blocked: { code: 'PARENT_MISSING', message: expect.stringContaining('is not a directory') },
    });
    expect(await verdict('alias/x')).toMatchObject({
      verb: 'create',
      notes: [expect.stringContaining('is really')],
    });
    expect(await verdict('x', { owner: 'no-such-user' })).toMatchObject({
      blocked: { code: 'OWNER_MISSING' },
    });
    expect(await verdict('x', { group: 'no-such-group' })).toMatchObject({
      blocked: { code: 'OWNER_MISSING' },
    });
    expect(await verdict('x', { owner: 'root', group: '4242' })).toMatchObject({ verb: 'create', notes: [] });
  });

  it('tells what it may not see from what is not there', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const reader = createLocalReader(process.getuid?.() === 0 ? nobody : []);
    for (const folder of ['closed', 'closed/inner', 'open']) mkdirSync(join(root, folder));
    for (const name of ['closed/x', 'open/secret']) writeFileSync(join(root, name), 'x');
    chmodSync(join(root, 'open/secret'), 0);
    chmodSync(join(root, 'closed'), 0);
    const ids = ['closed/x', 'closed/inner/x', 'closed/none/x', 'open/secret', 'open/x'].map((name) =>
      join(root, name),
    );
    for (const spec of [{ content: 'x' }, { absent: true }]) {
      const wanted = new Map(ids.map((id) => [id, want(file, id, spec)]));
      const states = await file.read(reader, wanted);
      const verdicts = ids.map((id) => {
        return verdictOf(
          file.change({ id, want: wanted.get(id), have: states.get(id), last: undefined, world: worldOf() }),
        );
      });
      const blocked = ['READ_FAILED', 'READ_FAILED', 'READ_FAILED'];
      expect(verdicts).toEqual([
        ...blocked,
        ...('content' in spec ? ['READ_FAILED', 'create'] : ['delete', 'in sync']),
      ]);
    }
    chmodSync(join(root, 'closed'), 0o700);
  });

  it('brings old bytes back only where they differ and are not too large', async () => {
    const sizes = { empty: 0, limit: 262_144, over: 262_145, large: 1_048_576 };
    for (const [name, size] of Object.entries(sizes)) writeFileSync(join(root, name), 'x'.repeat(size));
    const shown = async (name: string, content: string) => {
      const id = join(root, name);
      const change = await plan(file, id, want(file, id, { content }));
      return change && 'fields' in change
        ? change.fields.find((field) => field.name === 'content')?.before
        : undefined;
    };
    expect(await shown('empty', 'y')).toBe('');
    expect(await shown('empty', '')).toBeUndefined();
    expect(await shown('limit', 'y')).toBe('x'.repeat(sizes.limit));
    expect(await shown('over', 'y')).toBe(`sha256:${sha256('x'.repeat(sizes.over))} (262145 bytes)`);
    expect(await shown('large', 'y')).toBe(`sha256:${sha256('x'.repeat(sizes.large))} (1048576 bytes)`);
    expect(await shown('large', 'x'.repeat(sizes.large))).toBeUndefined();
  });

  it('does not show what not everybody on the host may read, unless Ashore wrote it', async () => {
    mkdirSync(join(root, 'private'), { mode: 0o700 });
    const shown = async (name: string, mode: number, last?: string) => {
      const id = join(root, name);
      writeFileSync(id, 'secret');
      chmodSync(id, mode);
      const change = await plan(
        file,
        id,
        want(file, id, { content: 'x' }),
        last === undefined ? {} : { last: { sha256: last } },
      );
      return change && 'fields' in change ? change.fields[0]?.before : undefined;
    };
    const hidden = '6 bytes that not everybody may read';
    expect(await shown('open', 0o644)).toBe('secret');
    expect(await shown('closed', 0o640)).toBe(hidden);
    expect(await shown('closed', 0o640, sha256('secret'))).toBe('secret');
    expect(await shown('closed', 0o640, sha256('other'))).toBe(hidden);
    if (process.getuid?.() === 0) expect(await shown('private/x', 0o644)).toBe(hidden);
  });

  it('is not led astray by what can be seen and not read', async () => {
    const wanted = new Map<string, unknown>();
    for (const name of ['a', 'b']) {
      writeFileSync(join(root, name), name);
      wanted.set(join(root, name), want(file, join(root, name), { content: 'a' }));
      // A read of it fails, which leaves a gap in what the tools answer; and no attributes can be asked for below /proc.
      if (name === 'a')
        for (const id of ['/proc/self/mem', '/proc/version'])
          wanted.set(id, want(file, id, { content: 'a' }));
    }
    const states = await file.read(createLocalReader(), wanted);
    const changes = [...wanted].map(([id, one]) =>
      file.change({ id, want: one, have: states.get(id), last: undefined, world: worldOf() }),
    );
    expect(changes.map(verdictOf)).toEqual(['in sync', 'READ_FAILED', 'update', 'update']);
    expect(changes[3]).toMatchObject({ fields: [{ before: 'b', after: 'a' }] });
  });

  it('brings bytes back as they are, whatever they are', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const id = join(root, 'bytes');
    writeFileSync(id, bytes);
    const files = { 'b.bin': bytes };
    expect(await plan(file, id, want(file, id, { source: 'b.bin' }, files))).toBeUndefined();
    writeFileSync(id, '\ufeffbom');
    expect(await plan(file, id, want(file, id, { content: 'x' }))).toMatchObject({
      fields: [{ before: '\ufeffbom' }],
    });
    await deploy(file, id, want(file, id, { source: 'b.bin' }, files));
    expect(readFileSync(id)).toEqual(Buffer.from(bytes));
  });

  it.runIf(canMark)('finds what is marked immutable', async () => {
    const id = join(root, 'x\ny');
    writeFileSync(id, 'x');
    runTool('chattr', '+i', id);
    try {
      expect(verdictOf(await plan(file, id, want(file, id, { content: 'y' })))).toBe('PATH_IMMUTABLE');
      expect(verdictOf(await plan(file, id, want(file, id, { content: 'x' })))).toBe('in sync');
      expect(verdictOf(await plan(file, id, want(file, id, { absent: true })))).toBe('PATH_IMMUTABLE');
      expect(await plan(file, id, undefined, { last: { sha256: sha256('x') } })).toMatchObject({
        verb: 'forget',
      });
    } finally {
      runTool('chattr', '-i', id);
    }
  });

  it('counts hard links', async () => {
    writeFileSync(join(root, 'one'), 'old');
    linkSync(join(root, 'one'), join(root, 'two'));
    const id = join(root, 'one');
    const change = await deploy(file, id, want(file, id, { content: 'new' }));
    expect(change.notes).toEqual(['it has 2 names (hard links); the others keep the old bytes']);
    expect(readFileSync(join(root, 'two'), 'utf8')).toBe('old');
  });

  it('reads 1,000 files in a handful of looks, each as it is', async () => {
    const wanted = new Map<string, unknown>();
    for (let index = 0; index < 1000; index++) {
      const id = join(root, `file ${index}\n`);
      if (index % 10 > 0) writeFileSync(id, `${index}`);
      wanted.set(id, want(file, id, { content: index % 10 === 1 ? 'other' : `${index}` }));
    }
    const reader = createLocalReader();
    const states = await file.read(reader, wanted);
    const verdicts = [...wanted].map(([id, one]) =>
      verdictOf(file.change({ id, want: one, have: states.get(id), last: undefined, world: worldOf() })),
    );
    expect(verdicts).toEqual(
      Array.from({ length: 1000 }, (_, index) => ['create', 'update'][index % 10] ?? 'in sync'),
    );
    expect(reader.looks).toHaveLength(3);
  });

  it('holds the longest paths', async () => {
    let deep = root;
    for (let depth = 0; depth < 15; depth++) deep = join(deep, 'd'.repeat(200));
    mkdirSync(deep, { recursive: true });
    const wanted = new Map<string, unknown>();
    for (let index = 0; index < 200; index++) {
      const id = join(deep, `${index}-${'f'.repeat(200)}`);
      writeFileSync(id, 'old');
      wanted.set(id, want(file, id, { content: 'new' }));
    }
    const states = await file.read(createLocalReader(), wanted);
    expect(states.size).toBe(200);
  });

  it('knows no path that it was not asked for, and asks nothing of nobody', async () => {
    const reader = createLocalReader();
    expect(await file.read(reader, new Map())).toEqual(new Map());
    expect(reader.looks).toEqual([]);
  });
});
