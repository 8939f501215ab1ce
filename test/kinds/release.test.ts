import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import { release } from '../../src/kinds/release.ts';
import { compressionOf } from '../../src/kinds/releases/compression.ts';
import { readReleases } from '../../src/kinds/releases/look.ts';
import { UNPACK } from '../../src/kinds/releases/steps.ts';
import { createLocalReader } from '../support/local-reader.ts';
import { want, worldOf } from './trial.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const C = 'c'.repeat(64);
const D = 'd'.repeat(64);
const URL = 'https://example.com/shop.tar.gz';
const SPEC = { url: URL, sha256: A };
const AROUND = { directory: '/opt', owner: 'root', group: 'root', place: 'directory', real: '/opt' };

function have(releases: object = {}, programs: readonly string[] = ['gzip']) {
  const around = { ...AROUND, ownerKnown: true, groupKnown: true };
  const plain = { place: 'own', stocked: true, current: null, kept: [] };
  return { releases: { ...plain, ...releases }, [ASIDE]: { around, programs: new Set(programs) } };
}

function change(spec: object | undefined, found: object, world: Parameters<typeof worldOf>[0] = {}) {
  const wanted = spec && want(release, '/opt/shop', spec);
  return release.change({
    id: '/opt/shop',
    want: wanted,
    have: found,
    last: undefined,
    world: worldOf(world),
  });
}

const LINK = { do: 'link', path: '/opt/shop/current', target: `releases/${A}` };

describe('change', () => {
  it('fetches, unpacks and switches', () => {
    const made = change(SPEC, have({ place: 'missing', stocked: false }));
    expect(made).toMatchObject({
      verb: 'create',
      steps: [
        { do: 'mkdir', path: '/opt/shop' },
        { do: 'mkdir', path: '/opt/shop/releases' },
        {
          argv: ['/usr/lib/apt/apt-helper', 'download-file', URL, `./.${A}.archive`, `SHA256:${A}`],
          directory: '/opt/shop/releases',
          pinned: true,
        },
        {
          argv: [
            'sh',
            '-c',
            UNPACK,
            'release',
            '.',
            A,
            'root:root',
            'archive',
            '--strip-components=0',
            '--gzip',
          ],
        },
        LINK,
      ],
      notes: [`the host gets it from ${URL}; how large it is shows in the deploy`],
    });
  });

  it('only switches to what is there, and keeps the newest and the one in use', () => {
    expect(
      change({ ...SPEC, keep: 3 }, have({ current: `releases/${D}`, kept: [B, A, C, D] })),
    ).toMatchObject({
      verb: 'update',
      reason: 'another release is in use; it is there from before, so only the link changes',
      fields: [{ name: 'release', before: D, after: A }],
      steps: [
        LINK,
        {
          argv: ['rm', '-rf', '--one-file-system', '--', C, `.${C}.layout`],
          directory: '/opt/shop/releases',
          pinned: true,
        },
      ],
    });
  });

  it('stands in the directories that the look saw, and behind a link of the same plan in those that it names', () => {
    const found = have({ place: 'missing', stocked: false, kept: [B, C, D] });
    const around = { ...found[ASIDE].around, real: '/mnt/opt' };
    const made = change(SPEC, { ...found, [ASIDE]: { ...found[ASIDE], around } });
    expect(made).toMatchObject({
      steps: [
        { do: 'mkdir', path: '/opt/shop', at: '/mnt/opt' },
        { do: 'mkdir', path: '/opt/shop/releases', at: '/mnt/opt/shop' },
        { directory: '/mnt/opt/shop/releases', pinned: true },
        { directory: '/mnt/opt/shop/releases', pinned: true },
        { do: 'link', at: '/mnt/opt/shop' },
        { directory: '/mnt/opt/shop/releases', pinned: true },
      ],
    });
    const behind = change(SPEC, found, { 'symlink//opt': 'create' });
    const steps = behind && 'steps' in behind ? behind.steps : [];
    expect(steps.map((step) => ('path' in step ? step.at : 'pinned' in step))).toEqual([
      null,
      null,
      false,
      false,
      null,
      false,
    ]);
  });

  it('says how large it is where that is known', () => {
    const files = { 'x.tar': new Uint8Array(3000) };
    const request = { id: '/opt/shop', have: have(), last: undefined, world: worldOf() };
    const made = release.change({ ...request, want: want(release, '/opt/shop', { source: 'x.tar' }, files) });
    expect(made).toMatchObject({ notes: ['3 KiB, from the repository'] });
  });

  it('is done when the link points to it', () => {
    expect(change(SPEC, have({ current: `releases/${A}`, kept: [A] }))).toBeUndefined();
    expect(change(SPEC, have({ current: `releases/${A}`, kept: [] }))).toMatchObject({ verb: 'update' });
  });

  describe('the same bytes', () => {
    const there = (more: object = {}) => have({ current: `releases/${A}`, kept: [A], ...more });
    const PLAIN = 'root:root archive --strip-components=0 --gzip';

    it.each([
      ['strip', { strip: 1 }, 'root:root archive --strip-components=1 --gzip'],
      ['owner', { owner: 'games' }, 'games:root archive --strip-components=0 --gzip'],
      ['group', { group: 'games' }, 'root:games archive --strip-components=0 --gzip'],
      ['file', { file: 'shop' }, 'root:root file shop'],
    ])('are unpacked again for another %s', (_name, more, layout) => {
      const made = change({ ...SPEC, ...more }, there({ layouts: { [A]: PLAIN } }));
      expect(made).toMatchObject({
        verb: 'replace',
        fields: [{ name: 'layout', before: PLAIN, after: layout }],
        steps: [
          { argv: expect.arrayContaining(['download-file', URL]), beside: true },
          { argv: ['sh', '-c', UNPACK, 'release', '.', A, ...layout.split(' ')] },
          LINK,
        ],
        data: 'lost',
      });
      // What runs is taken away: to leave it would undo nothing.
      expect(made && 'steps' in made ? made.steps[1] : undefined).not.toHaveProperty('beside');
      expect(change({ ...SPEC, ...more }, there({ layouts: { [A]: layout } }))).toBeUndefined();
    });

    it('are unpacked again also when they are there from before, and were unpacked otherwise', () => {
      const found = have({ current: `releases/${B}`, kept: [B, A], layouts: { [A]: PLAIN } });
      expect(change({ ...SPEC, strip: 1 }, found)).toMatchObject({
        verb: 'update',
        steps: [{ beside: true }, { argv: expect.arrayContaining([UNPACK]), beside: true }, LINK],
      });
      expect(change(SPEC, found)).toMatchObject({ verb: 'update', steps: [LINK] });
    });

    it('stay as they are where an older version did not note how it unpacked them', () => {
      expect(change({ ...SPEC, strip: 1 }, there())).toBeUndefined();
    });

    it('and fewer to keep: the oldest go', () => {
      const found = have({ current: `releases/${A}`, kept: [A, B, C, D] });
      expect(change({ ...SPEC, keep: 4 }, found)).toBeUndefined();
      expect(change({ ...SPEC, keep: 2 }, found)).toMatchObject({
        verb: 'update',
        fields: [{ name: 'kept', before: '4', after: '2' }],
        steps: [{ argv: ['rm', '-rf', '--one-file-system', '--', C, D, `.${C}.layout`, `.${D}.layout`] }],
      });
    });
  });

  it.each([
    ['another account', { place: 'foreign' }, 'PATH_OCCUPIED'],
    ['a file in the way', { place: 'other' }, 'PATH_OCCUPIED'],
    ['a directory in place of the link', { current: 'other' }, 'PATH_OCCUPIED'],
  ])('is blocked by %s', (_name, releases, code) => {
    expect(change(SPEC, have(releases))).toMatchObject({ blocked: { code } });
  });

  it('needs what undoes the compression', () => {
    const xz = { ...SPEC, url: 'https://example.com/shop.tar.xz' };
    expect(change(xz, have())).toMatchObject({ blocked: { code: 'PROGRAM_MISSING' } });
    expect(change(xz, have(), { 'package/xz-utils': 'create' })).toMatchObject({ verb: 'create' });
  });

  it('stays when it is no longer declared, and goes when it is declared absent', () => {
    const found = have({ current: `releases/${A}`, kept: [A] });
    expect(change(undefined, found)).toMatchObject({ verb: 'forget', steps: [], data: 'kept' });
    expect(change({ absent: true }, found)).toMatchObject({
      verb: 'delete',
      data: 'lost',
      steps: [
        { do: 'remove', path: '/opt/shop/current' },
        { argv: expect.arrayContaining([A]), directory: '/opt/shop/releases' },
      ],
    });
  });
});

describe('declaration', () => {
  it.each([
    [{}, 'url with sha256 is needed'],
    [{ url: URL }, 'sha256 is needed beside url'],
    [{ url: URL, sha256: A, source: 'x' }, 'url and source both give it'],
    [{ source: 'none.tar' }, 'deploy-configs/none.tar is not in the repository'],
    [{ absent: true, keep: 2 }, 'keep says how it should be'],
    [{ source: 'x.tar', sha256: A }, 'the file has'],
    [{ source: 'large.tar' }, 'larger than 2 MiB'],
  ])('refuses %j', (spec, message) => {
    const files = { 'x.tar': new Uint8Array(3), 'large.tar': new Uint8Array(2 * 1024 * 1024 + 1) };
    expect(() => want(release, '/opt/shop', spec, files)).toThrow(message);
  });

  it.each([
    { url: 'file:///etc/shadow' },
    { url: 'https://a b' },
    { url: '-o' },
    { file: '../x' },
    { file: '-x' },
  ])('refuses %j', (spec) => {
    expect(release.spec.safeParse(spec).success).toBe(false);
  });

  it.each([
    ['https://x/a.tar.gz?token=1', '--gzip'],
    ['a.TGZ', '--gzip'],
    ['a.tar.zst', '--zstd'],
    ['a.tar', undefined],
  ])('%s is %s', (name, flag) => {
    expect(compressionOf(name)?.flag).toBe(flag);
  });
});

describe.skipIf(process.getuid?.() !== 0)('unpacking', () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'ashore-release-'));
    mkdirSync(join(place, 'releases'));
    mkdirSync(join(place, 'in'));
  });
  afterEach(() => {
    rmSync(place, { recursive: true });
  });

  /** An archive made by shell text in an empty directory, which writes it to "$1". */
  function unpack(text: string, how: readonly string[] = ['archive', '--strip-components=0']) {
    const archive = join(place, 'archive');
    const made = spawnSync('sh', ['-ec', text, 'make', archive], {
      cwd: join(place, 'in'),
      encoding: 'utf8',
    });
    expect(made.status, made.stderr).toBe(0);
    const sum = sha256(readFileSync(archive));
    writeFileSync(join(place, 'releases', `.${sum}.archive`), readFileSync(archive));
    const argv = ['-c', UNPACK, 'release', join(place, 'releases'), sum, 'games:games', ...how];
    const { status, stderr } = spawnSync('sh', argv, { encoding: 'utf8' });
    return { status, stderr, at: join(place, 'releases', sum) };
  }

  it('gives everything to its owner, without set-id bits, odd names and all', () => {
    const { status, stderr, at } = unpack(
      `mkdir d; echo x >"d/a
b"; echo y >'d/$(touch canary)'; cp /bin/true d/su; chmod 6755 d/su; ln -s ../d/su d/link; ln d/su d/hard; tar -cf "$1" d`,
    );
    expect(status, stderr).toBe(0);
    expect(readdirSync(join(at, 'd')).toSorted()).toEqual(['$(touch canary)', 'a\nb', 'hard', 'link', 'su']);
    const { mode, uid } = statSync(join(at, 'd/su'));
    expect([(mode & 0o7777).toString(8), uid]).toEqual(['755', statSync(at).uid]);
    expect(uid).not.toBe(0);
    expect(statSync('/etc/passwd').uid).toBe(0);
    expect(readdirSync(join(place, 'releases'))).toEqual([`.${at.slice(-64)}.layout`, at.slice(-64)]);
  });

  it('takes the place of what was unpacked otherwise', () => {
    const make = 'mkdir -p app; echo x >app/run; tar --mtime=@0 -cf "$1" app';
    const first = unpack(make);
    expect(readdirSync(first.at)).toEqual(['app']);
    const second = unpack(make, ['archive', '--strip-components=1']);
    expect([second.status, second.stderr, second.at]).toEqual([0, '', first.at]);
    expect(readdirSync(second.at)).toEqual(['run']);
    expect(readFileSync(join(place, 'releases', `.${second.at.slice(-64)}.layout`), 'utf8')).toBe(
      `${second.at.slice(-64)} games:games archive --strip-components=1\n`,
    );
    expect(readdirSync(join(place, 'releases'))).toHaveLength(2);
  });

  it.each([
    [
      'an absolute name',
      'echo x >f; tar -P --transform s,^,/tmp/ashore-evil/, -cf "$1" f',
      'leads out of its directory',
    ],
    [
      'a name with ..',
      'echo x >f; tar -P --transform s,^,a/../../, -cf "$1" f',
      'leads out of its directory',
    ],
    ['a device', 'mknod null c 1 3; tar -cf "$1" null', 'devices, pipes or sockets'],
    ['a pipe', 'mkfifo p; tar -cf "$1" p', 'devices, pipes or sockets'],
    [
      'a link and a file through it',
      'mkdir real; ln -s ../../in d; tar -cf "$1" d; rm d; mkdir d; echo x >d/evil; tar -rf "$1" d/evil; rm -r d',
      undefined,
    ],
    [
      'an absolute link',
      'ln -s /etc/passwd l; tar -cf "$1" l',
      'a link in the archive leads out of its directory: ./l',
    ],
    [
      'a link that goes up',
      'mkdir d; ln -s ../../x d/l; tar -cf "$1" d',
      'leads out of its directory: ./d/l',
    ],
    ['a link over a link', 'ln -s . a; ln -s a/../.. b; tar -cf "$1" a b', 'leads out of its directory: ./b'],
    ['links in a circle', 'ln -s b a; ln -s a b; tar -cf "$1" a b', undefined],
    ['no archive', 'echo hello >"$1"', 'tar c'],
    ['nothing', 'tar -cf "$1" --files-from /dev/null', 'nothing was left to unpack'],
  ])('%s does no harm', (_name, text, says) => {
    const { status, stderr, at } = unpack(text);
    if (says !== undefined) {
      expect(stderr).toContain(says);
      expect(status).not.toBe(0);
      expect(existsSync(at)).toBe(false);
      expect(readdirSync(join(place, 'releases'))).toEqual([]);
    }
    expect(existsSync(join(place, 'in/evil'))).toBe(false);
    expect(existsSync('/tmp/ashore-evil')).toBe(false);
  });

  it('takes away what a run that was torn left, and no release', () => {
    for (const name of [`.${B}.new`, `.${B}.old`, B]) mkdirSync(join(place, 'releases', name));
    for (const name of [`.${B}.new/file`, `.${C}.archive`]) writeFileSync(join(place, 'releases', name), 'x');
    const { status, at } = unpack('mkdir in; echo x >in/f; ln -s f in/l; ln -s in/l m; tar -cf "$1" in m');
    expect(status).toBe(0);
    expect(readdirSync(join(place, 'releases')).toSorted()).toEqual(
      [`.${at.slice(-64)}.layout`, at.slice(-64), B].toSorted(),
    );
  });

  it('refuses other bytes than those that were pinned', () => {
    writeFileSync(join(place, 'releases', `.${A}.archive`), 'x');
    const argv = ['-c', UNPACK, 'release', join(place, 'releases'), A, 'root:root', 'file', 'x'];
    const { status, stderr } = spawnSync('sh', argv, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, expect.stringContaining('not those that were pinned')]);
    expect(readdirSync(join(place, 'releases'))).toEqual([]);
  });

  it('is read back', async () => {
    const { at, status } = unpack('echo x >"$1"', ['file', 'shop']);
    expect(status).toBe(0);
    spawnSync('ln', ['-s', `releases/${at.slice(-64)}`, join(place, 'current')]);
    const found = await readReleases(createLocalReader(), [place, '/nonexistent/x', '/etc/passwd']);
    expect(Object.fromEntries(found)).toEqual({
      [place]: {
        place: 'own',
        stocked: true,
        current: `releases/${at.slice(-64)}`,
        kept: [at.slice(-64)],
        layouts: { [at.slice(-64)]: 'games:games file shop' },
      },
      '/nonexistent/x': { place: 'missing', stocked: false, current: null, kept: [] },
      '/etc/passwd': { place: 'other', stocked: false, current: null, kept: [] },
    });
  });
});
