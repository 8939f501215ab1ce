import { describe, expect, it } from 'vitest';
import { ASIDE } from '../../src/core/kind.ts';
import {
  activeOf,
  parseFurther,
  parseInstalled,
  parsePolicy,
  parseRelations,
  parseSimulation,
  parseUnits,
} from '../../src/kinds/apt/output.ts';
import { shareLines } from '../../src/kinds/apt/shares.ts';
import { groupNeighbours, joinLines } from '../../src/kinds/apt/together.ts';
import { packageKind } from '../../src/kinds/package.ts';
import { createScriptedReader } from '../support/scripted-reader.ts';
import { SUITES, readCase } from './recorded.ts';
import { want, worldOf } from './trial.ts';

/** The recordings were made as root, without sudo: of that apt notes no account. */
function sightedBy(how: string): object {
  return { sighted: { at: expect.stringMatching(/^[\d-]+T[\d:]+Z$/), how } };
}

const INSTALLED = { is: 'installed', [ASIDE]: { version: expect.stringMatching(/^\d/) } };

describe.each(SUITES)('package on %s', (suite) => {
  const bookworm = suite === 'bookworm';

  it('is read with what apt would do for it', async () => {
    const jq = bookworm ? '1.6-2.1+deb12u3' : '1.7.1-6+deb13u4';
    const some = { is: 'due', installed: null, automatic: [], [ASIDE]: { units: [] } };
    expect(await readCase(packageKind, 'package-due', suite)).toEqual({
      sudo: INSTALLED,
      'lab-hello': {
        ...some,
        installed: '1.0',
        lines: [{ name: 'lab-hello', from: '1.0', to: '1.1' }],
        [ASIDE]: {
          units: [{ unit: 'lab-hello.service', how: 'restart' }],
          ...sightedBy('apt-get install lab-hello=1.0 jq'),
        },
      },
      jq: {
        ...some,
        lines: [{ name: 'jq', from: null, to: jq }],
        [ASIDE]: { units: [], ...sightedBy('apt-get remove jq') },
      },
      'trial-app': {
        ...some,
        lines: [
          { name: 'trial-agent-b', from: null, to: '1.0' },
          { name: 'trial-base', from: '1.0', to: '2.0' },
          { name: 'trial-app', from: null, to: '1.0' },
        ],
        automatic: ['trial-agent-b'],
      },
      'trial-base': INSTALLED,
      libjq1: {
        is: 'refused',
        refused: expect.stringContaining(
          `jq : Depends: libjq1 (= ${jq}) but it is not going to be installed`,
        ),
        command: expect.stringMatching(/install lab-hello=1\.1 jq trial-app libjq1-$/),
        behind: null,
      },
      cron: INSTALLED,
    });
  });

  it('is read with what each of several brings, by one simulation', async () => {
    const states = await readCase(packageKind, 'package-together', suite);
    const nginx = bookworm ? '1.22.1-9+deb12u11' : '1.26.3-3+deb13u11';
    const version = expect.any(String);
    const some = { is: 'due', installed: null, automatic: [], [ASIDE]: { units: [] } };
    expect(states).toEqual({
      'nginx-light': {
        ...some,
        lines: expect.arrayContaining([
          { name: 'nginx-common', from: null, to: nginx },
          { name: 'nginx', from: null, to: nginx },
          { name: 'libnginx-mod-http-echo', from: null, to: version },
          { name: 'nginx-light', from: null, to: nginx },
        ]),
        automatic: expect.arrayContaining(['nginx', 'nginx-common', 'libnginx-mod-http-echo']),
      },
      'trial-app': {
        ...some,
        lines: [
          { name: 'trial-agent-a', from: null, to: '1.0' },
          { name: 'trial-base', from: null, to: '2.0' },
          { name: 'trial-app', from: null, to: '1.0' },
        ],
        automatic: ['trial-agent-a', 'trial-base'],
      },
      'trial-base': {
        ...some,
        lines: [],
        [ASIDE]: { units: [], ...sightedBy('apt-get remove trial-base') },
      },
      'trial-agent-a': { ...some, lines: [] },
      tree: { ...some, lines: [{ name: 'tree', from: null, to: version }] },
    });
  });

  it('is read as one call of apt with its neighbours, which come by the first of them', async () => {
    const rows = [
      ['nginx-light', 'trial-app', 'trial-base'],
      ['trial-agent-a', 'tree'],
    ];
    const states = await readCase(packageKind, 'package-together', suite, rows);
    const version = expect.any(String);
    expect(states).toEqual({
      'nginx-light': {
        is: 'due',
        installed: null,
        lines: expect.arrayContaining([
          { name: 'nginx', from: null, to: version },
          { name: 'nginx-light', from: null, to: version },
          { name: 'trial-agent-a', from: null, to: '1.0' },
          { name: 'trial-app', from: null, to: '1.0' },
        ]),
        automatic: expect.not.arrayContaining(['trial-base']),
        together: ['nginx-light', 'trial-app', 'trial-base'],
        [ASIDE]: { units: [] },
      },
      'trial-app': { is: 'comes', installed: null, by: 'nginx-light', to: '1.0' },
      'trial-base': {
        is: 'comes',
        installed: null,
        by: 'nginx-light',
        to: '2.0',
        [ASIDE]: sightedBy('apt-get remove trial-base'),
      },
      'trial-agent-a': expect.objectContaining({
        lines: [{ name: 'tree', from: null, to: version }],
        together: ['trial-agent-a', 'tree'],
      }),
      tree: { is: 'comes', installed: null, by: 'trial-agent-a', to: version },
    });
  });

  it('is not asked who brings what where all come by one call of apt', async () => {
    const row = ['nginx-light', 'trial-app', 'trial-base', 'trial-agent-a', 'tree'];
    const reading = readCase(packageKind, 'package-together', suite, [row]);
    await expect(reading).rejects.toThrow(/^recorded in vain: .*look apt-cache depends [^;]+$/s);
  });

  it('is read with the packages that others keep there', async () => {
    const states = await readCase(packageKind, 'package-automatic', suite);
    expect(states).toMatchObject({ 'trial-app': { automatic: ['trial-agent-b', 'trial-base'] } });
  });

  it('is read with what has to go for one of several', async () => {
    const some = { is: 'due', installed: null, automatic: [], [ASIDE]: { units: [] } };
    expect(await readCase(packageKind, 'package-against', suite)).toEqual({
      tree: { ...some, lines: [{ name: 'tree', from: null, to: expect.any(String) }] },
      'trial-foe': {
        ...some,
        lines: [
          { name: 'trial-base', from: '1.0', to: null },
          { name: 'trial-foe', from: null, to: '1.0' },
        ],
      },
    });
  });

  it('is read as refused where it would remove what is declared too', async () => {
    expect(await readCase(packageKind, 'package-foe', suite)).toEqual({
      'trial-base': INSTALLED,
      'trial-foe': {
        is: 'refused',
        refused: 'apt would remove trial-base, which is declared too',
        command: 'apt-get -s install trial-foe',
        behind: null,
      },
    });
  });

  it('is read as unsound where dpkg was interrupted', async () => {
    expect(await readCase(packageKind, 'package-interrupted', suite)).toEqual({
      sudo: INSTALLED,
      tree: { is: 'unsound', packages: ['/var/lib/dpkg/updates is not empty'] },
    });
  });

  it('is read as unknown, whatever apt makes of the name', async () => {
    const lists = expect.stringMatching(/^package lists of \d{4}-\d\d-\d\d, 0 days old$/);
    const nameless = { is: 'unknown', installed: null, [ASIDE]: { offered: [], providers: [], lists } };
    expect(await readCase(packageKind, 'package-unknown', suite)).toEqual({
      nosuch: nameless,
      'tre.': nameless,
      'sudo-': nameless,
      'lab-hello': {
        ...nameless,
        installed: '1.0',
        [ASIDE]: { offered: ['1.1', '1.0'], providers: [], lists },
      },
      awk: { ...nameless, [ASIDE]: { offered: [], providers: ['mawk'], lists } },
      'trial-agent': {
        ...nameless,
        [ASIDE]: { offered: [], providers: ['trial-agent-b', 'trial-agent-a'], lists },
      },
    });
  });

  it('is read as held or refused, and those behind a refusal with it', async () => {
    const stuck = {
      is: 'refused',
      refused: expect.stringContaining('trial-stuck : Depends: trial-nowhere but it is not installable'),
      command: expect.stringMatching(/install tree trial-stuck$/),
      behind: null,
    };
    expect(await readCase(packageKind, 'package-refused', suite)).toEqual({
      'lab-hello': { is: 'held', version: '1.0' },
      cron: { is: 'held', version: bookworm ? '3.0pl1-162' : '3.0pl1-197' },
      tree: {
        is: 'due',
        installed: null,
        lines: [{ name: 'tree', from: null, to: bookworm ? '2.1.0-1' : '2.2.1-1' }],
        automatic: [],
        [ASIDE]: { units: [] },
      },
      'trial-stuck': stuck,
      'trial-plus+': { ...stuck, behind: 'trial-stuck' },
    });
  });

  it('is read as unsound while another one is half installed', async () => {
    const unsound = { is: 'unsound', packages: ['trial-broken'] };
    expect(await readCase(packageKind, 'package-unsound', suite)).toEqual({
      sudo: INSTALLED,
      tree: unsound,
      'trial-broken': unsound,
    });
  });
});

const APT = ['env', 'DEBIAN_FRONTEND=noninteractive', 'NEEDRESTART_MODE=l', 'apt-get', '-y', '-q'];
const ONLY = ['--no-install-recommends', '-o', 'APT::Get::AutomaticRemove=0'];
const LOCK = ['-o', 'DPkg::Lock::Timeout=300'];
const CONFFILES = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];

function run(...argv: readonly string[]): object {
  return { do: 'run', argv };
}

function install(...words: readonly string[]): object {
  return run(...APT, ...ONLY, ...LOCK, ...CONFFILES, ...words);
}

function due(
  installed: string | null,
  lines: readonly (readonly [string, string | null, string | null])[],
  rest: { automatic?: readonly string[]; units?: readonly object[] } = {},
): object {
  return {
    is: 'due',
    installed,
    lines: lines.map(([name, from, to]) => ({ name, from, to })),
    automatic: rest.automatic ?? [],
    [ASIDE]: { units: rest.units ?? [] },
  };
}

function unknown(installed: string | null, aside: object = {}): object {
  return {
    is: 'unknown',
    installed,
    [ASIDE]: { offered: [], providers: [], lists: 'package lists of today', ...aside },
  };
}

function refused(words: string, behind: string | null = null): object {
  return { is: 'refused', refused: words, command: 'apt-get -s install x', behind };
}

function blocked(code: string, message: string, evidence?: object): object {
  return { blocked: { code, message, ...(evidence ? { evidence } : {}) } };
}

interface Row {
  readonly name: string;
  readonly want: object | undefined;
  readonly have: object | undefined;
  readonly verbs?: Parameters<typeof worldOf>[0];
  readonly change: object | undefined;
}

const ROWS: readonly Row[] = [
  { name: 'installed', want: {}, have: { is: 'installed' }, change: undefined },
  { name: 'absent and not there', want: { absent: true }, have: undefined, change: undefined },
  { name: 'omitted and gone', want: undefined, have: undefined, change: undefined },
  {
    name: 'omitted',
    want: undefined,
    have: { is: 'installed' },
    change: {
      verb: 'forget',
      reason: 'no longer declared; it stays installed (absent: true removes it)',
      fields: [],
      steps: [],
      data: 'kept',
    },
  },
  {
    name: 'not installed',
    want: {},
    have: due(null, [['x', null, '1.1']]),
    change: {
      verb: 'create',
      reason: 'not installed',
      fields: [{ name: 'version', before: null, after: '1.1' }],
      steps: [install('--no-remove', 'install', 'x=1.1')],
      interrupts: [],
      notes: [],
    },
  },
  {
    name: 'not installed, with others',
    want: {},
    have: due(
      null,
      [
        ['new', null, '2'],
        ['changed', '1', '2'],
        ['lost', '3', null],
        ['x', null, '1.1'],
      ],
      { automatic: ['new', 'changed'], units: [{ unit: 'lost.service', how: 'stop' }] },
    ),
    change: {
      verb: 'create',
      reason: 'not installed',
      fields: [{ name: 'version', before: null, after: '1.1' }],
      steps: [
        install('install', 'new=2', 'changed=2', 'lost-', 'x=1.1'),
        run('apt-mark', 'auto', 'new', 'changed'),
      ],
      interrupts: [{ what: 'lost.service', how: 'stop' }],
      notes: ['also installs new 2', 'also replaces changed 1 by 2', 'also removes lost 3'],
    },
  },
  {
    name: 'another version',
    want: { version: '1.1' },
    have: due('1.2', [['x', '1.2', '1.1']], { units: [{ unit: 'x.service', how: 'restart' }] }),
    change: {
      verb: 'update',
      reason: 'version 1.2 is installed, 1.1 is wanted',
      fields: [{ name: 'version', before: '1.2', after: '1.1' }],
      steps: [install('--no-remove', '--allow-downgrades', 'install', 'x=1.1')],
      interrupts: [{ what: 'x.service', how: 'restart' }],
      notes: [],
    },
  },
  {
    name: 'brought along by one above',
    want: {},
    have: due(null, []),
    change: {
      verb: 'create',
      reason: 'not installed; a package planned above brings it along',
      fields: [],
      steps: [run('apt-mark', 'manual', 'x')],
      interrupts: [],
      notes: [],
    },
  },
  {
    name: 'with its neighbours in one call, one of which is there by then',
    want: {},
    have: {
      ...due(
        null,
        [
          ['new', null, '2'],
          ['x', null, '1.1'],
          ['y', null, '3'],
        ],
        { automatic: ['new'] },
      ),
      together: ['x', 'y', 'z'],
    },
    change: {
      verb: 'create',
      reason: 'not installed',
      fields: [{ name: 'version', before: null, after: '1.1' }],
      steps: [
        install('--no-remove', 'install', 'new=2', 'x=1.1', 'y=3'),
        run('apt-mark', 'manual', 'z'),
        run('apt-mark', 'auto', 'new'),
      ],
      interrupts: [],
      notes: ['one call of apt for 3: x, y, z', 'also installs new 2'],
    },
  },
  {
    name: 'by the call of a neighbour',
    want: {},
    have: { is: 'comes', installed: null, by: 'y', to: '1.1' },
    change: {
      verb: 'create',
      reason: 'not installed; it comes with y, by the same call of apt',
      fields: [{ name: 'version', before: null, after: '1.1' }],
      steps: [],
    },
  },
  {
    name: 'there by the time of a neighbour',
    want: {},
    have: { is: 'comes', installed: null, by: 'y', to: null },
    change: {
      verb: 'create',
      reason: 'not installed; a package planned above brings it along',
      fields: [],
      steps: [],
    },
  },
  {
    name: 'absent',
    want: { absent: true },
    have: due('1.1', [
      ['needing', '5', null],
      ['x', '1.1', null],
    ]),
    change: {
      verb: 'delete',
      reason: 'declared absent',
      fields: [{ name: 'version', before: '1.1', after: null }],
      steps: [run(...APT, ...ONLY, ...LOCK, 'remove', 'needing', 'x')],
      data: 'kept',
      interrupts: [],
      notes: ['also removes needing 5', 'its configuration files and data stay'],
    },
  },
  {
    name: 'absent, where apt puts another in its place',
    want: { absent: true },
    have: due('1.1', [
      ['x', '1.1', null],
      ['y', null, '2'],
    ]),
    change: {
      verb: 'delete',
      reason: 'declared absent',
      fields: [{ name: 'version', before: '1.1', after: null }],
      steps: [install('install', 'x-', 'y=2')],
      data: 'kept',
      interrupts: [],
      notes: ['also installs y 2', 'its configuration files and data stay'],
    },
  },
  {
    name: 'absent, and gone with one above',
    want: { absent: true },
    have: due('1.1', []),
    change: {
      verb: 'delete',
      reason: 'declared absent; it goes along with a package that is removed above',
      fields: [{ name: 'version', before: '1.1', after: null }],
      steps: [],
      data: 'kept',
      interrupts: [],
      notes: ['its configuration files and data stay'],
    },
  },
  {
    name: 'held',
    want: { version: '2' },
    have: { is: 'held', version: '1' },
    change: blocked('PACKAGE_HELD', 'x 1 is held on the host, and this needs it changed'),
  },
  {
    name: 'unsound',
    want: {},
    have: { is: 'unsound', packages: ['a', 'b'] },
    change: blocked('PACKAGES_BROKEN', 'dpkg was interrupted, and apt does nothing before that is mended', {
      command: 'dpkg --audit',
      output: 'a\nb',
    }),
  },
  ...(
    [
      ['PACKAGE_HELD', 'E: Held packages were changed and -y was used without --allow-change-held-packages.'],
      ['PACKAGES_BROKEN', "E: Unmet dependencies. Try 'apt --fix-broken install' with no packages"],
      ['PACKAGE_UNSOLVABLE', 'E: Unable to correct problems, you have held broken packages.'],
    ] as const
  ).map(([code, words]) => ({
    name: `refused: ${code}`,
    want: {},
    have: refused(words),
    change: blocked(code, 'apt would not do what is declared of x', {
      command: 'apt-get -s install x',
      status: 100,
      output: words,
    }),
  })),
  {
    name: 'refused behind another',
    want: {},
    have: refused('E: no', 'y'),
    change: blocked(
      'PACKAGE_UNSOLVABLE',
      'apt would not do what is declared of x, nor what is declared of y above',
      { command: 'apt-get -s install x', status: 100, output: 'E: no' },
    ),
  },
  {
    name: 'unknown',
    want: {},
    have: unknown(null),
    verbs: { 'file/etc/apt/x': 'create', 'file//etc/hosts': 'create' },
    change: blocked('PACKAGE_UNKNOWN', 'apt on the host knows no package x (package lists of today)'),
  },
  {
    name: 'virtual',
    want: {},
    have: unknown(null, { providers: ['a', 'b'] }),
    change: blocked('PACKAGE_UNKNOWN', 'x is a virtual package; declare one that provides it: a, b'),
  },
  {
    name: 'known in other versions',
    want: { version: '9' },
    have: unknown(null, { offered: ['2', '1'], providers: ['a'] }),
    change: blocked(
      'PACKAGE_UNKNOWN',
      'apt on the host has no version 9 of x, but 2, 1 (package lists of today)',
    ),
  },
  {
    name: 'kept away by preferences',
    want: {},
    have: unknown(null, { offered: ['2'] }),
    change: blocked('PACKAGE_UNKNOWN', 'the apt preferences of the host allow no version of x'),
  },
  {
    name: 'from a source that the plan adds',
    want: { version: '9' },
    have: unknown(null),
    verbs: { 'file//etc/apt/sources.list.d/x.sources': 'create' },
    change: {
      verb: 'create',
      reason: 'not installed; it comes from a package source that this plan adds',
      fields: [{ name: 'version', before: null, after: '9' }],
      steps: [
        run(...APT, ...LOCK, 'update'),
        install('-o', 'APT::Cmd::Pattern-Only=1', '--no-remove', 'install', 'x=9'),
      ],
      notes: [
        'what else is installed along is known only when that source has been read; nothing is removed',
      ],
    },
  },
  {
    name: 'in a version from a source that the plan adds',
    want: {},
    have: unknown('1'),
    verbs: { 'file//etc/apt/preferences.d/x': 'update' },
    change: {
      verb: 'update',
      reason: 'version 1 is installed; it comes from a package source that this plan adds',
      fields: [{ name: 'version', before: '1', after: 'newest of that source' }],
      steps: [
        run(...APT, ...LOCK, 'update'),
        install('-o', 'APT::Cmd::Pattern-Only=1', '--no-remove', 'install', 'x'),
      ],
      notes: [
        'what else is installed along is known only when that source has been read; nothing is removed',
      ],
    },
  },
];

describe('package', () => {
  it.each(ROWS)('$name', ({ want: spec, have, verbs, change }) => {
    const wish = spec && want(packageKind, 'xx', spec);
    const decided = packageKind.change({ id: 'x', want: wish, have, last: undefined, world: worldOf(verbs) });
    expect(decided).toEqual(change);
  });

  it('asks apt nothing for what is no longer declared', async () => {
    const look = { status: 0, stderr: '' };
    const reader = createScriptedReader([
      {
        ...look,
        argv: [
          'dpkg-query',
          '-W',
          '-f',
          '${Package}\\t${Architecture}\\t${db:Status-Abbrev}\\t${Version}\\n',
        ],
        stdout: 'tree\tamd64\tiF \t1\ncurl\tamd64\trc \t1\n',
      },
      { ...look, argv: ['dpkg', '--print-architecture'], stdout: 'amd64\n' },
      { ...look, argv: ['find', '/var/lib/dpkg/updates', '-type', 'f', '-name', '[0-9]*'], stdout: '' },
    ]);
    const wanted = new Map([
      ['tree', undefined],
      ['curl', undefined],
      ['none', undefined],
    ]);
    expect(Object.fromEntries(await packageKind.read(reader, wanted))).toEqual({
      tree: { ...INSTALLED, [ASIDE]: { version: null } },
    });
    expect(reader.unasked()).toEqual([]);
  });

  it.each([
    '',
    'a',
    'Tree',
    'tree ',
    'tree=1',
    'tree/sid',
    '-y',
    'tree:amd64',
    'tr*',
    'tr?',
    '^tree',
    'a|b',
    '$(id)',
    'tree\n',
  ])('refuses the name %j', (id) => {
    expect(packageKind.id.safeParse(id).success).toBe(false);
  });

  it.each([
    { version: '' },
    { version: '1 2' },
    { version: '-1' },
    { version: '1/sid' },
    { version: 1 },
    { absent: false },
    { latest: true },
  ])('refuses %j', (spec) => {
    expect(packageKind.spec.safeParse(spec).success).toBe(false);
  });

  it('refuses a version beside absent', () => {
    expect(() => want(packageKind, 'tree', { absent: true, version: '1' })).toThrow(
      'version says how it should be',
    );
  });
});

describe('what apt and dpkg print', () => {
  it('is read by status, for the own architecture', () => {
    const rows = [
      'a\tamd64\tii \t1',
      'b\tall\thi \t1',
      'c\tamd64\trc \t1',
      'd\tamd64\tiU \t1',
      'e\tamd64\tiH \t1',
      'f\tamd64\tiFR\t1',
      'g\tamd64\tiiR\t1',
      'h\tamd64\tit \t1',
      'i\tamd64\tiW \t1',
      'j\tamd64\tun \t',
      'k\ti386\tii \t1',
      '',
    ];
    const states = [...parseInstalled(rows.join('\n'), 'amd64')].map(([name, { state, held }]) => {
      return `${name} ${state}${held ? ' held' : ''}`;
    });
    expect(states).toEqual([
      'a installed',
      'b installed held',
      'c removed',
      'd unsound',
      'e unsound',
      'f unsound',
      'g unsound',
      'h installed',
      'i installed',
    ]);
  });

  it('is read by indentation, pins and own records apart', () => {
    const policy = `curl:
  Installed: 1.0
  Candidate: (none)
  Package pin: 2.0
  Version table:
     2.0 -1
        500 http://deb.example/debian sid/main amd64 Packages
         -1 http://deb.example/debian stable/main amd64 Packages
 *** 1.0 100
        100 /var/lib/dpkg/status
`;
    expect(parsePolicy(policy).get('curl')).toEqual({ candidate: null, versions: ['2.0'] });
    expect(parsePolicy('')).toEqual(new Map());
  });

  it('is read line by line of a simulation', () => {
    const text = `The following packages will be REMOVED:
  Remv
Remv old [1.0] [libx:amd64 ]
Inst libx:i386 [1.0] (2.0 Debian:13.1/stable [i386]) [app:amd64 ]
Inst app (3:1.0-1 Debian:13.1/stable, Debian-Security:13/stable-security [amd64])
Conf app (3:1.0-1 Debian:13.1/stable [amd64])
`;
    expect(parseSimulation(text)).toEqual([
      { name: 'old', from: '1.0', to: null },
      { name: 'libx:i386', from: '1.0', to: '2.0' },
      { name: 'app', from: null, to: '3:1.0-1' },
    ]);
  });

  it('says what a package needs and what it is against, alternatives and providers too', () => {
    const text = `app
  PreDepends: dpkg
 |Depends: a
  Depends: <virtual>
    b
    c
  Depends: <virtual:any>
  Conflicts: <time-daemon>
    d
  Breaks: e
    e:i386
libx:i386
  Breaks: f
lone
`;
    expect([...parseRelations(text)]).toEqual([
      ['app', { needs: ['dpkg', 'a', 'b', 'c'], against: ['d', 'e', 'e:i386'] }],
      ['libx:i386', { needs: [], against: ['f'] }],
      ['lone', { needs: [], against: [] }],
    ]);
    expect([...parseRelations('')]).toEqual([]);
  });

  it('is shared out by what each one needs and is against, or not at all', () => {
    const lines = [
      { name: 'd', from: null, to: '1' },
      { name: 'c', from: null, to: '1' },
      { name: 'gone', from: '1', to: null },
      { name: 'fresh', from: null, to: '1' },
      { name: 'b', from: null, to: '1' },
      { name: 'a', from: null, to: '1' },
    ];
    const relations = new Map([
      ['a', { needs: ['c', 'else'], against: ['fresh'] }],
      ['b', { needs: ['c', 'd', 'a', 'fresh'], against: [] }],
      ['d', { needs: ['b'], against: ['gone', 'never'] }],
    ]);
    const shares = shareLines(['a', 'b', 'none'], lines, relations);
    expect(shares?.map((share) => share.map(({ name }) => name))).toEqual([
      ['c', 'a'],
      ['d', 'gone', 'fresh', 'b'],
      [],
    ]);
    expect(shareLines(['a'], lines, relations)).toBeUndefined();
    expect(shareLines([], [], relations)).toEqual([]);
  });

  it('is told apart from what came before', () => {
    const before = [
      { name: 'a', from: null, to: '1' },
      { name: 'b', from: '0', to: '1' },
    ];
    const now = [...before.with(1, { name: 'b', from: '0', to: '2' }), { name: 'c', from: '1', to: null }];
    expect(parseFurther(before, now)).toEqual([
      { name: 'b', from: '1', to: '2' },
      { name: 'c', from: '1', to: null },
    ]);
  });

  it('names the units of packages, templates by their instances', () => {
    const units = parseUnits(
      'libc6:amd64.list:/lib/systemd/system/c.service\npg.list:/usr/lib/systemd/system/pg@.service\npg.list:/usr/lib/systemd/system/pg.service\n',
    );
    expect(units.get('libc6')).toEqual(['c.service']);
    expect(activeOf(units.get('pg') ?? [], ['pg@15-main.service', 'pg.service', 'c.service'])).toEqual([
      'pg@15-main.service',
      'pg.service',
    ]);
  });
});

describe('neighbours', () => {
  const line = (name: string, from: string | null, to: string | null) => ({ name, from, to });
  const asked = new Map(
    [
      { id: 'a', word: 'a', lines: [line('a', null, '1')] },
      { id: 'b', word: 'b=2', lines: [line('b', null, '2')] },
      { id: 'c', word: 'c', lines: [line('c', null, '1'), line('c-data', '1', '2')] },
      { id: 'other-version', word: 'other-version=1', lines: [line('other-version', '2', '1')] },
      { id: 'gone', word: 'gone-', lines: [line('gone', '1', null)] },
      { id: 'taking', word: 'taking', lines: [line('foe', '1', null), line('taking', null, '1')] },
      { id: 'refused', word: 'refused', lines: undefined },
      { id: 'gone-along', word: 'gone-along-', lines: [] },
    ].map((one) => [one.id, one] as const),
  );

  it.each([
    [['a', 'b', 'c'], [['a', 'b', 'c']]],
    [['a', 'there', 'b'], [['a', 'b']]],
    [['a', 'unknown', 'b', 'c'], [['b', 'c']]],
    [['a', 'b', 'gone', 'c'], [['a', 'b']]],
    [['a', 'gone-along', 'c'], []],
    [['a', 'taking', 'b'], []],
    [['a', 'refused', 'b'], []],
    [['a', 'other-version', 'b'], []],
    [['a'], []],
  ])('%j are together as %j', (row, groups) => {
    expect(groupNeighbours(asked, { rows: [row], isStill: (id) => id === 'there' })).toEqual(groups);
  });

  it('are none across rows', () => {
    expect(groupNeighbours(asked, { rows: [['a'], ['b']], isStill: () => false })).toEqual([]);
  });

  it('do at once what they would do one after the other', () => {
    const parts = [[line('x', null, '1')], [line('y', '1', '2')], [line('x', '1', '2')]];
    expect(joinLines(parts)).toEqual([line('x', null, '2'), line('y', '1', '2')]);
  });
});
