// What the lab's containers share with their machine and so cannot show: swap, the kernel's killer, its settings, a clock that is wrong or
// is set in the middle of a run, a boot. On one virtual machine for all, by the product's own verbs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { HostReport } from '../../src/core/report.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { startVirtual, virtualUnavailable } from '../lab/virtual.ts';
import type { VirtualHost } from '../lab/virtual.ts';
import { expectDone, hostsFile, linesOf, verbsOn } from '../e2e/fleet.ts';
import type { Verbs } from '../e2e/fleet.ts';

const unavailable = await virtualUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

/** Its processor may be emulated, on a machine that others want as well. */
const PATIENT = { timeout: 900_000 };
const DAY = 86_400;
const HOUR = 3600;

/** Sets the clock by so much, once for each name. */
const JUMP = `#!/bin/sh
[ ! -e "/run/jumped-$1" ] || exit 0
date -s "$(cat /run/jump)" && touch "/run/jumped-$1"
`;

let lab: Lab;
let vm: VirtualHost;
let verbs: Verbs;

async function sh(text: string): Promise<string> {
  const { status, stdout, stderr } = await vm.exec(['sh', '-c', text]);
  expect(status, `${text}\n${stdout}${stderr}`).toBe(0);
  return stdout.trim();
}

function stack(name: string, text: string): ConfigFiles {
  return verbs.files({ [`${name}.yml`]: `on: vm\n${text}` });
}

/** Carries it out; the plan that it makes from a last look is empty. */
async function deploy(files: ConfigFiles): Promise<Plan> {
  const plan = await verbs.plan(files);
  expectDone(await verbs.deploy(plan, files));
  return plan;
}

async function deployFailing(files: ConfigFiles): Promise<HostReport> {
  const [host] = (await verbs.deploy(await verbs.plan(files), files)).hosts;
  if (!host) throw new Error('nothing was deployed');
  return host;
}

/** Seconds by which the host's clock is ahead of ours. */
async function ahead(): Promise<number> {
  return Number(await sh('date +%s')) - Date.now() / 1000;
}

async function setClock(seconds: number): Promise<void> {
  await sh(`date -s @${Math.round(Date.now() / 1000 + seconds)}`);
  expect(Math.abs((await ahead()) - seconds)).toBeLessThan(300);
}

describe.skipIf(unavailable !== undefined)('on a virtual machine', PATIENT, () => {
  beforeAll(async () => {
    lab = await startLab([]);
    vm = await startVirtual(lab, 'vm', 'trixie');
    const hosts = new Map([[vm.name, vm]]);
    verbs = verbsOn(() => hostsFile({ hosts }, '{}'), {
      connectLimit: 60,
      keys: [{ name: 'lab', privateKey: lab.clientKey.privateKey }],
    });
    await vm.exec(['sh', '-c', 'cat >/usr/local/bin/jump && chmod 755 /usr/local/bin/jump'], { stdin: JUMP });
  });
  afterAll(() => lab?.stop());

  const kernel = (swap: string): ConfigFiles =>
    stack(
      'kernel',
      `resources:\n  - sysctl: vm.swappiness\n    value: 33\n  - sysctl: kernel.panic\n    value: 7\n${swap}`,
    );
  const settings = 'cat /proc/sys/vm/swappiness /proc/sys/kernel/panic';

  it('has settings of the kernel, in the file and live, and swap, in another size, and no more', async () => {
    const swap = (size: string): string => `  - swap: /srv/swap\n    size: ${size}\n    priority: 5\n`;
    const swaps = (): Promise<string> => sh("sed 1d /proc/swaps | tr -s '\\t ' ' '");
    await deploy(kernel(swap('16M')));
    expect(await swaps()).toBe(`/srv/swap file ${16 * 1024 - 4} 0 5`);
    expect(await sh(`${settings} /etc/sysctl.d/90-ashore-vm.swappiness.conf`)).toBe(
      '33\n7\nvm.swappiness = 33',
    );

    await sh('sysctl -qw vm.swappiness=44');
    const changed = await deploy(kernel(swap('24M')));
    expect(linesOf(changed)).toEqual(['vm update sysctl/vm.swappiness', 'vm replace swap//srv/swap']);
    expect(changed.hosts[0]?.changes[1]?.notes.join()).toMatch(/brings 0 MiB back into memory/);
    expect(await swaps()).toBe(`/srv/swap file ${24 * 1024 - 4} 0 5`);
    expect(await sh(settings)).toBe('33\n7');

    expect(linesOf(await deploy(kernel('')))).toEqual(['vm delete swap//srv/swap']);
    expect(await swaps()).toBe('');
    expect(await sh('ls -A /srv; find /etc/systemd/system -name "srv-swap*"')).toBe('pool');
  });

  it('OOM_KILLED: a unit beyond its MemoryMax=, with the words of the kernel', async () => {
    const eat = `/usr/bin/perl -e 'print STDERR qq(I am hungry\\\\n); push @eaten, 1 x 1e6 while 1'`;
    const limits = 'MemoryMax: 24M, MemorySwapMax: 0';
    const host = await deployFailing(
      stack(
        'hungry',
        `resources:\n  - service: hungry\n    unit: { Service: { ExecStart: "${eat}", ${limits} } }\n    running: true\n`,
      ),
    );
    expect(host.reason, JSON.stringify(host, null, 2)).toMatchObject({ code: 'OOM_KILLED' });
    expect(host.reason?.evidence?.journal).toContain('I am hungry');
    expect(host.reason?.evidence?.journal).toMatch(
      /Memory cgroup out of memory: Killed process \d+ \(perl\)/,
    );
  });

  describe.each([
    ['two years behind', -730 * DAY],
    ['a day ahead', DAY],
  ])('with a clock %s', (name, seconds) => {
    const id = seconds < 0 ? 'behind' : 'ahead';
    const failing = `ExecStart: "/bin/sh -c 'echo words of ${id}; exit 3'"`;

    it(`${name}: deploys, tells what a unit that fails has said, and has only that left to do`, async () => {
      await setClock(seconds);
      const files = stack(
        id,
        `resources:
  - file: /etc/${id}.conf
    content: "${id}"
  - service: ${id}
    unit: { Service: { ExecStart: /bin/sleep infinity } }
    running: true
    settle: 2
    restart_on: [/etc/${id}.conf]
  - service: ${id}-fails
    unit: { Service: { ${failing} } }
    running: true
`,
      );
      const host = await deployFailing(files);
      expect(host.changes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'failed']);
      expect(host.reason).toMatchObject({ code: 'UNIT_FAILED' });
      expect(host.reason?.evidence?.journal).toContain(`words of ${id}`);
      expect(linesOf(await verbs.plan(files))).toEqual([`vm update service/${id}-fails`]);
    });
  });

  describe.each([
    ['forward by a day', '1 day', DAY],
    ['back by an hour', '-1 hour', -HOUR],
  ])('with a clock that is set %s in the middle of a run', (_, jump, seconds) => {
    const id = seconds < 0 ? 'back' : 'forward';
    const guarded = `/etc/ssh/sshd_config.d/${id}.conf`;
    const text = `resources:
  - file: /etc/${id}.conf
    content: "${id}"
  - command: between file and service
    run: [jump, ${id}-between]
    creates: /run/jumped-${id}-between
  - service: ${id}
    unit: { Service: { ExecStart: "/bin/sh -c 'sleep 1; jump ${id}-settle; exec sleep infinity'" } }
    running: true
    settle: 3
    restart_on: [/etc/${id}.conf]
  - file: ${guarded}
    content: "# nothing\\n"
checks:
  - command: [sh, -c, "[ -e /run/jumped-${id}-check ] || { jump ${id}-check; exit 1; }"]
    within: 60s
`;
    /** While the host waits for a new connection. */
    const waits = `for guard in /var/lib/ashore/runs/*/guard; do [ -e $guard/armed ] && [ -e $guard/awaiting ] && exec jump ${id}-guard; done`;

    it('goes on as if nothing had happened', async () => {
      await setClock(0);
      await sh(
        `systemctl -q stop watch-${id}; rm -f /etc/${id}.conf /run/jumped-${id}-*; echo '${jump}' >/run/jump`,
      );
      await sh(`systemd-run -q --collect --unit=watch-${id} sh -c 'while :; do ${waits}; sleep 0.2; done'`);
      const files = stack(id, text);
      const report = await verbs.deploy(await verbs.plan(files), files);
      expectDone(report);
      expect(new Set(report.hosts[0]?.changes.map(({ outcome }) => outcome))).toEqual(new Set(['applied']));
      expect((await sh(`ls /run/jumped-${id}-*`)).split('\n')).toHaveLength(4);
      expect(Math.abs((await ahead()) - 4 * seconds)).toBeLessThan(300);
      expect(await sh(`cat ${guarded}`)).toBe('# nothing');
    });

    it('has at most one restart to do when the clock is right again, and tells what a unit said before', async () => {
      await setClock(0);
      const fails = `ExecStart: "/bin/sh -c 'echo said before; sleep 1; jump ${id}-fails; exit 3'"`;
      const resources = `resources:\n  - service: ${id}-fails\n    unit: { Service: { ${fails} } }\n    running: true\n`;
      const files = stack(id, text.replace('resources:\n', resources));
      const restarts = linesOf(await verbs.plan(files)).filter((line) => line.includes(' restart '));
      expect(['', `vm restart service/${id}`]).toContain(restarts.join());
      const host = await deployFailing(files);
      expect(host.reason).toMatchObject({ code: 'UNIT_FAILED' });
      expect(host.reason?.evidence?.journal).toContain('said before');
      expect(host.reason?.evidence?.journal).toContain('status=3');

      await setClock(0);
      await deploy(stack(id, text));
    });
  });

  it('rebooted in the middle of a run: unknown, and the next plan is the rest', async () => {
    const files = stack(
      'boot',
      `resources:
  - sysctl: vm.dirty_ratio
    value: 30
  - command: wait for the end
    run: [sh, -c, "[ -e /root/again ] || { touch /root/again; sleep 600; }"]
  - file: /etc/boot.two
    content: two
`,
    );
    const plan = await verbs.plan(files);
    const deploying = verbs.deploy(plan, files);
    await expect.poll(() => sh('ls /root'), { timeout: 120_000, interval: 500 }).toContain('again');
    await vm.reboot();
    const [host] = (await deploying).hosts;
    expect([host?.outcome, host?.reason?.code]).toEqual(['unknown', 'RUN_LOST']);
    expect(host?.changes.map(({ outcome }) => outcome)).toEqual(['applied', 'unknown', 'not-started']);
    const refused = await verbs.deployer.deploy({ plan, files, run: 'old-plan', by: 'tester' });
    expect(JSON.stringify(refused)).toContain('HOST_UNKNOWN_STATE');
    expect(linesOf(await deploy(files))).toEqual([
      'vm run command/wait for the end',
      'vm create file//etc/boot.two',
    ]);
    expect(await sh('cat /proc/sys/vm/dirty_ratio')).toBe('30');
  });
});
