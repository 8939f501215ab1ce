import { describe, expect, it } from 'vitest';
import { user } from '../../src/kinds/user.ts';
import { createScriptedReader } from '../support/scripted-reader.ts';
import { SUITES, readCase } from './recorded.ts';
import { want, worldOf } from './trial.ts';

describe.each(SUITES)('user on %s', (suite) => {
  it('is read as far as it is declared', async () => {
    const present = { is: 'present', local: true, lacking: [] };
    const missing = { is: 'missing', ownGroup: false, lacking: [], uidOf: null };
    expect(await readCase(user, 'user', suite)).toEqual({
      ann: {
        ...present,
        lacking: ['nogrp'],
        uid: 4201,
        group: 'ann',
        groups: ['adm'],
        home: '/home/ann',
        shell: '/bin/sh',
        comment: 'Ann, 1',
      },
      root: { ...present, uid: 0, home: '/root' },
      deploy: { ...present, uid: 1000 },
      lone: { ...missing, ownGroup: true },
      bob: { ...missing, uidOf: 'ann' },
      erik: { ...missing, lacking: ['nogrp'] },
    });
  });
});

const HAVE = { is: 'present', uid: 4201, local: true, lacking: [] };
const MISSING = { is: 'missing', ownGroup: false, lacking: [], uidOf: null };
const PLAIN = [
  'useradd',
  '--user-group',
  '--home-dir',
  '/home/ann',
  '--create-home',
  '--key',
  'HOME_MODE=0700',
  '--shell',
  '/bin/bash',
  'ann',
];

function conflict(message: string): object {
  return { blocked: { code: 'ACCOUNT_CONFLICT', message } };
}

function created(
  argv: readonly string[],
  fields: Record<string, string>,
  notes: readonly string[] = [],
): object {
  return {
    verb: 'create',
    reason: 'there is no such user',
    fields: Object.entries(fields).map(([name, after]) => ({ name, before: null, after })),
    steps: [{ do: 'run', argv }],
    notes,
  };
}

const PLAIN_FIELDS = { group: 'ann', home: '/home/ann', shell: '/bin/bash' };

interface Row {
  readonly name: string;
  readonly want: object | undefined;
  readonly have: object | undefined;
  readonly verbs?: Parameters<typeof worldOf>[0];
  readonly change: object | undefined;
}

const ROWS: readonly Row[] = [
  { name: 'made plainly', want: {}, have: undefined, change: created(PLAIN, PLAIN_FIELDS) },
  {
    name: 'a system user',
    want: { system: true },
    have: undefined,
    change: created(
      [
        'useradd',
        '--system',
        '--user-group',
        '--home-dir',
        '/nonexistent',
        '--no-create-home',
        '--shell',
        '/usr/sbin/nologin',
        'ann',
      ],
      { system: 'true', group: 'ann', home: '/nonexistent', shell: '/usr/sbin/nologin' },
    ),
  },
  {
    name: 'a system user with a home',
    want: { system: true, home: '/var/lib/ann' },
    have: undefined,
    change: created(
      [
        'useradd',
        '--system',
        '--user-group',
        '--home-dir',
        '/var/lib/ann',
        '--create-home',
        '--key',
        'HOME_MODE=0700',
        '--skel',
        '/nonexistent',
        '--shell',
        '/usr/sbin/nologin',
        'ann',
      ],
      { system: 'true', group: 'ann', home: '/var/lib/ann', shell: '/usr/sbin/nologin' },
    ),
  },
  {
    name: 'made with everything',
    want: {
      uid: 4201,
      group: 'crew',
      groups: ['adm', 'video'],
      home: "/srv/a nn's",
      shell: '/bin/sh',
      comment: '$(id)',
    },
    have: undefined,
    change: created(
      [
        'useradd',
        '--uid',
        '4201',
        '--gid',
        'crew',
        '--groups',
        'adm,video',
        '--comment',
        '$(id)',
        '--home-dir',
        "/srv/a nn's",
        '--create-home',
        '--key',
        'HOME_MODE=0700',
        '--shell',
        '/bin/sh',
        'ann',
      ],
      {
        uid: '4201',
        group: 'crew',
        groups: 'adm, video',
        home: "/srv/a nn's",
        shell: '/bin/sh',
        comment: '$(id)',
      },
    ),
  },
  {
    name: 'made into the group of its name',
    want: {},
    have: { ...MISSING, ownGroup: true },
    change: created(PLAIN.with(1, '--gid').toSpliced(2, 0, 'ann'), PLAIN_FIELDS),
  },
  {
    name: 'made into the group of its name that is planned above',
    want: {},
    have: undefined,
    verbs: { 'group/ann': 'create' },
    change: created(PLAIN.with(1, '--gid').toSpliced(2, 0, 'ann'), PLAIN_FIELDS),
  },
  {
    name: 'made with the group of its name, which is declared by name only',
    want: { group: 'ann', groups: [] },
    have: { ...MISSING, lacking: ['ann'] },
    change: created(PLAIN, { group: 'ann', groups: '', home: '/home/ann', shell: '/bin/bash' }),
  },
  {
    name: 'needs a group that is nowhere',
    want: { groups: ['crew', 'band'] },
    have: { ...MISSING, lacking: ['crew', 'band'] },
    verbs: { 'group/crew': 'create', 'package/x': 'delete' },
    change: {
      blocked: {
        code: 'OWNER_MISSING',
        message: 'the user ann needs the group band, which neither the host nor the plan so far has',
      },
    },
  },
  {
    name: 'needs groups that come above, with a user and with a package',
    want: { groups: ['crew', 'docker'] },
    have: { ...MISSING, lacking: ['crew', 'docker'] },
    verbs: { 'user/crew': 'create', 'package/docker.io': 'create' },
    change: created(
      PLAIN.toSpliced(2, 0, '--groups', 'crew,docker'),
      { group: 'ann', groups: 'crew, docker', home: '/home/ann', shell: '/bin/bash' },
      ['a package planned above must bring the group docker'],
    ),
  },
  {
    name: 'has a number that is taken',
    want: { uid: 4201 },
    have: { ...MISSING, uidOf: 'bob' },
    change: conflict('uid 4201 belongs to the user bob on this host'),
  },
  { name: 'there', want: { system: true }, have: HAVE, change: undefined },
  {
    name: 'there as declared',
    want: { uid: 4201, group: 'ann', groups: ['adm'], home: '/home/ann', shell: '/bin/sh', comment: '' },
    have: { ...HAVE, group: 'ann', groups: ['adm'], home: '/home/ann', shell: '/bin/sh', comment: '' },
    change: undefined,
  },
  {
    name: 'has one thing otherwise',
    want: { shell: '/bin/bash' },
    have: { ...HAVE, shell: '/bin/sh' },
    change: {
      verb: 'update',
      reason: 'shell differs',
      fields: [{ name: 'shell', before: '/bin/sh', after: '/bin/bash' }],
      steps: [{ do: 'run', argv: ['usermod', '--shell', '/bin/bash', 'ann'] }],
      notes: [],
    },
  },
  {
    name: 'has all otherwise',
    want: {
      group: 'crew',
      groups: ['adm', 'video', 'docker'],
      home: '/srv/ann',
      shell: '/bin/bash',
      comment: '',
    },
    have: {
      ...HAVE,
      group: 'ann',
      groups: ['adm'],
      home: '/home/ann',
      shell: '/bin/sh',
      comment: 'x',
      lacking: ['docker'],
    },
    verbs: { 'package/docker.io': 'update' },
    change: {
      verb: 'update',
      reason: 'group, home, shell, comment, groups differ',
      fields: [
        { name: 'group', before: 'ann', after: 'crew' },
        { name: 'home', before: '/home/ann', after: '/srv/ann' },
        { name: 'shell', before: '/bin/sh', after: '/bin/bash' },
        { name: 'comment', before: 'x', after: '' },
        { name: 'groups', before: 'adm', after: 'adm, video, docker' },
      ],
      steps: [
        {
          do: 'run',
          argv: [
            'usermod',
            '--gid',
            'crew',
            '--home',
            '/srv/ann',
            '--shell',
            '/bin/bash',
            '--comment',
            '',
            '--append',
            '--groups',
            'video,docker',
            'ann',
          ],
        },
      ],
      notes: [
        'nothing is moved to the new home; usermod refuses while the user has processes',
        'a package planned above must bring the group docker',
      ],
    },
  },
  {
    name: 'has another number',
    want: { uid: 4300 },
    have: HAVE,
    change: conflict('the user ann has uid 4201 on this host; its files would keep that number'),
  },
  {
    name: 'comes from elsewhere and is as declared',
    want: { shell: '/bin/sh' },
    have: { ...HAVE, local: false, shell: '/bin/sh' },
    change: undefined,
  },
  {
    name: 'comes from elsewhere and differs',
    want: { shell: '/bin/sh' },
    have: { ...HAVE, local: false, shell: '/bin/zsh' },
    change: conflict('shell differs, but the user ann comes from elsewhere than /etc/passwd'),
  },
  { name: 'absent and not there', want: { absent: true }, have: undefined, change: undefined },
  {
    name: 'absent',
    want: { absent: true },
    have: { ...HAVE, home: '/home/ann' },
    change: {
      verb: 'delete',
      reason: 'declared absent',
      fields: [{ name: 'uid', before: '4201', after: null }],
      steps: [{ do: 'run', argv: ['userdel', 'ann'] }],
      data: 'kept',
      notes: [
        'the home directory /home/ann stays, and so do all files of uid 4201',
        'userdel refuses while the user has processes',
      ],
    },
  },
  {
    name: 'absent, uid 0',
    want: { absent: true },
    have: { ...HAVE, uid: 0 },
    change: conflict('the user with uid 0 is never removed'),
  },
  {
    name: 'absent, from elsewhere',
    want: { absent: true },
    have: { ...HAVE, local: false },
    change: conflict('the user ann does not stand in /etc/passwd; remove it at its source'),
  },
  {
    name: 'omitted',
    want: undefined,
    have: HAVE,
    change: {
      verb: 'forget',
      reason:
        'no longer declared; the account stays, because its home and files may hold data (absent: true removes it)',
      fields: [],
      steps: [],
      data: 'kept',
    },
  },
  { name: 'omitted and gone', want: undefined, have: undefined, change: undefined },
];

describe('user', () => {
  it.each(ROWS)('$name', ({ want: spec, have, verbs, change }) => {
    const wish = spec && want(user, 'ann', spec);
    expect(user.change({ id: 'ann', want: wish, have, last: undefined, world: worldOf(verbs) })).toEqual(
      change,
    );
  });

  it('sees users and groups that only another source knows', async () => {
    const look = { status: 0, stderr: '' };
    const reader = createScriptedReader([
      { ...look, argv: ['cat', '/etc/passwd'], stdout: 'root:x:0:0:root:/root:/bin/sh\n' },
      { ...look, argv: ['cat', '/etc/group'], stdout: 'root:x:0:\n' },
      { ...look, argv: ['getent', 'passwd', 'eve'], stdout: 'eve:*:70001:70002:Eve:/home/eve:/bin/zsh\n' },
      { ...look, argv: ['getent', 'group', 'eve', 'staff', 'ldap'], status: 2, stdout: 'ldap:*:70009:eve\n' },
    ]);
    const wish = want(user, 'eve', { group: 'staff', groups: ['ldap'] });
    expect(Object.fromEntries(await user.read(reader, new Map([['eve', wish]])))).toEqual({
      eve: { is: 'present', uid: 70001, local: false, lacking: ['staff'], group: '70002', groups: ['ldap'] },
    });
  });

  it('needs its groups, unless it shall be absent', () => {
    const wish = want(user, 'ann', { group: 'crew', groups: ['crew', 'adm'] });
    expect(user.needs?.('ann', wish)).toEqual([
      { kind: 'group', id: 'crew' },
      { kind: 'group', id: 'adm' },
    ]);
    expect(user.needs?.('ann', want(user, 'ann', { absent: true }))).toEqual([]);
  });

  it.each(['', 'Ann', '0', '-r', 'a b', 'a:b', '$(id)', 'é', 'a.b', 'ann\n', 'a'.repeat(32)])(
    'refuses the name %j',
    (id) => {
      expect(user.id.safeParse(id).success).toBe(false);
    },
  );

  it.each([
    { comment: 'a:b' },
    { comment: 'a\nb' },
    { home: 'home' },
    { home: '/a:b' },
    { shell: '/bin/sh\n' },
    { groups: ['-x'] },
    { groups: 'adm' },
    { group: '0' },
    { uid: 0 },
    { absent: false },
    { password: 'x' },
  ])('refuses %j', (spec) => {
    expect(user.spec.safeParse(spec).success).toBe(false);
  });
});
