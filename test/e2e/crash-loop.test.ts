// A unit in a crash loop is another thing at each moment, and one state to a plan: the fix is deployed at the first try.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

const LOOPS: Readonly<Record<string, readonly string[]>> = {
  'dies at once': ['ExecStart: /bin/false', 'RestartSec: 1', 'Restart: always'],
  'lives for seven seconds': [
    `ExecStart: '/bin/sh -c "sleep 7; exit 1"'`,
    'RestartSec: 2',
    'Restart: on-failure',
  ],
  'takes its time to start and to end': [
    'ExecStartPre: /bin/sleep 2',
    'ExecStart: /bin/false',
    'ExecStopPost: /bin/sleep 2',
    'Type: exec',
    'RestartSec: 1',
    'Restart: always',
  ],
  'is given up between plan and deploy': ['ExecStart: /bin/false', 'RestartSec: 2', 'Restart: always'],
};

const UNLIMITED = 'StartLimitIntervalSec: 0';
const GIVEN_UP = 'StartLimitIntervalSec: 600, StartLimitBurst: 5';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
});
afterAll(() => fleet.stop());

function stack(name: string, host: string, settings: readonly string[], limit: string): string {
  return `on: ${host}
resources:
  - service: ${name}
    unit:
      Unit: { ${limit} }
      Service:
${settings.map((line) => `        ${line}`).join('\n')}
    running: true
    settle: 2
`;
}

async function show(host: string, unit: string, property: string): Promise<string> {
  const argv = ['systemctl', 'show', '-P', property, unit];
  return (await fleet.lab.host(host).exec(argv)).stdout.trim();
}

/** The loop has gone round, so that it is one and not a first start. */
async function started(host: string, unit: string): Promise<void> {
  for (let tries = 0; tries < 240; tries += 1) {
    if (Number(await show(host, unit, 'NRestarts')) > 0) return;
    await sleep(250);
  }
  throw new Error(`${unit} does not loop`);
}

describe.each(['old', 'new'])('on %s', (host) => {
  it.each(Object.keys(LOOPS))('a service that %s', async (kind) => {
    const name = `loop-${Object.keys(LOOPS).indexOf(kind)}`;
    const givenUp = kind.startsWith('is given up');
    const limit = givenUp ? GIVEN_UP : UNLIMITED;
    const broken = fleet.files({ [`${name}.yml`]: stack(name, host, LOOPS[kind] ?? [], limit) });
    const failed = await fleet.deploy(await fleet.plan(broken), broken);
    // What lives for longer than it must settle is seen to fail only later.
    if (!kind.startsWith('lives')) expect(failed.hosts[0]?.outcome).toBe('failed');
    await started(host, name);

    const mended = fleet.files({
      [`${name}.yml`]: stack(name, host, ['ExecStart: /bin/sleep infinity'], limit),
    });
    const plan = await fleet.plan(mended);
    expect(linesOf(plan)).toEqual([`${host} update service/${name}`]);
    // As it is at five other moments, the plan stays the same one.
    for (let moment = 0; moment < 5; moment += 1) {
      await sleep(700);
      expect((await fleet.plan(mended)).digest).toBe(plan.digest);
    }
    if (givenUp) await expect.poll(() => show(host, name, 'ActiveState'), { timeout: 60_000 }).toBe('failed');
    expectDone(await fleet.deploy(plan, mended));
    expect(linesOf(await fleet.plan(mended))).toEqual([]);

    const gone = fleet.files({ [`${name}.yml`]: `on: ${host}\nresources: []\n` });
    expectDone(await fleet.deploy(await fleet.plan(gone), gone));
  });
});
