// The kind service on real Debian 12 and 13, whose systemd are five years of habits apart: the whole road, and the traps.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import type { Blocked, KindChange } from '../../src/core/kind.ts';
import { file } from '../../src/kinds/file.ts';
import { packageKind } from '../../src/kinds/package.ts';
import { service } from '../../src/kinds/service.ts';
import { want } from '../kinds/trial.ts';
import { labUnavailable, startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { createTrial } from '../support/lab-trial.ts';
import type { Declaration, Trial } from '../support/lab-trial.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

function a(id: string, spec?: object, last?: Json): Declaration {
  return { kind: service, id, spec, ...(last === undefined ? {} : { last }) };
}

function lastOf(spec: object): Json {
  return service.remember?.(want(service, 'x', spec)) ?? null;
}

const SLEEP = {
  unit: {
    Unit: { Description: 'Trial' },
    Service: { ExecStart: '/bin/sleep infinity', ExecReload: '/bin/true' },
    Install: { WantedBy: 'multi-user.target' },
  },
  settle: 2,
};

function withService(settings: object): object {
  return { ...SLEEP, unit: { ...SLEEP.unit, Service: { ...SLEEP.unit.Service, ...settings } } };
}

function only(changes: ReadonlyMap<string, KindChange | Blocked>): KindChange | Blocked | undefined {
  expect(changes.size).toBeLessThanOrEqual(1);
  return changes.values().next().value;
}

function reasonOf(change: KindChange | Blocked | undefined): string {
  if (!change) return 'in sync';
  return 'blocked' in change
    ? `${change.blocked.code}: ${change.blocked.message}`
    : `${change.verb}: ${change.reason}`;
}

function commandsOf(change: KindChange | Blocked | undefined): string[] {
  if (!change || 'blocked' in change) return [];
  return change.steps.map((step) => (step.do === 'run' ? step.argv.join(' ') : step.do));
}

describe.skipIf(unavailable !== undefined)('service', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab([
      { name: 'old', suite: 'bookworm' },
      { name: 'new', suite: 'trixie' },
    ]);
  });
  afterAll(() => lab.stop());

  describe.each(['old', 'new'])('on %s', (name) => {
    let trial: Trial;
    beforeEach(() => {
      trial = createTrial(lab.host(name));
    });

    async function planned(id: string, spec?: object, last?: Json): Promise<string> {
      return reasonOf(only(await trial.plan([a(id, spec, last)])));
    }

    it('is made, changed, stopped, started, and goes when it is no longer declared', async () => {
      const spec = { ...SLEEP, enabled: true, running: true };
      const made = only(await trial.deploy([a('road', spec)]));
      expect(commandsOf(made)).toEqual([
        'put',
        'systemctl enable road.service',
        'systemctl start road.service',
        'settle',
      ]);
      expect(await trial.sh('systemctl is-enabled road; systemctl is-active road')).toBe('enabled\nactive');

      const changed = { ...withService({ Nice: 5 }), enabled: true, running: true };
      const update = only(await trial.deploy([a('road', changed)]));
      expect(reasonOf(update)).toBe('update: its unit file differs');
      expect(commandsOf(update)).toEqual([
        'put',
        'systemctl daemon-reload',
        'systemctl restart road.service',
        'settle',
      ]);
      expect(await trial.sh('systemctl show -P Nice road')).toBe('5');

      await trial.deploy([a('road', { ...changed, running: false, enabled: false })]);
      expect(await trial.sh('systemctl is-enabled road || :; systemctl is-active road || :')).toBe(
        'disabled\ninactive',
      );
      await trial.deploy([a('road', changed)]);

      expect(await planned('road', undefined, lastOf(SLEEP))).toMatch(/^forget: .* changed by hand/);
      await trial.deploy([a('road', undefined, lastOf(changed))]);
      expect(
        await trial.sh(
          'systemctl show -P LoadState road; systemctl --failed --no-legend; ls /etc/systemd/system | grep road || :',
        ),
      ).toBe('not-found');
    });

    it('reads off the host that a restart or a reload is due', async () => {
      const spec = {
        ...SLEEP,
        running: true,
        restart_on: ['/etc/due.conf', '/etc/due-link'],
        reload_on: ['/etc/due.allow'],
      };
      await trial.sh('touch /etc/due.conf /etc/due.allow; ln -s due.conf /etc/due-link');
      await trial.deploy([a('due', spec)]);

      await trial.sh('echo 1 >/etc/due.allow');
      expect(await planned('due', spec)).toBe('reload: /etc/due.allow changed after it was loaded');
      await trial.deploy([a('due', spec)]);

      await trial.sh('cp -p /etc/due.conf /etc/due.new; mv /etc/due.new /etc/due.conf');
      expect(await planned('due', spec)).toBe(
        'restart: /etc/due.conf changed after it was started, /etc/due-link changed after it was started'.replace(
          ', ',
          '; ',
        ),
      );
      const restart = only(await trial.deploy([a('due', spec)]));
      expect(commandsOf(restart)).toEqual(['systemctl restart due.service', 'settle']);

      await trial.sh('ln -sfn due.allow /etc/due-link');
      expect(await planned('due', spec)).toBe('restart: /etc/due-link changed after it was started');
      await trial.sh('systemctl stop due');
      expect(await planned('due', spec)).toBe('update: it is not running');
      await trial.deploy([a('due', { absent: true })]);
    });

    it('restarts for a file that the same plan changes', async () => {
      const spec = { ...SLEEP, running: true, restart_on: ['/etc/same.conf'] };
      const declared = (content: string): Declaration[] => [
        { kind: file, id: '/etc/same.conf', spec: { content } },
        a('same', spec),
      ];
      await trial.deploy(declared('1\n'));
      const changes = await trial.deploy(declared('2\n'));
      expect(reasonOf(changes.get('service/same'))).toBe('restart: /etc/same.conf changes in this plan');
      await trial.deploy([a('same', { absent: true })]);
    });

    it('takes up what a broken deploy left: file written, systemd not told, process old', async () => {
      const spec = { ...SLEEP, running: true };
      await trial.deploy([a('left', spec)]);
      const changed = { ...withService({ Nice: 7 }), running: true };
      const text = 'cat >/etc/systemd/system/left.service';
      const unit = only(await trial.plan([a('left', changed)]));
      const put = unit && 'steps' in unit ? unit.steps[0] : undefined;
      const content = put?.do === 'put' && 'text' in put.content ? put.content.text : '';
      await trial.host.exec(['sh', '-c', text], { stdin: content });
      expect(await planned('left', changed)).toBe(
        'restart: systemd has not yet read its changed files; /etc/systemd/system/left.service changed after it was started',
      );
      await trial.sh('systemctl daemon-reload');
      expect(await planned('left', changed)).toBe(
        'restart: /etc/systemd/system/left.service changed after it was started',
      );
      await trial.deploy([a('left', changed)]);
      expect(await trial.sh('ps -o ni= -p $(systemctl show -P MainPID left)')).toBe('7');
      await trial.deploy([a('left', { absent: true })]);
    });

    it('sees a unit whose file is gone and that still runs', async () => {
      await trial.deploy([a('ghost', { ...SLEEP, running: true, enabled: true })]);
      await trial.sh('rm /etc/systemd/system/ghost.service');
      expect(await planned('ghost', { running: true })).toMatch(
        /^update: systemd has not yet read its changed files/,
      );
      await trial.sh('systemctl daemon-reload');
      expect(await trial.sh('systemctl show -P LoadState,ActiveState ghost | tr "\\n" " "')).toBe(
        'not-found active',
      );
      expect(await planned('ghost', { running: true })).toMatch(/^UNIT_MISSING/);
      const removal = only(await trial.deploy([a('ghost', { absent: true })]));
      expect(commandsOf(removal)[0]).toBe('systemctl stop ghost.service');
      expect(await trial.sh('systemctl show -P ActiveState ghost')).toBe('inactive');
      await trial.deploy([a('ghost', { ...SLEEP, running: true, enabled: true })]);
      await trial.deploy([a('ghost', { absent: true })]);
    });

    it.each([
      ['/bin/false', 'Restart=always', 'RestartSec=1'],
      ['/nonexistent', 'Restart=no', 'RestartSec=1'],
    ])('sees that %s with %s does not run, and mends it', async (command, restart, pause) => {
      const [key = '', value = ''] = restart.split('=');
      const [pauseKey = '', seconds = ''] = pause.split('=');
      const broken = {
        ...withService({ ExecStart: command, [key]: value, [pauseKey]: seconds }),
        running: true,
      };
      await expect(trial.deploy([a('crash', broken)])).rejects.toThrow(/settle/);
      expect(await planned('crash', broken)).toMatch(
        /^(restart: it keeps failing and being started again|update: it has failed)$/,
      );
      await trial.sh('sleep 7');
      expect(await planned('crash', broken)).toMatch(
        /^(restart: it keeps failing and being started again|update: it has failed)$/,
      );
      await trial.deploy([a('crash', { ...SLEEP, running: true })]);
      await trial.deploy([a('crash', { absent: true })]);
      expect(await trial.sh('systemctl --failed --no-legend')).toBe('');
    });

    it('leaves no failure behind when the unit ends with an error at its stop', async () => {
      const angry = withService({
        ExecStart: '/bin/sh -c "trap \'exit 9\' TERM; while :; do sleep 0.1; done"',
      });
      await trial.deploy([a('angry', { ...angry, running: true })]);
      await trial.deploy([a('angry', { absent: true })]);
      expect(await trial.sh('systemctl --failed --no-legend')).toBe('');
    });

    it('puts a drop-in on the unit of a package, and takes it away', async () => {
      await trial.deploy([{ kind: packageKind, id: 'lab-hello', spec: {} }]);
      const spec = { drop_in: { Service: { Nice: 3 } }, running: true, settle: 2 };
      const made = only(await trial.deploy([a('lab-hello', spec)]));
      expect(reasonOf(made)).toBe('update: its drop-in is not there');
      expect(await trial.sh('systemctl show -P Nice lab-hello')).toBe('3');
      await trial.sh('printf "[Service]\\nNice=4\\n" >/etc/systemd/system/lab-hello.service.d/hand.conf');
      expect(await planned('lab-hello', spec)).toMatch(/hand\.conf changed after it was started$/);
      await trial.sh('rm /etc/systemd/system/lab-hello.service.d/hand.conf; systemctl daemon-reload');
      const back = await trial.deploy([a('lab-hello', undefined, lastOf(spec))]);
      expect(reasonOf(only(back))).toMatch(/^delete: no longer declared; the drop-in/);
      expect(
        await trial.sh('systemctl show -P Nice lab-hello; ls -d /etc/systemd/system/lab-hello* || :'),
      ).toBe('0');
      expect(await planned('lab-hello', { absent: true })).toMatch(/^UNIT_UNSUITABLE: .* Remove its package/);
      await trial.sh('dpkg --purge lab-hello');
    });

    it('plans a unit that a package of the same plan brings', async () => {
      expect(await planned('lab-hello', { running: true })).toMatch(/^UNIT_MISSING/);
      const changes = await trial.deploy([
        { kind: packageKind, id: 'lab-hello', spec: {} },
        { kind: file, id: '/etc/lab-hello/config', spec: { content: 'greeting=ours\n' } },
        a('lab-hello', { enabled: true, running: true, settle: 2, restart_on: ['/etc/lab-hello/config'] }),
      ]);
      expect(commandsOf(changes.get('service/lab-hello'))).toEqual([
        'systemctl enable lab-hello.service',
        'systemctl restart lab-hello.service',
        'settle',
      ]);
      await trial.sh('dpkg --purge lab-hello; systemctl reset-failed');
    });

    it('plans a unit whose file the same plan writes', async () => {
      const text = '[Service]\nExecStart=/bin/sleep infinity\n';
      const declared = (content: string): Declaration[] => [
        { kind: file, id: '/etc/systemd/system/byfile.service', spec: { content } },
        a('byfile', { running: true, settle: 2 }),
      ];
      await trial.deploy(declared(text));
      const changes = await trial.deploy(declared(`${text}Nice=2\n`));
      expect(commandsOf(changes.get('service/byfile'))).toEqual([
        'systemctl daemon-reload',
        'systemctl restart byfile.service',
        'settle',
      ]);
      expect(await trial.sh('ps -o ni= -p $(systemctl show -P MainPID byfile)')).toBe('2');
      await trial.deploy([a('byfile', { absent: true })]);
    });

    it.each([
      ['getty.target', { enabled: true }, /^UNIT_UNSUITABLE: getty.target is masked/],
      ['getty.target', { absent: true }, /^in sync$/],
      ['sshd', { running: true }, /^UNIT_UNSUITABLE: sshd.service is another name of ssh.service/],
      ['ssh', { running: true }, /^in sync$/],
      ['systemd-journald', { enabled: true }, /^UNIT_UNSUITABLE: .*no \[Install\]/],
      ['systemd-journald', { enabled: false }, /^in sync$/],
      ['systemd-tmpfiles-setup', { running: true }, /^in sync$/],
      ['systemd-tmpfiles-clean', { running: true }, /^UNIT_UNSUITABLE: .* ends by itself/],
      ['cron', { reload_on: ['/etc/crontab'] }, /^UNIT_UNSUITABLE: cron.service cannot be reloaded/],
      ['systemd-tmpfiles-clean.timer', { running: true }, /^in sync$/],
      ['nosuch', { enabled: false }, /^UNIT_MISSING/],
      ['nosuch', { absent: true }, /^in sync$/],
      ['console-getty', { unit: { Service: { ExecStart: '/bin/true' } } }, /^UNIT_UNSUITABLE: .* is masked/],
    ])('%s %j', async (id, spec, expected) => {
      expect(await planned(id, spec)).toMatch(expected);
    });

    it('handles timers, instances, enabled for this boot only, and many at once', async () => {
      const timer = {
        unit: { Timer: { OnCalendar: 'daily' }, Install: { WantedBy: 'timers.target' } },
        enabled: true,
        running: true,
        settle: 2,
      };
      const once = { unit: { Service: { Type: 'oneshot', ExecStart: '/bin/true' } } };
      await trial.deploy([
        a('many', once),
        a('many.timer', timer),
        a('many@one', { ...SLEEP, running: true, enabled: true }),
        a('ssh', { running: true }),
      ]);
      expect(
        await trial.sh('systemctl is-active many.timer many@one; systemctl is-enabled many.timer many@one'),
      ).toBe('active\nactive\nenabled\nenabled');
      const gone = ['many', 'many.timer', 'many@one'].map((id) => a(id, { absent: true }));
      await trial.deploy(gone);
      await trial.sh('systemctl disable cron; systemctl enable --runtime cron');
      expect(await planned('cron', { enabled: true })).toBe('update: it is enabled-runtime');
      await trial.deploy([a('cron', { enabled: false })]);
      await trial.deploy([a('cron', { enabled: true })]);
    });
  });
});
