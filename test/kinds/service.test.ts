import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import { orderResources } from '../../src/engine/order.ts';
import { kinds } from '../../src/kinds/index.ts';
import { service } from '../../src/kinds/service.ts';
import { parseUnits } from '../../src/kinds/systemd/look.ts';
import { stateOf, unitFilesOf, wholeUnit } from '../../src/kinds/systemd/state.ts';
import { createScriptedReader } from '../support/scripted-reader.ts';
import { CASES } from './fixtures/cases.ts';
import { SUITES, readCase } from './recorded.ts';
import { want, worldOf } from './trial.ts';

const NOTHING = { is: 'nothing' };
const SOME_TIME: unknown = expect.any(Object);
const STATE = {
  load: 'loaded',
  alias: null,
  file: null,
  dropIn: null,
  enabled: '',
  run: 'down',
  ends: false,
  canReload: false,
  needsReload: false,
  newer: { restart: [], reload: [] },
  [ASIDE]: {
    file: NOTHING,
    dropIn: NOTHING,
    fragment: '/usr/lib/systemd/system/shop.service',
  },
};

describe.each(SUITES)('service on %s', (suite) => {
  it('is read as far as it is declared', async () => {
    const whole = CASES['service-many'].wanted.up.unit_file;
    const system = suite === 'bookworm' ? '/lib/systemd/system' : '/usr/lib/systemd/system';
    const aside = (fragment: string, file: object = NOTHING, dropIn: object = NOTHING): object => ({
      file,
      dropIn,
      fragment,
      runs: expect.any(Boolean),
      changed: SOME_TIME,
    });
    const own = (name: string, content: string): object => ({
      file: sha256(content),
      [ASIDE]: aside(`/etc/systemd/system/${name}`, { is: 'file', text: content }),
    });
    const linked = (fragment: string, to: string): object => aside(fragment, { is: 'link', to });
    const link = (fragment: string, to: string): object => ({ file: 'link', [ASIDE]: linked(fragment, to) });
    const dropIn = '[Service]\nNice=1\n';
    const verdict = { by: 'unit', is: 'taken', said: '' };
    expect(await readCase(service, 'service-many', suite)).toEqual({
      up: { ...STATE, ...own('up.service', whole), enabled: 'enabled', run: 'up' },
      ghost: { ...STATE, load: 'not-found', run: 'up', [ASIDE]: { ...aside(''), verdict } },
      stale: {
        ...STATE,
        file: sha256(whole),
        dropIn: sha256(dropIn),
        run: 'up',
        needsReload: true,
        newer: {
          restart: ['/etc/systemd/system/stale.service.d/ashore.conf', '/etc/watched'],
          reload: ['/etc/watched'],
        },
        [ASIDE]: aside(
          '/etc/systemd/system/stale.service',
          { is: 'file', text: whole },
          { is: 'file', text: dropIn },
        ),
      },
      unread: { ...STATE, ...own('unread.service', `${whole}# edited\n`), enabled: 'disabled', run: 'up' },
      crash: {
        ...STATE,
        ...own('crash.service', '[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=600\n'),
        run: 'looping',
      },
      failed: { ...STATE, ...own('failed.service', '[Service]\nExecStart=/bin/false\n'), run: 'failed' },
      linked: {
        ...STATE,
        file: 'link',
        [ASIDE]: { ...linked(`${system}/cron.service`, '/lib/systemd/system/cron.service'), verdict },
        alias: 'cron.service',
        run: 'up',
        newer: { restart: ['/etc/systemd/system/linked.service'], reload: [] },
      },
      sshd: {
        ...STATE,
        ...link(`${system}/ssh.service`, `${system}/ssh.service`),
        alias: 'ssh.service',
        run: 'up',
      },
      'getty.target': {
        ...STATE,
        ...link('/etc/systemd/system/getty.target', '/dev/null'),
        load: 'masked',
        enabled: 'masked',
      },
      'systemd-tmpfiles-clean': {
        ...STATE,
        ends: true,
        [ASIDE]: aside(`${system}/systemd-tmpfiles-clean.service`),
      },
      'systemd-tmpfiles-clean.timer': {
        ...STATE,
        enabled: 'static',
        run: 'up',
        [ASIDE]: aside(`${system}/systemd-tmpfiles-clean.timer`),
      },
      'systemd-journald': {
        ...STATE,
        enabled: 'static',
        [ASIDE]: aside(`${system}/systemd-journald.service`),
      },
    });
  });
});

const UNIT = {
  Service: { ExecStart: '/bin/shop', ExecReload: '/bin/true' },
  Install: { WantedBy: 'multi-user.target' },
};
const TEXT =
  '[Service]\nExecStart=/bin/shop\nExecReload=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n';
const DROP_IN = { Service: { Nice: 1 } };
const DROP_IN_TEXT = '[Service]\nNice=1\n';
const PATH = '/etc/systemd/system/shop.service';

function ctl(...words: readonly string[]): object {
  return { do: 'run', argv: ['systemctl', ...words] };
}

function put(path: string, text: string): object {
  return { do: 'put', path, owner: null, group: null, mode: '0644', content: { text } };
}

const WRITE = [put(PATH, TEXT), ctl('daemon-reload')];
/** That reloads as well. */
const WRITE_ENABLE = [put(PATH, TEXT), ctl('enable', 'shop.service')];
const WRITE_DROP_IN = [
  { do: 'mkdir', path: `${PATH}.d`, owner: null, group: null, mode: '0755' },
  put(`${PATH}.d/ashore.conf`, DROP_IN_TEXT),
  ctl('daemon-reload'),
];
const SETTLE = { do: 'settle', unit: 'shop.service', seconds: 5 };
const START = [ctl('start', 'shop.service'), SETTLE];
const RESTART = [ctl('restart', 'shop.service'), SETTLE];
const ENABLE = ctl('enable', 'shop.service');
const RESET = {
  do: 'run',
  argv: ['sh', '-c', 'systemctl reset-failed "$1" 2>/dev/null || :', 'reset-failed', 'shop.service'],
};

function interrupting(how: 'restart' | 'reload' | 'stop'): object[] {
  return [{ what: 'shop.service', how }];
}

function field(name: string, before: string | null, after: string | null): object {
  return { name, before, after };
}

function body(name: string, before: string | null, after: string | null): object {
  return { name, before, after, as: 'text' };
}

function blocked(code: string, message: string): object {
  return { blocked: { code, message } };
}

/** As found with the unit file of ours, up and enabled. */
const OURS = {
  ...STATE,
  file: sha256(TEXT),
  enabled: 'enabled',
  run: 'up',
  [ASIDE]: { ...STATE[ASIDE], file: { is: 'file', text: TEXT } },
};
const OLD = {
  ...OURS,
  file: sha256('[Service]\n'),
  [ASIDE]: { ...STATE[ASIDE], file: { is: 'file', text: '[Service]\n' } },
};
const DROPPED = {
  ...STATE,
  run: 'up',
  dropIn: sha256(DROP_IN_TEXT),
  [ASIDE]: { ...STATE[ASIDE], dropIn: { is: 'file', text: DROP_IN_TEXT } },
};
const PACKAGED = { ...STATE, enabled: 'enabled', run: 'up' };
const GHOST = { ...STATE, load: 'not-found', run: 'up', [ASIDE]: { ...STATE[ASIDE], fragment: '' } };

interface Row {
  readonly name: string;
  readonly want: object | undefined;
  readonly have: object | undefined;
  readonly verbs?: Parameters<typeof worldOf>[0];
  readonly last?: { readonly unit: string | null; readonly dropIn: string | null } | null;
  readonly change: object | undefined;
}

const FILES: readonly Row[] = [
  {
    name: 'made, enabled and started',
    want: { unit: UNIT, enabled: true, running: true },
    have: undefined,
    change: {
      verb: 'create',
      reason: 'there is no such unit',
      fields: [
        body('unit', null, TEXT),
        field('enabled', null, 'enabled'),
        field('running', 'stopped', 'running'),
      ],
      steps: [...WRITE_ENABLE, ...START],
      interrupts: [],
    },
  },
  {
    name: 'made and left alone',
    want: { unit: UNIT, enabled: false, running: false },
    have: undefined,
    change: {
      verb: 'create',
      reason: 'there is no such unit',
      fields: [body('unit', null, TEXT)],
      steps: WRITE,
      interrupts: [],
    },
  },
  {
    name: 'written over one that runs',
    want: { unit_file: TEXT, settle: 9 },
    have: OLD,
    change: {
      verb: 'update',
      reason: 'its unit file differs',
      fields: [body('unit', '[Service]\n', TEXT), field('restart', null, 'because its unit file differs')],
      steps: [...WRITE, ctl('restart', 'shop.service'), { ...SETTLE, seconds: 9 }],
      interrupts: interrupting('restart'),
    },
  },
  {
    name: 'written over the static one of a package',
    want: { unit: UNIT, enabled: true },
    have: { ...STATE, enabled: 'static' },
    change: {
      verb: 'update',
      reason: 'its unit file is not there; it is static',
      fields: [body('unit', null, TEXT), field('enabled', 'static', 'enabled')],
      steps: WRITE_ENABLE,
      interrupts: [],
    },
  },
  {
    name: 'written for one that runs without its file',
    want: { unit: UNIT, running: true },
    have: GHOST,
    change: {
      verb: 'create',
      reason: 'there is no such unit',
      fields: [body('unit', null, TEXT), field('restart', null, 'because its unit file is not there')],
      steps: [...WRITE, ...RESTART],
      interrupts: interrupting('restart'),
    },
  },
  { name: 'as declared', want: { unit: UNIT, enabled: true, running: true }, have: OURS, change: undefined },
  {
    name: 'given a drop-in',
    want: { drop_in: DROP_IN },
    have: { ...STATE, run: 'up' },
    change: {
      verb: 'update',
      reason: 'its drop-in is not there',
      fields: [
        body('drop_in', null, DROP_IN_TEXT),
        field('restart', null, 'because its drop-in is not there'),
      ],
      steps: [...WRITE_DROP_IN, ...RESTART],
      interrupts: interrupting('restart'),
    },
  },
  { name: 'with its drop-in', want: { drop_in: DROP_IN }, have: DROPPED, change: undefined },
  {
    name: 'not read again by systemd',
    want: { enabled: true },
    have: { ...PACKAGED, run: 'down', needsReload: true },
    change: {
      verb: 'update',
      reason: 'systemd has not yet read its changed files',
      fields: [],
      steps: [ctl('daemon-reload')],
      interrupts: [],
    },
  },
  {
    name: 'written by a file of this plan',
    want: { running: true },
    have: { ...STATE, run: 'up' },
    verbs: { [`file/${PATH}.d/x.conf`]: 'create', 'file//etc/other': 'update' },
    change: {
      verb: 'restart',
      reason: `${PATH}.d/x.conf changes in this plan`,
      fields: [field('restart', null, `because ${PATH}.d/x.conf changes in this plan`)],
      steps: [ctl('daemon-reload'), ...RESTART],
      interrupts: interrupting('restart'),
    },
  },
  {
    name: 'a link in the way of its file',
    want: { unit: UNIT },
    have: {
      ...STATE,
      file: 'link',
      [ASIDE]: { ...STATE[ASIDE], file: { is: 'link', to: '/opt/shop.service' } },
    },
    change: blocked('PATH_OCCUPIED', `${PATH} is a symbolic link to /opt/shop.service`),
  },
  {
    name: 'a directory in the way of its drop-in',
    want: { drop_in: DROP_IN },
    have: { ...STATE, dropIn: 'other', [ASIDE]: { ...STATE[ASIDE], dropIn: { is: 'other' } } },
    change: blocked('PATH_OCCUPIED', `${PATH}.d/ashore.conf is not a file`),
  },
];

const BOOT: readonly Row[] = [
  ...(['disabled', 'enabled-runtime', 'linked', 'bad'] as const).map((before) => ({
    name: `enabled, and is ${before}`,
    want: { enabled: true },
    have: { ...STATE, enabled: before },
    change: {
      verb: 'update',
      reason: `it is ${before}`,
      fields: [field('enabled', before, 'enabled')],
      steps: [ENABLE],
      interrupts: [],
    },
  })),
  {
    name: 'disabled, and is enabled',
    want: { enabled: false },
    have: { ...STATE, enabled: 'enabled' },
    change: {
      verb: 'update',
      reason: 'it is enabled',
      fields: [field('enabled', 'enabled', 'disabled')],
      steps: [ctl('disable', 'shop.service')],
      interrupts: [],
    },
  },
  {
    name: 'disabled, and is enabled for this boot',
    want: { enabled: false },
    have: { ...STATE, enabled: 'enabled-runtime' },
    change: {
      verb: 'update',
      reason: 'it is enabled-runtime',
      fields: [field('enabled', 'enabled-runtime', 'disabled')],
      steps: [ctl('disable', '--runtime', 'shop.service')],
      interrupts: [],
    },
  },
  ...(['disabled', 'static', 'indirect', 'generated'] as const).map((before) => ({
    name: `disabled, and is ${before}`,
    want: { enabled: false },
    have: { ...STATE, enabled: before },
    change: undefined,
  })),
  ...(
    [
      ['static', 'has no [Install] section, so it cannot be enabled'],
      ['indirect', 'has nothing of its own to enable, only other units (Also=)'],
      ['generated', 'is made by a generator, and enabled or not by that'],
      ['transient', 'was made while the host ran and has no file'],
    ] as const
  ).map(([before, words]) => ({
    name: `enabled, and is ${before}`,
    want: { enabled: true },
    have: { ...STATE, enabled: before },
    change: blocked('UNIT_UNSUITABLE', `shop.service ${words}`),
  })),
  {
    name: 'enabled, with our file as it is and static all the same',
    want: { unit: UNIT, enabled: true },
    have: { ...OURS, enabled: 'static' },
    change: blocked('UNIT_UNSUITABLE', 'shop.service has no [Install] section, so it cannot be enabled'),
  },
];

const RUNNING: readonly Row[] = [
  {
    name: 'started',
    want: { running: true },
    have: STATE,
    change: {
      verb: 'update',
      reason: 'it is not running',
      fields: [field('running', 'stopped', 'running')],
      steps: START,
      interrupts: [],
    },
  },
  {
    name: 'started after a failure',
    want: { running: true },
    have: { ...STATE, run: 'failed' },
    change: {
      verb: 'update',
      reason: 'it has failed',
      fields: [field('running', 'failed', 'running')],
      steps: [ctl('reset-failed', 'shop.service'), ...START],
      interrupts: [],
    },
  },
  {
    name: 'started anew out of a crash loop',
    want: { running: true },
    have: { ...STATE, run: 'looping' },
    change: {
      verb: 'restart',
      reason: 'it keeps failing and being started again',
      fields: [field('restart', null, 'because it keeps failing and being started again')],
      steps: [ctl('reset-failed', 'shop.service'), ...RESTART],
      interrupts: interrupting('restart'),
    },
  },
  {
    name: 'stopped',
    want: { running: false },
    have: { ...STATE, run: 'up' },
    change: {
      verb: 'update',
      reason: 'it shall not run',
      fields: [field('running', 'running', 'stopped')],
      steps: [ctl('stop', 'shop.service')],
      interrupts: interrupting('stop'),
    },
  },
  {
    name: 'stopped out of a crash loop',
    want: { running: false },
    have: { ...STATE, run: 'looping' },
    change: {
      verb: 'update',
      reason: 'it shall not run',
      fields: [field('running', 'in a crash loop', 'stopped')],
      steps: [ctl('reset-failed', 'shop.service'), ctl('stop', 'shop.service')],
      interrupts: interrupting('stop'),
    },
  },
  {
    name: 'stopped already by a failure',
    want: { running: false },
    have: { ...STATE, run: 'failed' },
    change: undefined,
  },
  {
    name: 'left in a crash loop',
    want: { enabled: false },
    have: { ...STATE, run: 'looping' },
    change: undefined,
  },
  {
    name: 'not watched while it is down',
    want: { restart_on: ['/etc/shop'] },
    have: STATE,
    verbs: { 'file//etc/shop': 'update' },
    change: undefined,
  },
  {
    name: 'restarted for a file that changed',
    want: { restart_on: ['/etc/shop'], reload_on: ['/etc/list'] },
    have: { ...STATE, run: 'up', canReload: true, newer: { restart: ['/etc/shop'], reload: ['/etc/list'] } },
    change: {
      verb: 'restart',
      reason: '/etc/shop changed after it was started',
      fields: [field('restart', null, 'because /etc/shop changed after it was started')],
      steps: RESTART,
      interrupts: interrupting('restart'),
    },
  },
  {
    name: 'restarted for files that change in this plan',
    want: { restart_on: ['/etc/a', '/etc/b', '/etc/c', '/etc/d'] },
    have: { ...STATE, run: 'up', newer: { restart: ['/etc/a'], reload: [] } },
    verbs: {
      'file//etc/a': 'update',
      'symlink//etc/b': 'create',
      'file//etc/c': 'adopt',
      'directory//etc/d': 'delete',
    },
    change: {
      verb: 'restart',
      reason:
        '/etc/a changes in this plan; /etc/b changes in this plan; /etc/d changes in this plan; /etc/a changed after it was started',
      fields: [
        field(
          'restart',
          null,
          'because /etc/a changes in this plan, /etc/b changes in this plan, /etc/d changes in this plan, /etc/a changed after it was started',
        ),
      ],
      steps: RESTART,
      interrupts: interrupting('restart'),
    },
  },
  {
    name: 'reloaded for a file that changed',
    want: { reload_on: ['/etc/list'] },
    have: { ...STATE, run: 'up', canReload: true, newer: { restart: [], reload: ['/etc/list'] } },
    change: {
      verb: 'reload',
      reason: '/etc/list changed after it was loaded',
      fields: [field('reload', null, 'because /etc/list changed after it was loaded')],
      steps: [ctl('reload', 'shop.service')],
      interrupts: interrupting('reload'),
    },
  },
  {
    name: 'enabled and reloaded',
    want: { enabled: true, reload_on: ['/etc/list'] },
    have: { ...STATE, run: 'up', enabled: 'disabled', canReload: true },
    verbs: { 'file//etc/list': 'update' },
    change: {
      verb: 'update',
      reason: 'it is disabled; /etc/list changes in this plan',
      fields: [
        field('enabled', 'disabled', 'enabled'),
        field('reload', null, 'because /etc/list changes in this plan'),
      ],
      steps: [ENABLE, ctl('reload', 'shop.service')],
      interrupts: interrupting('reload'),
    },
  },
  {
    name: 'reloaded, and cannot be',
    want: { reload_on: ['/etc/list'] },
    have: { ...STATE, run: 'up' },
    change: blocked('UNIT_UNSUITABLE', 'shop.service cannot be reloaded; use restart_on'),
  },
  {
    name: 'kept running, and ends by itself',
    want: { running: true },
    have: { ...STATE, ends: true },
    change: blocked(
      'UNIT_UNSUITABLE',
      'shop.service is of Type=oneshot and ends by itself; leave `running` out',
    ),
  },
];

const ABSENCE: readonly Row[] = [
  {
    name: 'nowhere',
    want: { running: true },
    have: undefined,
    verbs: { 'package/x': 'delete', 'file//etc/x': 'create' },
    change: blocked('UNIT_MISSING', 'shop.service is neither on the host nor brought by the plan so far'),
  },
  {
    name: 'running without its file',
    want: { running: true },
    have: GHOST,
    change: blocked('UNIT_MISSING', 'shop.service is neither on the host nor brought by the plan so far'),
  },
  {
    name: 'brought by a package of this plan',
    want: { enabled: true, running: true },
    have: undefined,
    verbs: { 'package/shop': 'create' },
    change: {
      verb: 'create',
      reason: 'its unit comes with what is planned above',
      fields: [field('enabled', null, 'enabled'), field('running', null, 'running')],
      steps: [ENABLE, ...START],
      interrupts: [],
    },
  },
  {
    name: 'brought by a package of this plan, and configured after it',
    want: { enabled: true, running: true, drop_in: DROP_IN },
    have: undefined,
    verbs: { 'package/shop': 'update' },
    change: {
      verb: 'create',
      reason: 'its unit comes with what is planned above',
      fields: [
        body('drop_in', null, DROP_IN_TEXT),
        field('enabled', null, 'enabled'),
        field('running', null, 'running'),
      ],
      steps: [...WRITE_DROP_IN, ENABLE, ...RESTART],
      interrupts: [],
    },
  },
  {
    name: 'brought by a package of this plan, configured, and run or not',
    want: { restart_on: ['/etc/shop'] },
    have: undefined,
    verbs: { 'package/shop': 'create' },
    change: {
      verb: 'create',
      reason: 'its unit comes with what is planned above',
      fields: [],
      steps: [ctl('try-restart', 'shop.service')],
      interrupts: [],
    },
  },
  {
    name: 'brought by a package of this plan, and kept down',
    want: { enabled: false, running: false },
    have: undefined,
    verbs: { 'package/shop': 'create' },
    change: {
      verb: 'create',
      reason: 'its unit comes with what is planned above',
      fields: [field('enabled', null, 'disabled'), field('running', 'stopped', 'stopped')],
      steps: [ctl('disable', 'shop.service'), ctl('stop', 'shop.service')],
      interrupts: [],
    },
  },
  {
    name: 'brought by a package of this plan, and nothing is asked of it',
    want: {},
    have: undefined,
    verbs: { 'package/shop': 'create' },
    change: undefined,
  },
  {
    name: 'brought by a quadlet of this plan',
    want: { running: true },
    have: undefined,
    verbs: { 'file//etc/containers/systemd/shop.container': 'create' },
    change: {
      verb: 'create',
      reason: 'its unit comes with what is planned above',
      fields: [field('running', null, 'running')],
      steps: [ctl('daemon-reload'), ...START],
      interrupts: [],
    },
  },
  {
    name: 'asked for by another name',
    want: { running: true },
    have: { ...PACKAGED, alias: 'stall.service' },
    change: blocked('UNIT_UNSUITABLE', 'shop.service is another name of stall.service; declare that one'),
  },
  {
    name: 'masked',
    want: { unit: UNIT },
    have: { ...STATE, load: 'masked', enabled: 'masked', file: 'link' },
    change: blocked('UNIT_UNSUITABLE', 'shop.service is masked on the host (systemctl unmask shop.service)'),
  },
];

const DELETED = {
  verb: 'delete',
  fields: [body('unit', TEXT, null), field('enabled', 'enabled', null), field('running', 'running', null)],
  steps: [
    ctl('stop', 'shop.service'),
    ctl('disable', 'shop.service'),
    { do: 'remove', path: PATH },
    ctl('daemon-reload'),
    RESET,
  ],
  interrupts: interrupting('stop'),
};
const REMOVE_DROP_IN = [
  { do: 'remove', path: `${PATH}.d/ashore.conf` },
  { do: 'run', argv: ['rmdir', '--ignore-fail-on-non-empty', '--', `${PATH}.d`] },
];

function forgotten(why: string): object {
  const reason = `no longer declared; it stays as it is, because ${why}`;
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}

const REMOVAL: readonly Row[] = [
  { name: 'absent and not there', want: { absent: true }, have: undefined, change: undefined },
  { name: 'absent', want: { absent: true }, have: OURS, change: { ...DELETED, reason: 'declared absent' } },
  {
    name: 'absent, down and disabled',
    want: { absent: true },
    have: { ...OURS, run: 'down', enabled: 'disabled' },
    change: {
      verb: 'delete',
      reason: 'declared absent',
      fields: [body('unit', TEXT, null)],
      steps: [{ do: 'remove', path: PATH }, ctl('daemon-reload'), RESET],
      interrupts: [],
    },
  },
  {
    name: 'absent, with a drop-in',
    want: { absent: true },
    have: { ...OURS, run: 'failed', [ASIDE]: { ...OURS[ASIDE], dropIn: { is: 'file', text: DROP_IN_TEXT } } },
    change: {
      verb: 'delete',
      reason: 'declared absent',
      fields: [
        body('unit', TEXT, null),
        body('drop_in', DROP_IN_TEXT, null),
        field('enabled', 'enabled', null),
      ],
      steps: [
        ctl('disable', 'shop.service'),
        { do: 'remove', path: PATH },
        ...REMOVE_DROP_IN,
        ctl('daemon-reload'),
        RESET,
      ],
      interrupts: [],
    },
  },
  {
    name: 'absent, running without its file',
    want: { absent: true },
    have: GHOST,
    change: {
      verb: 'delete',
      reason: 'declared absent',
      fields: [field('running', 'running', null)],
      steps: [ctl('stop', 'shop.service'), ctl('daemon-reload'), RESET],
      interrupts: interrupting('stop'),
    },
  },
  {
    name: 'absent, of a package',
    want: { absent: true },
    have: PACKAGED,
    change: blocked(
      'UNIT_UNSUITABLE',
      'shop.service has no file in /etc/systemd/system that could be deleted. It stands at /usr/lib/systemd/system/shop.service. Remove its package, or declare running: false and enabled: false',
    ),
  },
  {
    name: 'absent, made while the host ran',
    want: { absent: true },
    have: { ...PACKAGED, [ASIDE]: { ...STATE[ASIDE], fragment: '' } },
    change: blocked(
      'UNIT_UNSUITABLE',
      'shop.service has no file in /etc/systemd/system that could be deleted. Remove its package, or declare running: false and enabled: false',
    ),
  },
  {
    name: 'absent, another name',
    want: { absent: true },
    have: { ...OURS, alias: 'stall.service' },
    change: blocked('UNIT_UNSUITABLE', 'shop.service is another name of stall.service; declare that one'),
  },
  {
    name: 'omitted',
    want: undefined,
    have: OURS,
    last: { unit: sha256(TEXT), dropIn: null },
    change: { ...DELETED, reason: 'no longer declared; Ashore wrote it' },
  },
  {
    name: 'omitted, and edited since',
    want: undefined,
    have: OLD,
    last: { unit: sha256(TEXT), dropIn: null },
    change: forgotten('its file was changed by hand since Ashore wrote it'),
  },
  {
    name: 'omitted, and its drop-in edited since',
    want: undefined,
    have: DROPPED,
    last: { unit: null, dropIn: sha256('other') },
    change: forgotten('its file was changed by hand since Ashore wrote it'),
  },
  ...[{ unit: null, dropIn: null }, null, undefined].map((last) => ({
    name: `omitted, and only ever started (${JSON.stringify(last)})`,
    want: undefined,
    have: OURS,
    ...(last === undefined ? {} : { last }),
    change: forgotten('Ashore did not write it'),
  })),
  {
    name: 'omitted, with a drop-in of ours',
    want: undefined,
    have: DROPPED,
    last: { unit: null, dropIn: sha256(DROP_IN_TEXT) },
    change: {
      verb: 'delete',
      reason: 'no longer declared; the drop-in that Ashore wrote goes, the unit itself stays',
      fields: [body('drop_in', DROP_IN_TEXT, null)],
      steps: [...REMOVE_DROP_IN, ctl('daemon-reload'), ...RESTART],
      interrupts: interrupting('restart'),
    },
  },
  {
    name: 'omitted, with a drop-in of ours, and down',
    want: undefined,
    have: { ...DROPPED, run: 'down' },
    last: { unit: null, dropIn: sha256(DROP_IN_TEXT) },
    change: {
      verb: 'delete',
      reason: 'no longer declared; the drop-in that Ashore wrote goes, the unit itself stays',
      fields: [body('drop_in', DROP_IN_TEXT, null)],
      steps: [...REMOVE_DROP_IN, ctl('daemon-reload')],
      interrupts: [],
    },
  },
  { name: 'omitted and gone', want: undefined, have: undefined, change: undefined },
];

describe.each([
  ['files', FILES],
  ['boot', BOOT],
  ['running', RUNNING],
  ['absence', ABSENCE],
  ['removal', REMOVAL],
])('service: %s', (_, rows) => {
  it.each(rows)('$name', ({ want: spec, have, verbs, last, change }) => {
    const wish = spec && want(service, 'shop', spec);
    expect(service.change({ id: 'shop', want: wish, have, last, world: worldOf(verbs) })).toEqual(change);
  });
});

describe('service', () => {
  const declared = (spec: object): unknown => want(service, 'shop', spec);

  it('resolves data to the text that is written', () => {
    expect(
      declared({ unit: { ...UNIT, Service: { ...UNIT.Service, User: 'shop' } }, enabled: true }),
    ).toEqual({
      unit: '[Service]\nExecStart=/bin/shop\nExecReload=/bin/true\nUser=shop\n\n[Install]\nWantedBy=multi-user.target\n',
      dropIn: null,
      enabled: true,
      running: null,
      restartOn: [],
      reloadOn: [],
      settle: 5,
      user: 'shop',
    });
    expect(
      declared({ drop_in: DROP_IN, restart_on: ['/a'], reload_on: ['/b'], settle: 2, running: false }),
    ).toEqual({
      unit: null,
      dropIn: DROP_IN_TEXT,
      enabled: null,
      running: false,
      restartOn: ['/a'],
      reloadOn: ['/b'],
      settle: 2,
      user: null,
    });
    expect(declared({ absent: true })).toEqual({ absent: true });
  });

  it.each([
    [{ unit: UNIT, unit_file: TEXT }, 'unit_file'],
    [{ unit: UNIT, drop_in: DROP_IN }, 'drop_in'],
    [{ unit_file: TEXT, drop_in: DROP_IN }, 'drop_in'],
    [{ unit: { Service: { ExecStart: '/bin/a\nUser=root' } } }, 'unit'],
    [{ unit: { 'Serv]ice': {} } }, 'unit'],
    [{ drop_in: { Service: { 'Nice=1\nUser': 'x' } } }, 'drop_in'],
    [{ unit_file: 'ExecStart=/bin/a\n' }, 'unit_file'],
    [{ unit: { Service: { ExecStart: '/bin/a' } }, enabled: true }, 'enabled'],
    [{ unit_file: '[Service]\nType=oneshot\n', running: true }, 'running'],
    [{ unit: { Service: { Type: 'oneshot', RemainAfterExit: 'false' } }, running: true }, 'running'],
    [{ unit: { Service: { ExecStart: '/bin/a' } }, reload_on: ['/a'] }, 'reload_on'],
    [{ absent: true, running: false }, 'running'],
  ])('does not resolve %j', (spec, key) => {
    const resolved = service.resolve?.(service.spec.parse(spec), { read: () => undefined });
    expect(resolved && 'unresolved' in resolved ? resolved.unresolved.path : resolved).toEqual([key]);
  });

  it.each([
    { unit_file: '[Service]\nType=oneshot\nRemainAfterExit=yes\n', running: true },
    { unit: { Service: { Type: 'oneshot', RemainAfterExit: true } }, running: true },
    { unit: { Service: { Type: 'notify-reload' } }, reload_on: ['/a'] },
    { unit: { Service: { ExecStart: ['', '/bin/a "b c" $D %i'] } }, running: true },
    { unit: { Timer: { OnCalendar: 'daily' } }, reload_on: [] },
  ])('resolves %j', (spec) => {
    expect(declared(spec)).toMatchObject({ settle: 5 });
  });

  it.each(['shop', 'a.b', 'foo@bar', 'pg@15-main', 'x.timer', 'dev-disk\\x2d1.swap', 'A_b:c'])(
    'takes the name %j',
    (id) => {
      expect(service.id.safeParse(id).success).toBe(true);
    },
  );

  it.each([
    '',
    'foo@',
    'foo@.service',
    'shop.service',
    'pg@15-main.service',
    'getty@.timer',
    '-x',
    '.x',
    'a b',
    'a/b',
    '../x',
    'a*',
    'a\n',
    '$(id)',
    'é',
    'a'.repeat(241),
  ])('refuses the name %j', (id) => {
    expect(service.id.safeParse(id).success).toBe(false);
  });

  it.each([
    { settle: 1 },
    { settle: 121 },
    { restart_on: ['etc/x'] },
    { restart_on: '/etc/x' },
    { unit: 'text' },
    { unit: { Service: { A: { b: 1 } } } },
    { absent: false },
    { state: 'started' },
  ])('refuses %j', (spec) => {
    expect(service.spec.safeParse(spec).success).toBe(false);
  });

  it('remembers what it wrote', () => {
    expect(service.remember?.(declared({ unit: UNIT }))).toEqual({ unit: sha256(TEXT), dropIn: null });
    expect(service.remember?.(declared({ drop_in: DROP_IN }))).toEqual({
      unit: null,
      dropIn: sha256(DROP_IN_TEXT),
    });
    expect(service.remember?.(declared({ absent: true }))).toEqual({ unit: null, dropIn: null });
  });

  it('needs the files it watches and the user it runs as', () => {
    const wish = declared({
      unit_file: '[Service]\nExecReload=x\nUser=old\nUser=shop\n',
      restart_on: ['/a'],
      reload_on: ['/b'],
    });
    const at = (id: string) => ['file', 'symlink', 'directory'].map((kind) => ({ kind, id }));
    expect(service.needs?.('shop', wish)).toEqual([...at('/a'), ...at('/b'), { kind: 'user', id: 'shop' }]);
    expect(service.needs?.('shop', declared({ running: true }))).toEqual([]);
    expect(service.needs?.('shop', declared({ absent: true }))).toEqual([]);
  });

  it.each([
    ['release', '/opt/shop', '/opt/shop/current'],
    ['release', '/opt/shop', '/opt/shop/current/etc/shop.conf'],
    ['release', '/opt/current/shop', '/opt/current/shop/current'],
    ['symlink', '/etc/shop', '/etc/shop'],
    ['directory', '/etc/shop', '/etc/shop'],
    ['file', '/etc/shop', '/etc/shop'],
  ])('a %s %s below it that it watches as %s comes too late', (kind, id, path) => {
    const resource = (address: { kind: string; id: string }, wanted: unknown, line: number) => ({
      address: { host: 'web1', ...address },
      stack: 'shop',
      want: wanted,
      where: { file: 'shop.yml', line, column: 1 },
    });
    const ordered = (watch: object) =>
      orderResources(
        [
          resource({ kind: 'service', id: 'shop' }, declared({ running: true, ...watch }), 1),
          resource({ kind, id }, { absent: true }, 2),
        ],
        kinds,
      );
    const code = expect.objectContaining({ code: 'NEEDS_LATER' });
    expect(ordered({ restart_on: [path] })).toEqual({ problems: [code] });
    expect(ordered({ reload_on: [path] })).toEqual({ problems: [code] });
    expect(ordered({ restart_on: ['/opt/shop/currently', '/opt/other/current'] })).not.toHaveProperty(
      'problems',
    );
  });

  it('is restarted for what is behind the link of a release that the plan switches', () => {
    const made = (path: string) =>
      service.change({
        id: 'shop',
        want: declared({ running: true, restart_on: [path] }),
        have: { ...PACKAGED, run: 'up' },
        last: undefined,
        world: worldOf({ 'release//opt/shop': 'update' }),
      });
    expect(made('/opt/shop/current/etc/shop.conf')).toMatchObject({ verb: 'restart' });
    expect(made('/opt/shop/current')).toMatchObject({ verb: 'restart' });
    expect(made('/opt/shop/currently')).toBeUndefined();
  });

  it('knows the files of a unit by their paths', () => {
    const paths = [
      '/etc/systemd/system/pg@15-main.service',
      '/usr/lib/systemd/system/pg@.service',
      '/run/systemd/system/pg@.service.d/x.conf',
      '/etc/systemd/system/pg@15-main.service.d/x.conf',
      '/etc/systemd/system/pg.service',
      '/etc/systemd/system/pg@14-main.service',
      '/etc/containers/systemd/pg@15-main.container',
      '/etc/containers/systemd/pg.container',
      '/srv/etc/systemd/system/pg@.service',
    ];
    expect(unitFilesOf('pg@15-main.service', paths)).toEqual(
      paths.filter((_, index) => [0, 1, 2, 3, 6].includes(index)),
    );
  });

  it('does not take half an answer for an absence', async () => {
    const reader = createScriptedReader([]);
    const half = {
      look: async (argv: readonly string[]) => {
        const stdout = argv[0] === 'systemctl' ? 'Id=a.service\nNames=a.service\n' : '1\n';
        return { status: 0, stdout: new TextEncoder().encode(stdout), stderr: '' };
      },
    };
    const wanted = new Map([
      ['a', undefined],
      ['b', undefined],
    ]);
    await expect(service.read(half, wanted)).rejects.toThrow(
      'READ_FAILED: systemctl show said nothing of b.service',
    );
    await expect(service.read(reader, wanted)).rejects.toThrow('not recorded');
  });
});

describe('systemctl show', () => {
  const NOW = Date.UTC(2026, 10, 22, 15, 0, 10) * 1000;

  function runOf(properties: Record<string, string>): unknown {
    const block = Object.entries({ Id: 'a.service', Names: 'a.service', ...properties });
    return parseUnits(block.map(([name, value]) => `${name}=${value}\n`).join(''), NOW).get('a.service')?.run;
  }

  it.each([
    ['active', 'running', '15:00:09', 0, 'up'],
    ['active', 'running', '15:00:09', 1, 'looping'],
    ['active', 'running', '14:59:11', 2, 'looping'],
    ['active', 'running', '14:59:09', 2, 'up'],
    ['active', 'running', '14:50:11', 3, 'looping'],
    ['active', 'running', '14:50:09', 3, 'up'],
    // The clock was set back since, or was put right by a little.
    ['active', 'running', '16:00:09', 3, 'up'],
    ['active', 'running', '15:00:11', 1, 'looping'],
    ['reloading', 'reload', '15:00:00', 0, 'up'],
    ['refreshing', 'refresh', '15:00:00', 0, 'up'],
    ['activating', 'start', '15:00:00', 0, 'up'],
    ['activating', 'start-pre', '15:00:00', 1, 'looping'],
    ['activating', 'auto-restart', '15:00:00', 0, 'looping'],
    ['activating', 'auto-restart-queued', '15:00:00', 1, 'looping'],
    ['deactivating', 'stop-post', '15:00:00', 1, 'looping'],
    ['failed', 'failed', '15:00:00', 5, 'looping'],
    ['failed', 'failed', '15:00:00', 0, 'failed'],
    ['deactivating', 'stop', '15:00:00', 0, 'down'],
    ['inactive', 'dead', '15:00:00', 0, 'down'],
    ['maintenance', '', '15:00:00', 0, 'down'],
  ])('%s/%s since %s after %i restarts is %s', (active, sub, time, restarts, run) => {
    const ActiveEnterTimestamp = `Sun 2026-11-22 ${time}.000000 UTC`;
    expect(
      runOf({
        LoadState: 'loaded',
        ActiveState: active,
        SubState: sub,
        NRestarts: String(restarts),
        ActiveEnterTimestamp,
      }),
    ).toBe(run);
  });

  it.each([
    ['active', 'success', false],
    ['active', 'exit-code', true],
    ['active', '', false],
    ['failed', 'exit-code', false],
  ])('of a unit that is %s, with %j for its last reload', (active, result, failed) => {
    const shown = `Id=a.service\nNames=a.service\nActiveState=${active}\nReloadResult=${result}\n`;
    expect(parseUnits(shown, NOW).get('a.service')).toMatchObject({ reloadFailed: failed });
  });

  it('is read to the microsecond, by every name', () => {
    const units = parseUnits(
      'Names=a.service b.service\nId=a.service\nActiveState=active\nActiveEnterTimestamp=Sun 2026-11-22 15:00:00.5 UTC\nStateChangeTimestamp=Sun 2026-11-22 15:00:01 UTC\nType=oneshot\n\nId=c.service\nNames=c.service\nActiveState=inactive\nActiveEnterTimestamp=\n',
      NOW,
    );
    expect([...units.keys()]).toEqual(['a.service', 'b.service', 'c.service']);
    expect(units.get('b.service')).toMatchObject({
      id: 'a.service',
      upSince: NOW - 9_500_000,
      changedAt: NOW - 9_000_000,
      ends: true,
    });
    expect(units.get('c.service')).toMatchObject({ upSince: null, changedAt: null, ends: false });
  });
});

describe('what was written after a unit was started', () => {
  const HOUR = 3_600_000_000;
  const NOW = Date.UTC(2026, 10, 22, 15, 0, 10) * 1000;
  const SINCE = 'ActiveEnterTimestamp=Sun 2026-11-22 15:00:00.000000 UTC';
  const [unit] = parseUnits(
    `Id=a.service\nNames=a.service\nLoadState=loaded\nActiveState=active\n${SINCE}\n`,
    NOW,
  ).values();

  it.each([
    ['before it', NOW - HOUR, []],
    ['after it', NOW - 5_000_000, ['/etc/a']],
    ['a moment ahead, by a clock that is put right all the time', NOW + 5_000_000, ['/etc/a']],
    ['before the clock was set back', NOW + HOUR, []],
  ])('%s', (_, time, restart) => {
    if (unit === undefined) throw new Error('no unit');
    const state = stateOf({
      name: 'a.service',
      want: { ...wholeUnit('', 1), restartOn: ['/etc/a'] },
      unit,
      file: { is: 'nothing' },
      dropIn: { is: 'nothing' },
      times: new Map([['/etc/a', time]]),
    });
    expect(state?.newer).toEqual({ restart, reload: [] });
  });
});
