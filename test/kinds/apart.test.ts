// What of a state stands apart from the declaration: an ordinary change of the configuration is no drift, a change by hand is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import type { AnyKind } from '../../src/core/kind.ts';
import { hasMoved, seenOf } from '../../src/engine/drift.ts';
import { container } from '../../src/kinds/container.ts';
import { file } from '../../src/kinds/file.ts';
import { aptRepository } from '../../src/kinds/apt-repository.ts';
import { authorizedKey } from '../../src/kinds/authorized-key.ts';
import { command } from '../../src/kinds/command.ts';
import { cron } from '../../src/kinds/cron.ts';
import { directory } from '../../src/kinds/directory.ts';
import { group } from '../../src/kinds/group.ts';
import { mount } from '../../src/kinds/mount.ts';
import { packageKind } from '../../src/kinds/package.ts';
import { release } from '../../src/kinds/release.ts';
import { service } from '../../src/kinds/service.ts';
import { sudoers } from '../../src/kinds/sudoers.ts';
import { swap } from '../../src/kinds/swap.ts';
import { symlink } from '../../src/kinds/symlink.ts';
import { sysctl } from '../../src/kinds/sysctl.ts';
import type { Standing, Unit } from '../../src/kinds/systemd/look.ts';
import { stateOf } from '../../src/kinds/systemd/state.ts';
import type { Declared } from '../../src/kinds/systemd/state.ts';
import { timer } from '../../src/kinds/timer.ts';
import { user } from '../../src/kinds/user.ts';
import { createLocalReader } from '../support/local-reader.ts';
import { entry } from '../engine/world.ts';
import { fileAt, noFileAt } from './found.ts';

/** Seen under one declaration, found under another. */
function moved(kind: AnyKind, before: unknown, now: unknown): boolean {
  const recorded = entry('a', { want: 'old', ...seenOf(kind, before) });
  return hasMoved(kind, recorded, { wanted: 'new', have: now });
}

const UP: Unit = {
  id: 'a.service',
  load: 'loaded',
  run: 'up',
  enabled: 'disabled',
  fragment: '/etc/systemd/system/a.service',
  needsReload: false,
  canReload: true,
  ends: false,
  upSince: 1,
  changedAt: 1,
  reloadFailed: false,
  now: 2,
  stateSince: 1,
};
const TEXT = '[Service]\nExecStart=/bin/true\n';
const NOTHING: Standing = { is: 'nothing' };

function unit(want: Partial<Declared> | 'absent', found: Partial<Unit> = {}, text: string | null = TEXT) {
  const plain = { unit: TEXT, dropIn: null, enabled: null, running: null, restartOn: [], reloadOn: [] };
  return stateOf({
    name: 'a.service',
    want: want === 'absent' ? { absent: true } : { ...plain, settle: 5, user: null, ...want },
    unit: { ...UP, ...found },
    file: text === null ? NOTHING : { is: 'file', text },
    dropIn: NOTHING,
    times: new Map([['/etc/a', 5]]),
  });
}

const version = (is: string, installed: string | null): object => ({ is, [ASIDE]: { version: installed } });
const due = (installed: string | null): object => ({ is: 'due', installed, lines: [], automatic: [] });
const shop = (image: boolean, text: string, found: object = {}) => ({
  unit: unit({ enabled: true, running: true }, { enabled: 'enabled', ...found }, text),
  env: noFileAt('/etc/containers/ashore-shop.env'),
  image,
});
const releases = (current: string | null, place = 'own') => ({ releases: { place, current, kept: [] } });
const account = (more: object) => ({ is: 'present', uid: 1000, local: true, lacking: [], ...more });
const none = { file: noFileAt('/etc/x'), [ASIDE]: {} };
const swapOf = (is: string) => ({ file: { is, bytes: 0, access: '', made: false }, unit: null, [ASIDE]: {} });

describe('no drift when the declaration changes', () => {
  it.each<[string, AnyKind, unknown, unknown]>([
    ['another version of a package', packageKind, version('installed', '1'), due('1')],
    ['a package that was absent', packageKind, undefined, due(null)],
    ['a package that shall go', packageKind, version('installed', '1'), due('1')],
    ['another digest of a container', container, shop(true, 'a'), shop(false, 'a')],
    ['a service that is to be enabled', service, unit({}), unit({ enabled: true })],
    ['a service that is to run', service, unit({ unit: null }), unit({ unit: null, running: true })],
    ['a service with a watched file', service, unit({}), unit({ restartOn: ['/etc/a'] })],
    ['a service that shall go', service, unit({}), unit('absent')],
    ['a service that comes back', service, undefined, unit({}, { load: 'not-found', run: 'down' }, null)],
    ['a timer that comes back', timer, undefined, { timer: null, service: null, [ASIDE]: { calendar: [] } }],
    ['a mount that comes back', mount, undefined, unit({}, { load: 'not-found', run: 'down' }, null)],
    ['a file that was absent', file, undefined, noFileAt('/etc/x')],
    ['a link that was absent', symlink, undefined, { [ASIDE]: {} }],
    ['a directory that was absent', directory, undefined, { [ASIDE]: {} }],
    ['a cron that was absent', cron, undefined, none],
    ['rules of sudo that were absent', sudoers, undefined, none],
    ['a setting that was absent', sysctl, undefined, { file: null, live: '1' }],
    ['a release that was absent', release, undefined, releases(null, 'missing')],
    ['swap that was absent', swap, undefined, swapOf('nothing')],
    [
      'a source that was absent',
      aptRepository,
      undefined,
      { sources: none.file, key: none.file, fetched: false },
    ],
    [
      'a source with another suite',
      aptRepository,
      { sources: fileAt('/a', 'a'), key: null, fetched: true },
      { sources: fileAt('/a', 'a'), key: null, fetched: false },
    ],
    [
      'a user of whom more is declared',
      user,
      account({ shell: '/bin/sh' }),
      account({ shell: '/bin/sh', home: '/' }),
    ],
    [
      'a user in further groups',
      user,
      account({ groups: ['a'] }),
      account({ groups: ['a'], lacking: ['b'] }),
    ],
    ['a user that was absent', user, undefined, { is: 'missing', ownGroup: true, lacking: [], uidOf: null }],
    ['a group that was absent', group, undefined, { is: 'taken', by: 'x' }],
    ['another key of a user', authorizedKey, { place: 'p', lines: ['a'] }, { place: 'p', lines: [] }],
    ['another path that a command makes', command, { created: true }, {}],
  ])('%s', (_name, kind, before, now) => {
    expect(moved(kind, before, now)).toBe(false);
  });
});

describe('drift also when the declaration changes', () => {
  it.each<[string, AnyKind, unknown, unknown]>([
    ['another version of a package was installed', packageKind, version('installed', '1'), due('3')],
    ['a package was removed', packageKind, version('installed', '1'), due(null)],
    ['a container’s unit was edited', container, shop(true, 'a'), shop(false, 'b')],
    ['a container was stopped', container, shop(true, 'a'), shop(false, 'a', { run: 'down' })],
    ['a unit was edited', service, unit({}), unit({ enabled: true }, {}, `${TEXT}#\n`)],
    [
      'a unit was disabled',
      service,
      unit({ enabled: true }, { enabled: 'enabled' }),
      unit({ enabled: true, running: true }),
    ],
    [
      'a unit was stopped',
      service,
      unit({ running: true }),
      unit({ running: true, enabled: true }, { run: 'down' }),
    ],
    ['a file was edited', file, fileAt('/a', 'a'), fileAt('/a', 'b')],
    ['a file was deleted', file, fileAt('/a', 'a'), noFileAt('/a')],
    ['a file was given away', file, fileAt('/a', 'a'), fileAt('/a', 'a', '0600')],
    ['a link points elsewhere', symlink, { is: 'link', to: '/a' }, { is: 'link', to: '/b' }],
    ['another release is in use', release, releases('releases/a'), releases('releases/b')],
    [
      'a user has another shell',
      user,
      account({ shell: '/bin/sh' }),
      account({ shell: '/bin/zsh', home: '/' }),
    ],
  ])('%s', (_name, kind, before, now) => {
    expect(moved(kind, before, now)).toBe(true);
  });
});

describe('a file as it is read, with a key for secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ashore-apart-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'a');
  const seal = (sum: string): string => `sealed ${sum}`;
  const plain = (text: string) => ({ content: { text }, sha256: sha256(text) });
  const secret = (text: string) => {
    const sealed = seal(sha256(text));
    return { content: { secret: ['s'], seal: sealed }, sha256: sealed };
  };
  const look = async (want: object, key: ((sum: string) => string) | undefined) => {
    const owned = { owner: null, group: null, mode: '0600', ...want };
    return (await file.read(createLocalReader(), new Map([[path, owned]]), key)).get(path);
  };

  it.each([
    ['other bytes', plain('one'), plain('two'), seal, seal],
    ['a secret in their place', plain('one'), secret('two'), seal, seal],
    ['bytes in the place of a secret', secret('one'), plain('two'), seal, seal],
    ['another secret', secret('one'), secret('two'), seal, seal],
    ['other bytes, by a server that has no key', plain('one'), plain('two'), seal, undefined],
  ])('%s are no drift, but an edit is', async (_name, before, after, keyThen, keyNow) => {
    writeFileSync(path, 'one');
    const then = await look(before, keyThen);
    expect(moved(file, then, await look(after, keyNow))).toBe(false);
    writeFileSync(path, 'edited');
    expect(moved(file, then, await look(after, keyNow))).toBe(true);
  });

  it('a secret leaves no sum of it in what is recorded', async () => {
    writeFileSync(path, 'one');
    const have = await look(secret('one'), seal);
    expect(Object.values(file.apart?.(have) ?? {})).not.toContain(sha256('one'));
  });
});
