// Runs on real hosts with systemd: transient units, units that stay up or only seem to, connections and hosts that go away.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Session, Target } from '../../src/core/host.ts';
import { decode } from '../../src/core/host.ts';
import { sha256 } from '../../src/core/json.ts';
import type { Step } from '../../src/core/step.ts';
import { createAppendLedger } from '../../src/run/append-ledger.ts';
import { createCancel } from '../../src/run/cancel.ts';
import { createCarryOut } from '../../src/run/carry-out.ts';
import { createConnect } from '../../src/ssh/connect.ts';
import { labUnavailable, startLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { follow, followRun, hostRun, ledgerLine, sh } from '../support/runs.ts';
import type { Followed } from '../support/runs.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const carryOut = createCarryOut();
const SUITES = ['bookworm', 'trixie'] as const;
let lab: Lab;

beforeAll(async () => {
  if (unavailable === undefined) lab = await startLab(SUITES.map((suite) => ({ name: suite, suite })));
});
afterAll(() => lab?.stop());

function put(path: string, text: string): Step {
  return { do: 'put', path, owner: 'root', group: 'root', mode: '0644', content: { text } };
}

function unit(name: string, service: string, more = ''): Step {
  return put(
    `/etc/systemd/system/${name}`,
    `[Unit]\nStartLimitIntervalSec=0\n${more}[Service]\n${service}\n`,
  );
}

const systemctl = (...argv: readonly string[]): Step => ({ do: 'run', argv: ['systemctl', ...argv] });
const settle = (name: string, seconds: number): Step => ({ do: 'settle', unit: name, seconds });

const OWN_LIMIT =
  'systemctl show -p RuntimeMaxUSec "$(grep -om1 "ashore-[^/]*[.]service" /proc/self/cgroup)"';

describe.skipIf(unavailable !== undefined).each(SUITES)('on %s', (suite) => {
  let host: LabHost;
  let session: Session;
  let runs = 0;

  const target = (over: Partial<Target> = {}): Target => ({
    host: suite,
    address: host.address,
    port: host.port,
    user: 'deploy',
    hostKeys: [host.hostKey],
    sudo: true,
    state: '/var/lib/ashore',
    jump: null,
    ...over,
  });
  const connect = (over: Partial<Target> = {}): Promise<Session> =>
    createConnect({ keys: [{ name: 'lab', privateKey: lab.clientKey.privateKey }] })(target(over));
  const out = async (...argv: readonly string[]): Promise<string> => (await host.exec(argv)).stdout;
  const ledger = async (): Promise<string> => out('sh', '-c', 'cat /var/lib/ashore/ledger 2>/dev/null || :');
  const begin = async (...changes: readonly (readonly Step[])[]) =>
    hostRun(`r${(runs += 1)}`, changes, await ledger());
  const go = async (...changes: readonly (readonly Step[])[]): Promise<Followed> =>
    followRun(carryOut, session, await begin(...changes));

  beforeAll(async () => {
    host = lab.host(suite);
    session = await connect();
  });
  // The unit that says the end of a run is still ending itself then.
  afterEach(async () => {
    const left = `find /run/ashore -mindepth 2 2>/dev/null; systemctl list-units --no-legend --all 'ashore-*'`;
    await expect.poll(() => out('sh', '-c', left), { timeout: 60_000 }).toBe('');
  });
  afterAll(() => session?.close());

  it('a run is a transient unit, and root', async () => {
    const { finished, output } = await go([
      sh('systemctl show -p KillMode,RuntimeMaxUSec,OOMPolicy "ashore-$1"; id -u; pwd; umask', 'r1'),
    ]);
    expect(finished.outcome).toBe('done');
    const lines = output(0).trim().split('\n').toSorted();
    expect(lines).toEqual([
      expect.stringMatching(/^\/run\/ashore\/[0-9a-f]{12}\/r1$/),
      '0',
      '0022',
      'KillMode=mixed',
      'OOMPolicy=continue',
      'RuntimeMaxUSec=4h',
    ]);
    expect(await out('stat', '-c', '%a %U', '/var/lib/ashore', '/var/lib/ashore/runs/r1')).toBe(
      '700 root\n700 root\n',
    );
  });

  it('a run has as long as what it does', async () => {
    const { output } = await go([{ do: 'run', argv: ['sh', '-c', OWN_LIMIT], limit: 6 * 3600 }]);
    expect(output(0).trim()).toBe('RuntimeMaxUSec=7h 2min');
  });

  describe('a unit', () => {
    it('that stays up is done', async () => {
      const { finished, output } = await go(
        [unit('up.service', 'ExecStart=/bin/sleep infinity'), systemctl('daemon-reload')],
        [systemctl('restart', 'up.service'), settle('up.service', 2)],
        [systemctl('restart', 'up.service'), settle('up.service', 2)],
      );
      expect(finished).toMatchObject({ outcome: 'done', reason: null });
      expect(output(1)).toBe('');
    });

    it('that reloads stays up', async () => {
      const service = 'ExecStart=/bin/sleep infinity\nExecReload=/bin/true';
      const { finished } = await go([
        unit('reloads.service', service),
        systemctl('daemon-reload'),
        systemctl('start', 'reloads.service'),
        systemctl('reload', 'reloads.service'),
        settle('reloads.service', 2),
      ]);
      expect(finished.outcome).toBe('done');
    });

    it('that takes its time to come up is waited for', async () => {
      const service =
        'Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c "sleep 4; systemd-notify --ready; exec sleep infinity"';
      const { finished } = await go([
        unit('slow.service', service),
        systemctl('daemon-reload'),
        systemctl('start', '--no-block', 'slow.service'),
        settle('slow.service', 1),
      ]);
      expect(finished.outcome).toBe('done');
    });

    it.each([
      ['that did its work', 'Type=oneshot\nExecStart=/bin/true'],
      ['that did its work and stays', 'Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true'],
    ])('of type oneshot %s is done', async (_, service) => {
      const { finished } = await go([
        unit('once.service', service),
        systemctl('daemon-reload'),
        systemctl('restart', 'once.service'),
        settle('once.service', 2),
      ]);
      expect(finished.outcome).toBe('done');
    });

    it('that is a timer is done', async () => {
      const { finished } = await go([
        put('/etc/systemd/system/up.timer', '[Timer]\nOnCalendar=yearly\n'),
        systemctl('daemon-reload'),
        systemctl('start', 'up.timer'),
        settle('up.timer', 1),
      ]);
      expect(finished.outcome).toBe('done');
    });

    // The limit is a minute each time: what is broken must be told long before.
    it.each([
      ['has no program', 'ExecStart=/opt/none', /it failed .*exit status 203/, /\/opt\/none/],
      [
        'has no program and is started again and again',
        'ExecStart=/opt/none\nRestart=always\nRestartSec=1',
        /it died|was started anew/,
        /\/opt\/none/,
      ],
      [
        'crashes again and again',
        'ExecStart=/bin/sh -c "echo the port is taken; exit 7"\nRestart=always\nRestartSec=100ms',
        /it died|was started anew/,
        /the port is taken/,
      ],
      [
        'crashes after a while',
        'ExecStart=/bin/sh -c "echo looks good; sleep 3; echo no longer; exit 7"\nRestart=always\nRestartSec=1ms',
        /it died|was started anew/,
        /no longer/,
      ],
      [
        'crashes once',
        'ExecStart=/bin/sh -c "sleep 1; echo gone; exit 7"',
        /it failed .*exit status 7/,
        /gone/,
      ],
      ['ends by itself', 'ExecStart=/bin/sh -c "echo nothing to do"', /it ended/, /nothing to do/],
      ['is killed', 'ExecStart=/bin/sh -c "sleep 1; kill -9 $$$$"', /it failed .*result signal/, /KILL/],
    ])(
      'that %s is told with its journal, long before its time is over',
      async (_, service, words, journal) => {
        const { finished, events } = await go([
          unit('bad.service', service),
          systemctl('daemon-reload'),
          systemctl('restart', 'bad.service'),
          settle('bad.service', 60),
        ]);
        await host.exec(['systemctl', 'stop', 'bad.service']);
        expect(finished.outcome).toBe('failed');
        expect(finished.reason).toMatchObject({ code: 'UNIT_FAILED', message: expect.stringMatching(words) });
        expect(finished.reason?.evidence?.journal).toMatch(journal);
        const end = events.find((event) => event.is === 'end');
        expect(end?.is === 'end' && end.seconds < 20).toBe(true);
      },
    );

    it('that systemctl waited for in vain is told with its journal as well', async () => {
      const { finished } = await go([
        unit('bad.service', 'Type=notify\nExecStart=/bin/sh -c "echo the port is taken; exit 7"'),
        systemctl('daemon-reload'),
        systemctl('restart', 'bad.service'),
        settle('bad.service', 2),
      ]);
      expect(finished).toMatchObject({ outcome: 'failed', reason: { code: 'STEP_FAILED' } });
      expect(finished.reason?.evidence).toMatchObject({
        command: 'systemctl restart bad.service',
        status: 1,
      });
      expect(finished.reason?.evidence?.output).toMatch(
        /it did not come up .*exit status 7[^]*the port is taken/,
      );
    });

    it.each<[string, string, readonly Step[], RegExp, RegExp]>([
      ['is not there', 'none.service', [], /there is no such unit/, /^$/],
      ['is masked', 'masked.service', [systemctl('mask', 'masked.service')], /it is masked/, /^$/],
      [
        'has a condition that is not met',
        'never.service',
        [
          unit('never.service', 'ExecStart=/bin/sleep infinity', 'ConditionPathExists=/no/such\n'),
          systemctl('daemon-reload'),
          systemctl('start', 'never.service'),
        ],
        /it ended/,
        /condition/i,
      ],
    ])('that %s is told', async (_, name, steps, words, journal) => {
      const { finished } = await go([...steps, settle(name, 5)]);
      expect(finished.reason).toMatchObject({ code: 'UNIT_FAILED', message: expect.stringMatching(words) });
      expect(finished.reason?.evidence?.journal).toMatch(journal);
    });

    it('that somebody else starts anew meanwhile is not taken for settled', async () => {
      const { finished } = await follow(
        carryOut(session, await begin([systemctl('restart', 'up.service'), settle('up.service', 20)])),
        async (event) => {
          if (event.is !== 'command' || !event.command.startsWith('#')) return;
          await sleep(1500);
          await host.exec(['systemctl', 'restart', 'up.service']);
        },
      );
      expect(finished.reason).toMatchObject({
        code: 'UNIT_FAILED',
        message: expect.stringContaining('started anew'),
      });
    });
  });

  describe('goes on', () => {
    const waits = (n: number): readonly (readonly Step[])[] => [
      [sh('echo begun >>/root/log; while [ ! -e /root/gate ]; do sleep 0.1; done', String(n))],
      [sh('echo ended >>/root/log')],
    ];
    afterEach(async () => {
      await host.exec(['rm', '-f', '/root/gate', '/root/log']);
    });

    it('when sshd drops the connection, and is picked up', async () => {
      const run = await begin(...waits(1));
      const fragile = await connect();
      const parent = Number(decode((await fragile.exec('echo $PPID', { limit: 10 })).stdout));
      const broken = follow(carryOut(fragile, run), async (event) => {
        if (event.is === 'command') await host.exec(['kill', '-9', String(parent)]);
      });
      await expect(broken).rejects.toMatchObject({ reason: { code: 'CONNECTION_LOST' } });
      await host.exec(['touch', '/root/gate']);
      const { finished } = await followRun(carryOut, session, run);
      expect(finished.outcome).toBe('done');
      expect(await out('cat', '/root/log')).toBe('begun\nended\n');
    });

    it('over a restart of sshd and of systemd itself', async () => {
      const { finished } = await go(
        [systemctl('restart', 'ssh.service'), systemctl('daemon-reexec'), sh('sleep 1')],
        [sh('true')],
      );
      expect(finished.outcome).toBe('done');
    });

    it('until the host loses power; the change is then lost, and the ledger whole', async () => {
      const run = await begin([sh('true')], ...waits(2));
      const fragile = await connect();
      let killed: Promise<void> | undefined;
      const broken = follow(carryOut(fragile, run), async (event) => {
        if (event.is !== 'command' || event.index !== 1) return;
        killed = host.kill();
        await killed;
      });
      // The host says nothing any more, and it is the client's own sign of life that finds out.
      broken.catch(() => undefined);
      await expect.poll(async () => host.exec(['true']).catch(() => 'off'), { timeout: 60_000 }).toBe('off');
      fragile.close();
      await killed;
      await host.start();
      session = await connect();
      const { finished, status } = await followRun(carryOut, session, run);
      expect(status(0)).toBe(0);
      expect(finished).toMatchObject({
        outcome: 'broken',
        reason: { code: 'RUN_LOST', message: expect.stringContaining('in the middle of command/1') },
      });
      expect((await ledger()).trim().split('\n').at(-1)).toContain('command/0');
      expect((await go([sh('true')])).finished.outcome).toBe('done');
    });

    it('until its script is killed, and leaves nothing behind that still runs', async () => {
      const run = await begin([sh('sleep 1234; true')]);
      const { finished } = await follow(carryOut(session, run), async (event) => {
        if (event.is !== 'command') return;
        await host.exec(['systemctl', 'kill', '-s', 'KILL', '--kill-who=main', `ashore-${run.run}.service`]);
      });
      expect(finished).toMatchObject({ outcome: 'broken', reason: { code: 'RUN_LOST' } });
      expect(await out('sh', '-c', 'grep -l "^sleep.1234" /proc/[0-9]*/cmdline 2>/dev/null || :')).toBe('');
      // Its files are on a tmpfs, and go with the next run at the latest.
      expect((await go([sh('true')])).finished.outcome).toBe('done');
    });

    it('until its time is over, and then stops between two commands', async () => {
      const impatient = createCarryOut({ limit: 1 });
      const { finished, status } = await follow(
        impatient(session, await begin(...waits(4))),
        async (event) => {
          if (event.is !== 'command') return;
          await sleep(2000);
          await host.exec(['touch', '/root/gate']);
        },
      );
      expect([status(0), status(1)]).toEqual([0, undefined]);
      expect(finished.reason?.message).toContain('told to stop after 1 of 2 changes');
    });

    it('until systemd is told to stop it, and then stops between two commands', async () => {
      const run = await begin(...waits(3));
      const { finished, status } = await follow(carryOut(session, run), async (event) => {
        if (event.is !== 'command') return;
        await host.exec(['systemctl', 'stop', '--no-block', `ashore-${run.run}.service`]);
        await host.exec(['touch', '/root/gate']);
      });
      expect([status(0), status(1), finished.outcome]).toEqual([0, undefined, 'failed']);
      expect(finished.reason?.message).toContain('told to stop after 1 of 2 changes');
    });
  });

  describe('units that are watched together', () => {
    const brings = (name: string, seconds: number, before: readonly Step[] = []): readonly Step[] => [
      unit(name, 'ExecStart=/bin/sleep infinity'),
      systemctl('daemon-reload'),
      ...before,
      systemctl('restart', name),
      settle(name, seconds),
    ];
    const beginTogether = async (...changes: readonly (readonly Step[])[]) => {
      const run = await begin(...changes);
      return {
        ...run,
        changes: run.changes.map((one, index) => (index === 0 ? one : { ...one, together: true as const })),
      };
    };

    it('have their whole windows and true reports when somebody cancels between their starts', async () => {
      const waits = sh('while [ ! -e /root/gate ]; do sleep 0.1; done');
      const run = await beginTogether(
        brings('t1.service', 2),
        brings('t2.service', 2, [waits]),
        brings('t3.service', 2),
      );
      const { events, finished } = await follow(carryOut(session, run), async (event) => {
        if (event.is !== 'begin' || event.index !== 1) return;
        const asking = await connect();
        expect(await createCancel()(asking, run.run, 'ada')).toBe(true);
        asking.close();
        await host.exec(['touch', '/root/gate']);
      });
      await host.exec(['rm', '-f', '/root/gate']);
      expect(finished).toMatchObject({ outcome: 'cancelled', reason: { code: 'RUN_CANCELLED' } });
      const marks = events.flatMap((event) =>
        event.is === 'begin' || event.is === 'end' ? [`${event.is} ${event.index}`] : [],
      );
      expect(marks).toEqual(['begin 0', 'begin 1', 'end 0', 'end 1']);
      expect((await ledger()).trim().split('\n').slice(-2)).toEqual([
        expect.stringContaining('command/0'),
        expect.stringContaining('command/1'),
      ]);
    });

    it('are all lost when the run is torn while they are watched', async () => {
      const run = await beginTogether(brings('t1.service', 60), brings('t2.service', 60));
      const { finished, status } = await follow(carryOut(session, run), async (event) => {
        if (event.is !== 'command' || event.index !== 1 || !event.command.startsWith('# then')) return;
        await sleep(1500);
        await host.exec(['systemctl', 'kill', '-s', 'KILL', '--kill-who=main', `ashore-${run.run}.service`]);
      });
      expect([status(0), status(1)]).toEqual([undefined, undefined]);
      expect(finished).toMatchObject({
        outcome: 'broken',
        reason: {
          code: 'RUN_LOST',
          message: expect.stringContaining('in the middle of command/0, command/1'),
        },
      });
      expect((await go([sh('true')])).finished.outcome).toBe('done');
    });

    it('may be started anew by the start of another one, but not later', async () => {
      const part = 'ExecStart=/bin/sleep infinity';
      const first = [unit('t4.service', part, 'PartOf=t5.service\n'), systemctl('daemon-reload')];
      const run = await beginTogether(
        [...first, systemctl('restart', 't4.service'), settle('t4.service', 2)],
        brings('t5.service', 2),
      );
      const { finished } = await followRun(carryOut, session, run);
      expect(finished).toMatchObject({ outcome: 'done' });
    });

    it('count restarts from their own start on', async () => {
      const once =
        'ExecStart=/bin/sh -c "test -e /run/t6 && exec sleep infinity; touch /run/t6; sleep 1; exit 1"\nRestart=always\nRestartSec=0';
      const dies = [unit('t6.service', once), systemctl('daemon-reload'), systemctl('start', 't6.service')];
      const run = await beginTogether(
        [sh('rm -f /run/t6'), ...dies, settle('t6.service', 2)],
        brings('t7.service', 2, [sh('sleep 4')]),
      );
      const { finished, status } = await followRun(carryOut, session, run);
      expect(finished).toMatchObject({ outcome: 'failed', reason: { code: 'UNIT_FAILED' } });
      expect([status(0), status(1)]).toEqual([1, 0]);
    });
  });

  it('two deploys are kept apart by the host', async () => {
    const other = await connect();
    const first = await begin([sh('while [ ! -e /run/gate ]; do sleep 0.1; done')]);
    const { finished } = await follow(carryOut(session, first), async (event) => {
      if (event.is !== 'command') return;
      const second = await followRun(carryOut, other, await begin([sh('touch /root/written')]));
      expect(second.finished).toMatchObject({ outcome: 'refused', reason: { code: 'HOST_BUSY' } });
      const digest = sha256(await ledger());
      const busy = createAppendLedger()(other, [ledgerLine('file/x')], digest);
      await expect(busy).rejects.toMatchObject({
        reason: { code: 'HOST_BUSY', message: expect.stringContaining(first.run) },
      });
      await host.exec(['touch', '/run/gate']);
    });
    expect(finished.outcome).toBe('done');
    expect((await host.exec(['test', '-e', '/root/written'])).status).toBe(1);
    other.close();
  });

  it('a login without sudo runs detached, in its own state directory', async () => {
    const plain = await connect({ sudo: false, state: '/home/deploy/ashore' });
    const { finished, output } = await followRun(carryOut, plain, hostRun('plain', [[sh('id -un; pwd')]]));
    expect(finished.outcome).toBe('done');
    expect(output(0)).toBe('deploy\n/home/deploy/ashore/run/plain\n');
    plain.close();
  });
});
