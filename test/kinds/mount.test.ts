import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import { mount } from '../../src/kinds/mount.ts';
import { escapePath } from '../../src/kinds/systemd/escape.ts';
import { want, worldOf } from './trial.ts';

const SPEC = { what: 'UUID=12-ab', type: 'ext4', options: ['noatime', 'nofail'] };
const TEXT = `[Unit]
Description=/srv/data

[Mount]
What=/dev/disk/by-uuid/12-ab
Where=/srv/data
Type=ext4
Options=noatime,nofail

[Install]
WantedBy=local-fs.target
`;
const REST = { alias: null, dropIn: null, ends: false, canReload: false, needsReload: false };

function found(text: string | null, more: object = {}) {
  const file = text === null ? { is: 'nothing' } : { is: 'file', text };
  return {
    ...REST,
    load: text === null ? 'not-found' : 'loaded',
    file: text,
    enabled: 'enabled',
    run: 'up',
    newer: { restart: [], reload: [] },
    [ASIDE]: { file, dropIn: { is: 'nothing' }, fragment: '' },
    ...more,
  };
}

function change(spec: object | undefined, have: object | undefined) {
  const wanted = spec && want(mount, '/srv/data', spec);
  const last = mount.remember?.(want(mount, '/srv/data', SPEC));
  return mount.change({ id: '/srv/data', want: wanted, have, last, world: worldOf() });
}

it('is a unit that is enabled and mounted', () => {
  expect(change(SPEC, undefined)).toMatchObject({
    verb: 'create',
    steps: [
      { do: 'put', path: '/etc/systemd/system/srv-data.mount', content: { text: TEXT } },
      { argv: ['systemctl', 'enable', 'srv-data.mount'] },
      { argv: ['systemctl', 'start', 'srv-data.mount'] },
      { do: 'settle' },
    ],
  });
});

it('is mounted anew when what it says differs', () => {
  expect(change({ ...SPEC, options: ['ro'] }, found(TEXT))).toMatchObject({
    verb: 'update',
    interrupts: [{ what: 'srv-data.mount', how: 'restart' }],
  });
});

it('goes with its data kept, when it is as Ashore wrote it', () => {
  expect(change(undefined, found(TEXT, { file: sha256(TEXT) }))).toMatchObject({
    verb: 'delete',
    data: 'kept',
    steps: [{ argv: ['systemctl', 'stop', 'srv-data.mount'] }, {}, { do: 'remove' }, {}, {}],
    notes: ['it is unmounted; what is on it stays'],
  });
  expect(change(undefined, found('[Mount]\nWhat=x\n'))).toMatchObject({ verb: 'forget' });
});

describe('names', () => {
  it.each([
    ['/srv/data', 'srv-data'],
    ['/srv/my-data', 'srv-my\\x2ddata'],
    ['/.hidden', '\\x2ehidden'],
    ['/a/é%', 'a-\\xc3\\xa9\\x25'],
  ])('%s is %s', (path, name) => {
    expect(escapePath(path)).toBe(name);
  });

  it.each(['/srv/a b', '/srv/a\nWhat=x', 'srv', '/', '/a/../b', '/é'])('refuses %j', (id) => {
    expect(mount.id.safeParse(id).success).toBe(false);
  });

  it.each([{ what: 'a b' }, { what: 'x\ny' }, { what: 'x', options: ['a,b'] }, { what: 'x', type: 'a\nb' }])(
    'refuses %j',
    (spec) => {
      expect(mount.spec.safeParse(spec).success).toBe(false);
    },
  );

  it('a percent sign is one, not the beginning of a specifier', () => {
    const made = mount.change({
      id: '/srv/100%h',
      want: want(mount, '/srv/100%h', { what: '/dev/%i' }),
      have: undefined,
      last: undefined,
      world: worldOf(),
    });
    expect(made).toMatchObject({
      steps: [
        { content: { text: expect.stringMatching(/What=\/dev\/%%i\nWhere=\/srv\/100%%h\n/) } },
        {},
        {},
        {},
      ],
    });
  });
});

it.each<[string, object]>([
  ['/srv/a\\', SPEC],
  ['/srv/a b', SPEC],
  ['/srv/data', { ...SPEC, what: '/dev/x\\' }],
  ['/srv/data', { ...SPEC, options: ['noatime\\'] }],
])('what a unit would read otherwise is refused at the door: %s %o', (id, spec) => {
  expect(mount.id.safeParse(id).success && mount.spec.safeParse(spec).success).toBe(false);
});
