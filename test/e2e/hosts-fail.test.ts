// Hosts that go away, fill up or lose power in the middle of a deploy: each ends in a report that is true.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { HostReport } from '../../src/core/report.ts';
import type { ConfigFiles, DeployInput, Deployer } from '../../src/deploy.ts';
import { createLiveDeployer } from '../../src/world.ts';
import { labUnavailable, startLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const SUITES = ['bookworm', 'trixie'] as const;
let lab: Lab;
let deployer: Deployer;

beforeAll(async () => {
  if (unavailable !== undefined) return;
  lab = await startLab(SUITES.map((suite) => ({ name: suite, suite })));
  const keys = [{ name: 'lab', privateKey: lab.clientKey.privateKey }];
  deployer = createLiveDeployer({ keys, patience: 60 });
});
afterAll(() => lab?.stop());

describe.skipIf(unavailable !== undefined).each(SUITES)('on %s', (suite) => {
  let host: LabHost;
  let runs = 0;
  const files = (text: string): ConfigFiles =>
    new Map(
      Object.entries({
        'deploy-configs/hosts.yml': `ssh: { user: deploy, sudo: true }\nhosts:\n  ${suite}: { address: ${host.address}, host_key: ${host.hostKey} }\n`,
        'deploy-configs/shop.yml': `on: ${suite}\nresources:\n  - file: /etc/mark\n    content: "${text}"\n  - command: wait\n    run: [sh, -c, 'echo ${text} >>/var/log/trial; while [ ! -e /run/gate ]; do sleep 0.1; done']\n  - file: /etc/after\n    content: "${text}"\n`,
      }).map(([path, body]) => [path, new TextEncoder().encode(body)]),
    );
  const planOf = async (config: ConfigFiles): Promise<Plan> => {
    const planned = await deployer.plan({ files: config, base: undefined, commit: 'c0ffee', all: true });
    if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
    return planned.plan;
  };
  const deploy = async (
    plan: Plan,
    config: ConfigFiles,
    more: Partial<DeployInput> = {},
  ): Promise<HostReport> => {
    const run = `f${(runs += 1)}-${suite}`;
    const deployed = await deployer.deploy({ plan, files: config, run, by: 'ada', ...more });
    if (deployed.is !== 'report') throw new Error(JSON.stringify(deployed));
    const [report] = deployed.report.hosts;
    if (!report) throw new Error('no host');
    return report;
  };
  const outcomes = ({ changes }: HostReport): readonly string[] => changes.map(({ outcome }) => outcome);
  const waiting = async (text: string): Promise<void> => {
    const seen = (): Promise<string> =>
      host.exec(['sh', '-c', 'cat /var/log/trial || :']).then(({ stdout }) => stdout);
    await expect.poll(seen, { timeout: 60_000 }).toContain(text);
  };
  const open = (): Promise<unknown> => host.exec(['touch', '/run/gate']);

  beforeAll(() => {
    host = lab.host(suite);
  });
  beforeEach(async () => {
    await host.exec(['rm', '-f', '/run/gate']);
  });

  it('power lost in the middle of a change: unknown, and no old plan is deployed before somebody looked', async () => {
    const config = files('power');
    const plan = await planOf(config);
    const deploying = deploy(plan, config);
    await waiting('power');
    await host.kill();
    await host.start();
    const report = await deploying;
    expect([report.outcome, report.reason?.code]).toEqual(['unknown', 'RUN_LOST']);
    expect(outcomes(report)).toEqual(['applied', 'unknown', 'not-started']);
    expect(await deploy(plan, config)).toMatchObject({
      outcome: 'refused',
      reason: { code: 'HOST_UNKNOWN_STATE', message: expect.stringContaining(`f${runs - 1}-${suite}`) },
    });
    const fresh = await planOf(config);
    expect(fresh.digest).not.toBe(plan.digest);
    expect(fresh.hosts[0]?.changes.map(({ ref }) => ref)).toEqual(['command/wait', 'file//etc/after']);
    await open();
    expect(await deploy(fresh, config)).toMatchObject({ outcome: 'done', remaining: [] });
  });

  it('an orderly reboot in the middle stops between two commands, and says so', async () => {
    const config = files('reboot');
    const deploying = deploy(await planOf(config), config);
    await waiting('reboot');
    const stopping = host.stop();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await open();
    await stopping;
    await host.start();
    const report = await deploying;
    expect([report.outcome, report.reason?.message]).toEqual([
      'failed',
      expect.stringContaining('told to stop after 2 of 3 changes'),
    ]);
    expect(outcomes(report)).toEqual(['applied', 'applied', 'not-started']);
    expect(report.remaining?.map(({ ref }) => ref)).toEqual(['file//etc/after']);
  });

  it('sshd restarted, the cable pulled: the run goes on and is followed again', async () => {
    const config = files('cable');
    const deploying = deploy(await planOf(config), config);
    await waiting('cable');
    await host.exec(['systemctl', 'restart', 'ssh.service']);
    await host.exec(['sh', '-c', 'pkill -9 -x sshd-session; pkill -9 -f "^sshd: deploy"; true']);
    await host.cable('out');
    await open();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await host.cable('in');
    expect(await deploying).toMatchObject({ outcome: 'done', remaining: [] });
  });

  it('the journal taken away meanwhile: lost, and the run is not begun a second time', async () => {
    const config = files('journal');
    const deploying = deploy(await planOf(config), config);
    await waiting('journal');
    await host.exec(['sh', '-c', 'mv /var/lib/ashore/runs/"$0" /root/', `f${runs}-${suite}`]);
    const report = await deploying;
    expect([report.outcome, report.reason?.code]).toEqual(['unknown', 'RUN_LOST']);
    await host.exec(['sh', '-c', 'mv /root/"$0" /var/lib/ashore/runs/', `f${runs}-${suite}`]);
    await open();
    const log = (await host.exec(['cat', '/var/log/trial'])).stdout;
    expect(log.split('journal').length).toBe(2);
    await expect
      .poll(async () => (await host.exec(['test', '-e', '/var/lib/ashore/holder'])).status, {
        timeout: 60_000,
      })
      .toBe(1);
  });

  it('/run full: refused before the first write', async () => {
    const config = files('full');
    const plan = await planOf(config);
    await open();
    // As small as what is in it, and then the last page.
    const fill =
      'mount -o "remount,size=$(df --output=used -k /run | tail -n 1)k" /run; dd if=/dev/zero of=/run/filler bs=4k 2>/dev/null; true';
    await host.exec(['sh', '-c', fill]);
    const report = await deploy(plan, config);
    await host.exec(['sh', '-c', 'rm -f /run/filler; mount -o remount,size=50% /run']);
    expect(['refused', 'failed']).toContain(report.outcome);
    expect(outcomes(report).every((outcome) => outcome === 'not-started')).toBe(true);
    expect((await host.exec(['cat', '/etc/mark'])).stdout).not.toContain('full');
  });

  it('not there from the start: failed, and nothing begun; taken up again: unknown', async () => {
    const config = files('gone');
    const plan = await planOf(config);
    await host.cable('out');
    const impatient = createLiveDeployer({
      keys: [{ name: 'lab', privateKey: lab.clientKey.privateKey }],
      connectLimit: 2,
      patience: 3,
    });
    const ask = async (resumed: boolean): Promise<HostReport | undefined> => {
      const run = `f${(runs += 1)}-${suite}`;
      const deployed = await impatient.deploy({ plan, files: config, run, by: 'ada', resumed });
      return deployed.is === 'report' ? deployed.report.hosts[0] : undefined;
    };
    const [first, again] = [await ask(false), await ask(true)];
    await host.cable('in');
    expect(first).toMatchObject({ outcome: 'failed', reason: { code: expect.stringMatching(/^HOST_/) } });
    expect(first?.changes.map(({ outcome }) => outcome)).toEqual([
      'not-started',
      'not-started',
      'not-started',
    ]);
    expect(again).toMatchObject({ outcome: 'unknown', reason: { code: expect.stringMatching(/^HOST_/) } });
    expect(again?.changes.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
  });
});
