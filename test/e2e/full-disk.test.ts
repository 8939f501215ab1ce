// Disks that fill up on real hosts, below what is written and below Ashore itself: nothing half, nothing untold, and on it goes after.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HostReport } from '../../src/core/report.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import { labUnavailable } from '../lab/lab.ts';
import type { LabHost } from '../lab/lab.ts';
import { expectDone, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const SUITES = ['bookworm', 'trixie'] as const;
let fleet: Fleet;

beforeAll(async () => {
  if (unavailable !== undefined) return;
  fleet = await startFleet(
    SUITES.map((suite) => ({ name: suite, suite })),
    {
      ssh: '{ user: deploy, sudo: true }',
      prepare: async ({ clientKey }) => ({
        keys: [{ name: 'lab', privateKey: clientKey.privateKey }],
        confirmWithin: 15,
        patience: 60,
      }),
    },
  );
});
afterAll(() => fleet?.stop());

const SMALL = 'mkdir -p "$1" && mount -t tmpfs -o size="$2",mode=700 small "$1"';
const FILL = 'cat /dev/zero >"$1/filler" 2>/dev/null; true';

describe.skipIf(unavailable !== undefined).each(SUITES)('on %s', (suite) => {
  let host: LabHost;
  const sh = (text: string, ...args: readonly string[]) => host.exec(['sh', '-c', text, 'sh', ...args]);
  const files = (resources: string): ConfigFiles =>
    fleet.files({ 'shop.yml': `on: ${suite}\nresources:\n${resources}` });
  const deploy = async (config: ConfigFiles): Promise<HostReport> => {
    const [report] = (await fleet.deploy(await fleet.plan(config), config)).hosts;
    if (!report) throw new Error('there was nothing to deploy');
    return report;
  };
  const outcomes = ({ changes }: HostReport): readonly string[] => changes.map(({ outcome }) => outcome);
  const done = async (config: ConfigFiles): Promise<void> => {
    expectDone(await fleet.deploy(await fleet.plan(config), config));
    expect((await fleet.plan(config)).hosts.flatMap(({ changes }) => changes)).toEqual([]);
  };

  beforeAll(() => {
    host = fleet.lab.host(suite);
  });
  afterEach(async () => {
    await sh('umount -l /mnt/small /var/lib/ashore; rm -rf /mnt/small; mkdir /mnt/small; true');
  });

  it('a file that does not fit: the old one stays, nothing is left beside it, and it is done when there is room', async () => {
    await sh(SMALL, '/mnt/small', '128k');
    await done(files('  - file: /mnt/small/conf\n    content: "old"\n'));
    const config = files(`  - file: /mnt/small/conf\n    content: "${'x'.repeat(200_000)}"\n`);
    const report = await deploy(config);
    expect(report).toMatchObject({ outcome: 'failed', reason: { code: 'DISK_FULL' } });
    expect((await sh('cd /mnt/small && ls -A && cat conf')).stdout).toBe('conf\nold');
    await sh('mount -o remount,size=2m /mnt/small');
    await done(config);
  });

  it("Ashore's own directory full before: refused, and nothing is written anywhere", async () => {
    await sh(SMALL, '/var/lib/ashore', '1m');
    const config = files('  - file: /etc/mark\n    content: "before"\n');
    await sh('mkdir -p /var/lib/ashore/runs');
    await sh(FILL, '/var/lib/ashore');
    const report = await deploy(config);
    expect(report).toMatchObject({ outcome: 'refused', reason: { code: 'DISK_FULL' } });
    expect(report.reason?.message).toContain('No space left on device');
    expect((await sh('cat /etc/mark')).stdout).not.toContain('before');
    await sh('rm /var/lib/ashore/filler');
    await done(config);
  });

  it('and in the middle: what was done is recorded, no more is begun, and that is the report', async () => {
    await sh(SMALL, '/var/lib/ashore', '2m');
    const config = files(
      [
        '  - file: /etc/mark\n    content: "middle"\n',
        `  - command: fill\n    run: [sh, -c, '[ -e /run/filled ] || { cat /dev/zero >/var/lib/ashore/filler; seq 2000; }; touch /run/filled']\n`,
        '  - file: /etc/after\n    content: "middle"\n',
      ].join(''),
    );
    await sh('rm -f /run/filled');
    const report = await deploy(config);
    expect(report).toMatchObject({ outcome: 'failed', reason: { code: 'DISK_FULL' } });
    expect(report.reason?.message).toContain('stopped after 2 of 3 changes');
    expect(outcomes(report)).toEqual(['applied', 'applied', 'not-started']);
    expect(report.remaining?.map(({ ref }) => ref)).toEqual(['file//etc/after']);
    await sh('rm /var/lib/ashore/filler');
    await done(config);
  });

  it('and while guarded changes wait for us: they are put back all the same', async () => {
    await sh(SMALL, '/var/lib/ashore', '2m');
    const path = '/etc/ssh/sshd_config.d/full.conf';
    const config = files(
      `  - file: ${path}\n    content: "AllowUsers nobody\\n"\n  - service: ssh\n    running: true\n    restart_on: [${path}]\n`,
    );
    const deploying = deploy(config);
    await expect
      .poll(async () => (await sh('ls /var/lib/ashore/runs/*/guard/awaiting')).status, { timeout: 120_000 })
      .toBe(0);
    await sh(FILL, '/var/lib/ashore');
    expect(await deploying).toMatchObject({ outcome: 'put-back', reason: { code: 'PUT_BACK' } });
    expect((await sh('test -e "$1"', path)).status).toBe(1);
    expect((await sh('systemctl is-active ssh')).stdout).toBe('active\n');
  });

  it('a command that prints without end fills no disk', async () => {
    await sh(SMALL, '/var/lib/ashore', '8m');
    const loud = 'yes | head -c 300000000; echo the last word';
    await done(files(`  - command: loud\n    run: [sh, -c, '${loud}']\n`));
    expect((await sh('tail -c 4096 /var/lib/ashore/runs/*/journal')).stdout).toContain('the last word');
    expect((await sh('cat /var/lib/ashore/runs/*/journal')).stdout).toMatch(/\[\d{9} bytes left out\]/);
  });
});
