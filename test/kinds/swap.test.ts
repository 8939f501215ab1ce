import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import { swap } from '../../src/kinds/swap.ts';
import { verdictOf, want, worldOf } from './trial.ts';

const MIB = 1024 * 1024;
const ID = '/var/swap-file';
const UNIT = 'var-swap\\x2dfile.swap';
const TEXT = `[Unit]
Description=/var/swap-file

[Swap]
What=/var/swap-file
Priority=5

[Install]
WantedBy=swap.target
`;
const SPEC = { size: '8M', priority: 5 };
const AROUND = {
  directory: '/var',
  owner: null,
  group: null,
  place: 'directory',
  real: '/var',
  ownerKnown: true,
  groupKnown: true,
};
const ASIDES = {
  around: AROUND,
  memory: { used: new Map([[ID, 3000]]), available: 500_000, container: null },
  filesystem: 'ext2/ext3',
};
const ON = {
  alias: null,
  dropIn: null,
  ends: false,
  canReload: false,
  needsReload: false,
  load: 'loaded',
  file: sha256(TEXT),
  enabled: 'enabled',
  run: 'up',
  newer: { restart: [], reload: [] },
  [ASIDE]: { file: { is: 'file', text: TEXT }, dropIn: { is: 'nothing' }, fragment: '' },
};
const FILE = { is: 'file', bytes: 8 * MIB, access: '0 600', made: true };
const NOTHING = { is: 'nothing', bytes: 0, access: '', made: false };

function found(file: object, unit: object | null, aside: object = {}) {
  return { file, unit, [ASIDE]: { ...ASIDES, ...aside } };
}

function change(spec: object | undefined, have: object, origin: object = SPEC) {
  const last = swap.remember?.(want(swap, ID, origin));
  const wanted = spec && want(swap, ID, spec);
  return swap.change({ id: ID, want: wanted, have, last, world: worldOf() });
}

/** Steps in a few words each. */
function stepsOf(decided: ReturnType<typeof change>): readonly string[] {
  if (!decided || 'blocked' in decided) return [];
  return decided.steps.map((step) => {
    if (step.do === 'run')
      return step.argv[0] === 'sh' ? `make ${step.argv.slice(4).join(' ')}` : step.argv.join(' ');
    return 'path' in step ? `${step.do} ${step.path}` : step.do;
  });
}

it('is in sync when file and unit are as wanted', () => {
  expect(change(SPEC, found(FILE, ON))).toBe(undefined);
});

it('is made, closed to others, and switched on by a unit', () => {
  const made = change(SPEC, found(NOTHING, null));
  expect(stepsOf(made)).toEqual([
    'make /var swap-file 8',
    `put /etc/systemd/system/${UNIT}`,
    `systemctl enable ${UNIT}`,
    `systemctl start ${UNIT}`,
    'settle',
  ]);
  expect(made).toMatchObject({
    verb: 'create',
    reason: 'it is not there',
    fields: [
      { name: 'size', before: null, after: '8 MiB' },
      { name: 'unit', after: TEXT },
      { name: 'enabled', after: 'enabled' },
    ],
    interrupts: [],
  });
});

it('is made anew in another size, and the plan says what has to fit into memory', () => {
  const resized = change({ ...SPEC, size: '1G' }, found(FILE, ON));
  expect(stepsOf(resized)).toEqual([
    `systemctl stop ${UNIT}`,
    'make /var swap-file 1024',
    `systemctl start ${UNIT}`,
    'settle',
  ]);
  expect(resized).toMatchObject({
    verb: 'replace',
    reason: 'its size is 8 MiB; it is made anew',
    fields: [{ name: 'size', before: '8 MiB', after: '1024 MiB' }],
    interrupts: [{ what: UNIT, how: 'stop' }],
    notes: ['switching it off brings 3 MiB back into memory, of which 488 MiB can be had now'],
  });
});

it('is not made anew for another priority', () => {
  expect(stepsOf(change({ size: '8M' }, found(FILE, ON)))).toEqual([
    `put /etc/systemd/system/${UNIT}`,
    'systemctl daemon-reload',
    `systemctl restart ${UNIT}`,
    'settle',
  ]);
});

it('is closed where others could read it, and switched on again', () => {
  const open = change(SPEC, found({ ...FILE, access: '1000 644' }, { ...ON, run: 'down' }));
  expect(stepsOf(open)).toEqual([`own ${ID}`, `systemctl start ${UNIT}`, 'settle']);
  expect(open).toMatchObject({ verb: 'update', reason: 'others could read what was in memory' });
});

it('goes with its file when Ashore made it, and stays where its unit was changed by hand', () => {
  const gone = change(undefined, found(FILE, ON));
  expect(stepsOf(gone)).toEqual([
    `systemctl stop ${UNIT}`,
    `systemctl disable ${UNIT}`,
    `remove /etc/systemd/system/${UNIT}`,
    'systemctl daemon-reload',
    `make ${UNIT}`,
    `remove ${ID}`,
  ]);
  expect(gone).toMatchObject({ verb: 'delete', notes: [expect.stringContaining('3 MiB back')] });
  expect(verdictOf(change(undefined, found(FILE, { ...ON, file: 'another' })))).toBe('forget');
  expect(verdictOf(change(undefined, found(FILE, null)))).toBe('forget');
  expect(stepsOf(change({ absent: true }, found(FILE, null)))).toEqual([`remove ${ID}`]);
  expect(change({ absent: true }, found({ ...FILE, made: false }, null))).toBe(undefined);
});

describe('is refused', () => {
  it.each<[string, string, object]>([
    ['over a file that is none', 'PATH_OCCUPIED', found({ ...FILE, made: false }, null)],
    ['over what is no file', 'PATH_OCCUPIED', found({ ...NOTHING, is: 'other' }, null)],
    [
      'without its directory',
      'PARENT_MISSING',
      found(NOTHING, null, { around: { ...AROUND, place: 'missing' } }),
    ],
    [
      'on a file system that has no swap files',
      'SWAP_UNSUITABLE',
      found(NOTHING, null, { filesystem: 'tmpfs' }),
    ],
    [
      'in a container',
      'SWAP_UNSUITABLE',
      found(NOTHING, null, { memory: { ...ASIDES.memory, container: 'lxc' } }),
    ],
  ])('%s', (_, code, have) => {
    expect(verdictOf(change(SPEC, have))).toBe(code);
  });

  it.each(['0M', '8', '8K', '1.5G', '8 M', '1000000M'])('size %j', (size) => {
    expect(swap.spec.safeParse({ size }).success).toBe(false);
  });

  it.each(['/srv/a b', '/srv/a\\', 'swap', '/', '/a/../b', '/a\nWhat=/etc/shadow'])('path %j', (id) => {
    expect(swap.id.safeParse(id).success).toBe(false);
  });
});

it('a directory that is reached over a link is named as it really is, for the file alone', () => {
  const around = { ...AROUND, real: '/mnt/var' };
  const made = change(SPEC, found(NOTHING, null, { around }));
  expect(stepsOf(made)[0]).toBe('make /mnt/var swap-file 8');
  expect(made && 'steps' in made && made.steps[1]).not.toHaveProperty('at');
  const gone = change(undefined, found(FILE, ON, { around }));
  expect(gone && 'steps' in gone && gone.steps.at(-1)).toEqual({ do: 'remove', path: ID, at: '/mnt/var' });
});
