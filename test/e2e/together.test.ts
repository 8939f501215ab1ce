// What stands directly next to each other is done as one: packages by one call of apt, and units started in turn and watched together.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { Report } from '../../src/core/report.ts';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
});
afterAll(async () => {
  await fleet.stop();
});

const UP = 'unit: { Service: { ExecStart: /bin/sleep infinity } }, running: true, settle: 3';
const DIES =
  'unit: { Service: { ExecStart: "/bin/sh -c \\"echo last words; sleep 1; exit 7\\"", Restart: always } }, running: true, settle: 4';
const REFUSES =
  'unit: { Service: { ExecStartPre: /bin/false, ExecStart: /bin/sleep infinity } }, running: true, settle: 3';

describe.each(['old', 'new'])('on %s', (name) => {
  let stacks = 0;
  /** A stack of its own each time, so that no test takes back what another one declared. */
  const files = (resources: readonly string[]) => {
    const lines = resources.map((line) => `  - { ${line} }\n`).join('');
    return fleet.files({ [`shop-${(stacks += 1)}.yml`]: `on: ${name}\nresources:\n${lines}` });
  };

  it('packages are one call of apt, and the plan after it is empty', async () => {
    const resources = ['package: tree', 'package: jq', 'package: libjq1'];
    const more = ['file: /etc/between, content: x', 'package: lab-hello'];
    const declared = files([...resources, ...more]);
    const plan = await fleet.plan(declared);
    expect(callsOfApt(plan)).toEqual([
      expect.stringMatching(/ tree=\S+ .*libjq1=\S+ .*jq=\S+$/),
      expect.stringMatching(/ lab-hello=\S+$/),
    ]);
    expect(changesOf(plan).map(({ ref, steps }) => [ref, steps.length > 0])).toEqual([
      ['package/tree', true],
      ['package/jq', false],
      ['package/libjq1', false],
      ['file//etc/between', true],
      ['package/lab-hello', true],
    ]);
    expectDone(await fleet.deploy(plan, declared));
    expect(linesOf(await fleet.plan(declared))).toEqual([]);
    const manual = await fleet.lab.host(name).exec(['apt-mark', 'showmanual']);
    expect(manual.stdout.split('\n')).toEqual(expect.arrayContaining(['jq', 'libjq1', 'tree']));
    const gone = ['tree', 'jq', 'libjq1', 'lab-hello'].map((one) => `package: ${one}, absent: true`);
    const back = files(gone);
    expectDone(await fleet.deploy(await fleet.plan(back), back));
    expect(linesOf(await fleet.plan(back))).toEqual([]);
  });

  it('a neighbour that somebody installed meanwhile makes the plan stale before anything is written', async () => {
    const declared = files(['package: tree', 'package: jq']);
    const plan = await fleet.plan(declared);
    await fleet.lab.host(name).exec(['apt-get', '-y', '-q', 'install', 'jq']);
    const report = await fleet.deploy(plan, declared);
    expect(report.hosts[0]).toMatchObject({ outcome: 'refused', reason: { code: 'PLAN_STALE' } });
    expect((await fleet.lab.host(name).exec(['test', '-e', '/usr/bin/tree'])).status).toBe(1);
  });

  it('units are started in turn and watched together, and what comes after waits for all of them', async () => {
    const services = ['a', 'b', 'c'].map((one) => `service: up-${one}, ${UP}`);
    const declared = files([...services, 'file: /etc/after-units, content: x']);
    const plan = await fleet.plan(declared);
    expect(changesOf(plan).map(({ ref, together = false }) => [ref, together])).toEqual([
      ['service/up-a', false],
      ['service/up-b', true],
      ['service/up-c', true],
      ['file//etc/after-units', false],
    ]);
    expect(changesOf(plan)[2]?.notes).toEqual([
      'begun right after service/up-b; their units are watched together',
    ]);
    const report = await fleet.deploy(plan, declared);
    expectDone(report);
    const events = await eventsOf(report);
    expect(events.slice(0, 3)).toEqual(['BEGIN 0', 'BEGIN 1', 'BEGIN 2']);
    expect(events.slice(3, 6).toSorted()).toEqual(['END 0 0', 'END 1 0', 'END 2 0']);
    expect(events.slice(6)).toEqual(['BEGIN 3', 'END 3 0']);
    for (const { seconds } of report.hosts[0]?.changes.slice(0, 3) ?? []) expect(seconds).toBeGreaterThan(2);
    expect(linesOf(await fleet.plan(declared))).toEqual([]);
  });

  it('a crash loop among them is found, and each gets its own report', async () => {
    const services = [
      `service: by-1, ${UP}`,
      `service: dies-1, ${DIES}`,
      `service: by-2, ${UP}`,
      `service: dies-2, ${DIES}`,
    ];
    const declared = files([...services, 'file: /etc/after-crash, content: x']);
    const report = await fleet.deploy(await fleet.plan(declared), declared);
    expect(outcomesOf(report)).toEqual(['applied', 'failed', 'applied', 'failed', 'not-started']);
    for (const [index, unit] of [
      [1, 'dies-1.service'],
      [3, 'dies-2.service'],
    ] as const) {
      expect(report.hosts[0]?.changes[index]?.reason).toMatchObject({
        message: expect.stringContaining(unit),
        evidence: { command: `systemctl status ${unit}`, journal: expect.stringContaining('last words') },
      });
    }
    expect(report.hosts[0]).toMatchObject({ outcome: 'failed' });
    const left = changesOf(await fleet.plan(declared)).map(({ ref }) => ref);
    expect(left).toEqual(['service/dies-1', 'service/dies-2', 'file//etc/after-crash']);
  });

  it('one that cannot be started begins none after it, and those before it are watched to their ends', async () => {
    const declared = files([
      `service: still-up, ${UP}`,
      `service: refuses, ${REFUSES}`,
      `service: never, ${UP}`,
    ]);
    const report = await fleet.deploy(await fleet.plan(declared), declared);
    expect(outcomesOf(report)).toEqual(['applied', 'failed', 'not-started']);
    expect(await eventsOf(report)).toEqual('BEGIN 0, BEGIN 1, END 1 1, END 0 0'.split(', '));
    expect(report.hosts[0]?.changes[1]?.reason?.evidence?.command).toBe('systemctl start refuses.service');
    const never = await fleet.lab.host(name).exec(['systemctl', 'is-active', 'never.service']);
    expect(never.stdout.trim()).toBe('inactive');
  });

  async function eventsOf(report: Report): Promise<readonly string[]> {
    const path = `/var/lib/ashore/runs/${report.run}/journal`;
    const { stdout } = await fleet.lab.host(name).exec(['cat', path]);
    const events = [...stdout.matchAll(/^@@\w{16} (?:(BEGIN \d+)|(END \d+ \d+)) /gm)];
    return events.map(([, begin, end]) => begin ?? end ?? '');
  }
});

function changesOf(plan: Plan) {
  return plan.hosts.flatMap(({ changes }) => changes);
}

function callsOfApt(plan: Plan): readonly string[] {
  const steps = changesOf(plan).flatMap((change) => change.steps);
  return steps.flatMap((step) =>
    step.do === 'run' && step.argv.includes('install') ? [step.argv.join(' ')] : [],
  );
}

function outcomesOf(report: Report): readonly string[] {
  return report.hosts.flatMap(({ changes }) => changes.map(({ outcome }) => outcome));
}
