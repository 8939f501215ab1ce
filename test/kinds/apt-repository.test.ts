import { describe, expect, it } from 'vitest';
import { aptRepository } from '../../src/kinds/apt-repository.ts';
import { packageKind } from '../../src/kinds/package.ts';
import { ASIDE } from '../../src/core/kind.ts';
import { fileAt, noFileAt } from './found.ts';
import { want, worldOf } from './trial.ts';

const SOURCES = '/etc/apt/sources.list.d/shop.sources';
const KEY = '/etc/apt/keyrings/shop.asc';
const PGP = '-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n-----END PGP PUBLIC KEY BLOCK-----\n';
const SPEC = { uris: ['https://apt.example.com/shop'], suites: ['stable'], components: ['main'], key: PGP };
const TEXT = `Types: deb
URIs: https://apt.example.com/shop
Suites: stable
Components: main
Signed-By: ${KEY}
`;

const THERE = { sources: fileAt(SOURCES, TEXT), key: fileAt(KEY, PGP), fetched: true };

function change(spec: object | undefined, have: object | undefined) {
  const last = aptRepository.remember?.(want(aptRepository, 'shop', SPEC));
  const wanted = spec && want(aptRepository, 'shop', spec);
  return aptRepository.change({ id: 'shop', want: wanted, have, last, world: worldOf() });
}

function stepsOf(made: ReturnType<typeof change>): string[] {
  if (!made || !('steps' in made)) return [JSON.stringify(made)];
  return made.steps.map((step) => ('path' in step ? `${step.do} ${step.path}` : step.do));
}

describe('change', () => {
  it('writes the key, then the source, then reads its lists', () => {
    const made = change(SPEC, { sources: noFileAt(SOURCES), key: noFileAt(KEY), fetched: false });
    expect(made).toMatchObject({
      verb: 'create',
      steps: [
        {},
        { content: { text: TEXT } },
        { argv: expect.arrayContaining(['update', `Dir::Etc::sourcelist=${SOURCES}`]) },
      ],
    });
    expect(stepsOf(made)).toEqual([`put ${KEY}`, `put ${SOURCES}`, 'run']);
  });

  it('is done when files and lists are there', () => {
    expect(change(SPEC, THERE)).toBeUndefined();
  });

  it('reads lists that are not there', () => {
    const made = change(SPEC, { ...THERE, fetched: false });
    expect(made).toMatchObject({
      verb: 'update',
      reason: 'apt has not read its lists',
      steps: [{ do: 'run' }],
    });
  });

  it('goes, the source first, as far as it is as Ashore wrote it', () => {
    expect(stepsOf(change(undefined, THERE))).toEqual([`remove ${SOURCES}`, `remove ${KEY}`]);
    const edited = change(undefined, { ...THERE, sources: fileAt(SOURCES, 'x') });
    expect(edited).toMatchObject({ verb: 'forget', steps: [] });
  });
});

describe('declaration', () => {
  it.each([
    [{}, 'uris and suites are needed'],
    [{ ...SPEC, key: undefined }, 'key or key_source is needed'],
    [{ ...SPEC, components: undefined }, 'components are needed'],
    [{ ...SPEC, suites: ['./'] }, 'none beside a path'],
    [{ ...SPEC, key: 'x' }, 'no armored public key'],
    [{ ...SPEC, key_source: 'x' }, 'both give it'],
    [{ ...SPEC, key: undefined, key_source: 'none' }, 'not in the repository'],
    [{ ...SPEC, unsigned: true }, 'there is a key'],
    [{ ...SPEC, key: undefined, unsigned: true }, 'has to be signed'],
    [{ absent: true, uris: ['https://x/'] }, 'uris says how it should be'],
  ])('refuses %j', (spec, message) => {
    expect(() => want(aptRepository, 'shop', spec)).toThrow(message);
  });

  it.each([
    { ...SPEC, uris: ['https://x/ y'] },
    { ...SPEC, uris: ['https://x/\nTrusted: yes'] },
    { ...SPEC, suites: ['a b'] },
    { ...SPEC, components: ['main\nTrusted:'] },
    { ...SPEC, uris: ['exec:x'] },
  ])('refuses %j', (spec) => {
    expect(aptRepository.spec.safeParse(spec).success).toBe(false);
  });

  it.each(['a.b', 'a/b', '-a', 'a\n'])('refuses the name %j', (id) => {
    expect(aptRepository.id.safeParse(id).success).toBe(false);
  });
});

it('a package that no list has may come from it in the same plan', () => {
  const have = { is: 'unknown', installed: null, [ASIDE]: { offered: [], providers: [], lists: '' } };
  const asked = { id: 'shop', want: want(packageKind, 'shop', {}), have, last: undefined };
  const world = worldOf({ 'apt-repository/shop': 'create' });
  expect(packageKind.change({ ...asked, world })).toMatchObject({ verb: 'create' });
  expect(packageKind.change({ ...asked, world: worldOf() })).toMatchObject({
    blocked: { code: 'PACKAGE_UNKNOWN' },
  });
});
