// A run that dies when its guarded changes were confirmed: they stay, and the report says so, though the run could not record them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labUnavailable } from '../lab/lab.ts';
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
        confirmWithin: 10,
        patience: 120,
      }),
    },
  );
});
afterAll(() => fleet?.stop());

describe.skipIf(unavailable !== undefined).each(SUITES)('on %s', (suite) => {
  const path = '/etc/ssh/sshd_config.d/shop.conf';
  const sh = (text: string) => fleet.lab.host(suite).exec(['sh', '-c', text]);

  it('confirmed, and killed before it could record that', async () => {
    const files = fleet.files({
      'shop.yml': `on: ${suite}\nresources:\n  - file: ${path}\n    content: "ClientAliveInterval 63\\n"\n  - service: ssh\n    running: true\n    restart_on: [${path}]\n`,
    });
    const plan = await fleet.plan(files);
    const deploying = fleet.deploy(plan, files);
    const is = (test: string) =>
      expect.poll(async () => (await sh(test)).status, { timeout: 120_000, interval: 50 }).toBe(0);
    // Nobody writes into a pipe that nobody reads: there the run stands still, confirmed, before its line in the ledger.
    await is(
      'ls /var/lib/ashore/runs/*/guard/armed && rm -f /var/lib/ashore/ledger && mkfifo /var/lib/ashore/ledger',
    );
    await is('grep -q KEPT /var/lib/ashore/runs/*/journal');
    await sh("systemctl kill -s KILL 'ashore-*.service'; rm /var/lib/ashore/ledger");
    const [report] = (await deploying).hosts;
    expect(report).toMatchObject({ outcome: 'unknown', reason: { code: 'RUN_LOST' } });
    expect(report?.reason?.message).toContain('done and confirmed, and stay');
    expect(report?.changes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    expect((await sh('sshd -T')).stdout).toContain('clientaliveinterval 63');
    const again = await fleet.plan(files);
    expectDone(await fleet.deploy(again, files));
    expect((await fleet.plan(files)).hosts.flatMap(({ changes }) => changes)).toEqual([]);
  });
});
