// Never cut off: what would take away our own way to a host is put back by the host itself. Each release has a file of its own,
// so that they go side by side.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { HostReport, Report } from '../../src/core/report.ts';
import type { ConfigFiles, Deployer } from '../../src/deploy.ts';
import { createLiveDeployer } from '../../src/world.ts';
import { labUnavailable, startLab } from '../lab/lab.ts';
import type { Suite } from '../lab/base.ts';
import type { Lab, LabHost } from '../lab/lab.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

let runs = 0;

/** What runs leave behind. */
const LEFT = `find /run/ashore -mindepth 2 2>/dev/null
systemctl list-units --no-legend --all 'ashore-*'
find /etc/systemd/system -name 'ashore-*'
find /var/lib/ashore/runs -name saved -o -name armed`;

const MARK = '  - file: /etc/mark\n    content: "{}"\n';

export function describeGuard(suite: Suite): void {
  describe.skipIf(unavailable !== undefined)(`on ${suite}`, () => walk(suite));
}

function walk(suite: Suite): void {
  let lab: Lab;
  let host: LabHost;
  /** Gives a new connection all the time it needs. */
  let deployer: Deployer;
  /** Expects none to come about. */
  let cutOff: Deployer;
  beforeAll(async () => {
    lab = await startLab([{ name: suite, suite }]);
    host = lab.host(suite);
    const keys = [{ name: 'lab', privateKey: lab.clientKey.privateKey }];
    deployer = createLiveDeployer({ keys });
    cutOff = createLiveDeployer({ keys, confirmWithin: 15 });
  });
  afterAll(() => lab?.stop());

  const out = async (...argv: readonly string[]): Promise<string> => (await host.exec(argv)).stdout;

  const files = (resources: string, user = 'deploy'): ConfigFiles =>
    new Map(
      Object.entries({
        'deploy-configs/hosts.yml': `ssh: { user: ${user}, sudo: true }\nhosts:\n  ${suite}: { address: ${host.address}, host_key: ${host.hostKey} }\n`,
        'deploy-configs/shop.yml': `on: ${suite}\nresources:\n${resources}`,
      }).map(([path, text]) => [path, new TextEncoder().encode(text)]),
    );
  const planOf = async (config: ConfigFiles): Promise<Plan> => {
    const planned = await deployer.plan({ files: config, base: undefined, commit: 'c0ffee', all: true });
    if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
    return planned.plan;
  };
  const deploy = async (plan: Plan, config: ConfigFiles, by = deployer): Promise<HostReport> => {
    const deployed = await by.deploy({
      plan,
      files: config,
      run: `g${(runs += 1)}-${suite}`,
      by: 'ada',
    });
    if (deployed.is !== 'report') throw new Error(JSON.stringify(deployed));
    return only(deployed.report);
  };
  const refs = (plan: Plan): readonly string[] =>
    plan.hosts.flatMap(({ changes }) => changes.map(({ ref }) => ref));
  const outcomes = ({ changes }: HostReport): Record<string, string> =>
    Object.fromEntries(changes.map(({ ref, outcome }) => [ref, outcome]));

  // The units that say the end of a run are still ending themselves then.
  afterEach(async () => {
    await expect.poll(() => out('sh', '-c', LEFT), { timeout: 60_000, interval: 250 }).toBe('');
  });

  const SSHD = '/etc/ssh/sshd_config.d/shop.conf';
  const sshd = (text: string): string =>
    `  - file: ${SSHD}\n    content: "${text}\\n"\n  - service: ssh\n    running: true\n    restart_on: [${SSHD}]\n`;

  const sudoers = (name: string, rule: string): string =>
    `  - file: /etc/sudoers.d/${name}\n    mode: "0440"\n    content: "${rule}\\n"\n`;

  it('what is guarded comes last, says so, and counts once a new connection has confirmed it', async () => {
    const config = files(`${sshd('ClientAliveInterval 61')}${MARK.replace('{}', 'one')}`);
    const plan = await planOf(config);
    expect(refs(plan)).toEqual(['file//etc/mark', `file/${SSHD}`, 'service/ssh']);
    expect(
      plan.hosts[0]?.changes.map(({ notes }) => notes.some((note) => note.startsWith('done last'))),
    ).toEqual([false, true, true]);
    const report = await deploy(plan, config);
    expect(report).toMatchObject({ outcome: 'done', reason: null, remaining: [] });
    expect(refs(await planOf(config))).toEqual([]);
    expect(await out('sshd', '-T')).toContain('clientaliveinterval 61');
  });

  /** What is broken, what it leaves behind, and how the host looks when all is as it was. */
  const looks: Readonly<Record<string, readonly string[]>> = {
    sshd: [
      'sh',
      '-c',
      'cat /etc/ssh/sshd_config.d/shop.conf; systemctl is-active ssh; systemctl is-enabled ssh',
    ],
    nftables: [
      'sh',
      '-c',
      'nft list ruleset; cat /etc/nftables.conf; systemctl is-active nftables; systemctl is-enabled nftables',
    ],
    sudoers: ['sh', '-c', 'ls /etc/sudoers.d; cat /etc/sudoers.d/*'],
  };
  const nftables = [
    '  - file: /etc/nftables.conf',
    '    mode: "0755"',
    '    content: |',
    '      flush ruleset',
    '      table inet filter {',
    '        chain input { type filter hook input priority 0; policy drop; }',
    '      }',
    '  - service: nftables',
    '    running: true',
    '    enabled: true',
    '    restart_on: [/etc/nftables.conf]',
    '',
  ].join('\n');

  describe('is put back, and the host reachable', () => {
    beforeAll(async () => {
      const config = files(`  - package: nftables\n${sshd('ClientAliveInterval 62')}`);
      expect(await deploy(await planOf(config), config)).toMatchObject({ outcome: 'done' });
      await host.exec(['nft', 'add', 'table', 'inet', 'by_hand']);
    });
    const kept = `  - package: nftables\n`;

    it.each([
      ['sshd lets nobody in', 'sshd', sshd('AllowUsers nobody'), /HOST_AUTH/],
      ['sshd listens elsewhere', 'sshd', sshd('ListenAddress 127.0.0.1'), /HOST_UNREACHABLE/],
      // Documentation only (RFC 5737): sshd -t takes it, and no host has it.
      ['sshd does not come up', 'sshd', sshd('ListenAddress 203.0.113.9'), /Cannot assign requested address/],
      [
        'the firewall drops everything',
        'nftables',
        nftables,
        /HOST_TIMEOUT|no new connection|CONNECTION_LOST/,
      ],
      [
        'sudo asks for a password',
        'sudoers',
        sudoers('zz-last', 'deploy ALL=(ALL) PASSWD: ALL'),
        /HOST_SUDO/,
      ],
      [
        'files of sudo are right each, and not together',
        'sudoers',
        ['zz-first', 'zz-last'].map((name) => sudoers(name, 'User_Alias OURS = deploy')).join(''),
        /OURS.*defined/,
      ],
    ])('when %s', async (_name, of, resources, words) => {
      const look = looks[of] ?? [];
      const before = await out(...look);
      const config = files(
        `${kept}${of === 'sshd' ? '' : sshd('ClientAliveInterval 62')}${MARK.replace('{}', `${(runs += 1)}`)}${resources}`,
      );
      const plan = await planOf(config);
      const report = await deploy(plan, config, cutOff);
      expect(report).toMatchObject({ outcome: 'put-back', reason: { code: 'PUT_BACK' } });
      expect(JSON.stringify(report.reason)).toMatch(words);
      expect(outcomes(report)['file//etc/mark']).toBe('applied');
      const guarded = plan.hosts[0]?.changes.flatMap(({ ref, guard }) => (guard ? [ref] : [])) ?? [];
      const begun = guarded.filter((ref) => outcomes(report)[ref] !== 'not-started');
      expect(begun.map((ref) => outcomes(report)[ref])).toEqual(begun.map(() => 'put-back'));
      expect(await out(...look)).toBe(before);
      expect(refs(await planOf(config))).toEqual(guarded);
    });
  });

  it('a reboot before the confirmation puts back as well', async () => {
    const config = files(sudoers('zz-last', 'deploy ALL=(ALL) PASSWD: ALL'));
    const plan = await planOf(config);
    const deploying = deploy(plan, config, cutOff);
    await expect
      .poll(() => out('sh', '-c', 'ls /var/lib/ashore/runs/$0/guard/awaiting', `g${runs}-${suite}`), {
        timeout: 60_000,
      })
      .not.toBe('');
    // Whoever follows the run is back before it has been put back.
    const slow = '/etc/systemd/system/ashore-undo-.service.d';
    await out('sh', '-c', `mkdir $0; printf '[Service]\\nExecStartPre=/bin/sleep 20\\n' >$0/slow.conf`, slow);
    await host.kill();
    await host.start();
    expect(await deploying).toMatchObject({ outcome: 'put-back', reason: { code: 'PUT_BACK' } });
    await out('rm', '-r', slow);
    expect(await out('ls', '/etc/sudoers.d')).not.toContain('zz-last');
  });

  it.each([
    ['our own user', '  - user: deploy\n    absent: true\n'],
    ['the package of sshd', '  - package: openssh-server\n    absent: true\n'],
  ])('to take away %s is blocked', async (_name, resources) => {
    const plan = await planOf(files(resources));
    expect(plan.hosts[0]?.blocked.map(({ reason }) => reason.code)).toEqual(['CUTS_OFF']);
  });
}

function only(report: Report): HostReport {
  const [host, ...others] = report.hosts;
  if (!host || others.length > 0) throw new Error('not one host');
  return host;
}
