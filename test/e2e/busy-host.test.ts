// Hosts that others are at work on: apt's lock held at the start and in the middle.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/core/report.ts';
import { renderDeployCheck } from '../../src/render/check-run.ts';
import { labUnavailable } from '../lab/lab.ts';
import type { LabHost } from '../lab/lab.ts';
import { expectDone, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const SUITES = ['bookworm', 'trixie'] as const;
let fleet: Fleet;
let runs = 0;

beforeAll(async () => {
  if (unavailable !== undefined) return;
  fleet = await startFleet(SUITES.map((suite) => ({ name: suite, suite })));
});
afterAll(() => fleet?.stop());

/** dpkg's lock is one of fcntl(2), which flock(1) does not take. */
const HOLD = `use Fcntl; open F, '>>', $ARGV[0] or die; my $lock = pack 's s x4 q q i x4', F_WRLCK, 0, 0, 0, 0;
fcntl F, F_SETLK, $lock or die; sleep 600;`;

describe.skipIf(unavailable !== undefined).each(SUITES)('on %s', (suite) => {
  let host: LabHost;
  const sh = (text: string, ...args: readonly string[]) => host.exec(['sh', '-c', text, 'sh', ...args]);
  const hold = async (lock: string): Promise<void> => {
    const held = await sh('systemd-run -q --unit=locker perl -e "$1" "$2" && sleep 1', HOLD, lock);
    expect(held.status, held.stderr).toBe(0);
  };

  beforeAll(() => {
    host = fleet.lab.host(suite);
  });
  afterEach(async () => {
    await sh('systemctl stop locker; touch /run/gate; apt-get -qq -y purge lab-hello; rm -f /run/gate; true');
  });

  it.each([
    ['when the deploy begins', '/var/lib/dpkg/lock-frontend', ''],
    [
      'in the middle of it',
      '/var/lib/dpkg/lock-frontend',
      "  - command: wait\n    run: [sh, -c, 'while [ ! -e /run/gate ]; do sleep 0.1; done']\n",
    ],
  ])(
    "apt's lock held %s: waited for in sight of all, with who holds it, and then done",
    async (_name, lock, before) => {
      const files = fleet.files({
        'shop.yml': `on: ${suite}\nresources:\n${before}  - package: lab-hello\n`,
      });
      const plan = await fleet.plan(files);
      if (before === '') await hold(lock);
      const seen: Report[] = [];
      const deploying = fleet.deployer.deploy({
        plan,
        files,
        run: `busy-${(runs += 1)}-${suite}`,
        by: 'ada',
        report: (report) => seen.push(report),
      });
      if (before !== '') {
        await expect
          .poll(() => seen.at(-1)?.hosts[0]?.changes[0]?.outcome, { timeout: 120_000 })
          .toBe('unknown');
        await hold(lock);
        await sh('touch /run/gate');
      }
      const shown = (): string => {
        const report = seen.at(-1);
        return report ? renderDeployCheck(report, plan).summary : '';
      };
      await expect
        .poll(shown, { timeout: 120_000 })
        .toMatch(/now at .*lab-hello.*It is held by process \d+ \(perl\)/);
      await sh('systemctl stop locker');
      const deployed = await deploying;
      if (deployed.is !== 'report') throw new Error(JSON.stringify(deployed));
      expectDone(deployed.report);
    },
  );
});
