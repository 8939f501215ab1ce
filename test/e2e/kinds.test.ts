// Every kind on real hosts of both Debian releases, along the road that its scenario describes.
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import type { LabHost } from '../lab/lab.ts';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import type { Check, Scenario } from './scenario.ts';

const folder = new URL('./scenarios/', import.meta.url);
const scenarios: Scenario[] = await Promise.all(
  readdirSync(folder).map(async (file) => (await import(new URL(file, folder).href)).scenario),
);

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

it('has a scenario for every kind', () => {
  expect(scenarios.map((scenario) => scenario.kind).toSorted()).toEqual(
    kinds.map((kind) => kind.name).toSorted(),
  );
});

describe.each(scenarios)('$kind', (scenario) => {
  it.each(['old', 'new'])('plan, deploy, empty plan, and back, on %s', async (name) => {
    const host = fleet.lab.host(name);
    const stack = (resources: string): string => `on: ${name}\nresources:\n${indent(resources)}`;
    if (scenario.before) await must(host, ['sh', '-c', scenario.before]);

    await walk(scenario.kind, stack(scenario.create), name, scenario.plan);
    await checkAll(host, scenario.created);

    await walk(scenario.kind, stack(scenario.update), name, scenario.updatePlan);
    await checkAll(host, scenario.updated);

    await must(host, ['sh', '-c', scenario.drift]);
    const drifted = await walk(scenario.kind, stack(scenario.update), name, scenario.driftPlan);
    expect(
      drifted.hosts.flatMap((one) => one.changes).every((change) => change.causes.includes('drift')),
    ).toBe(true);
    await checkAll(host, scenario.updated);

    await walk(scenario.kind, `on: ${name}\nresources: []\n`, name, scenario.removePlan);
    await checkAll(host, scenario.removed);
  });
});

/** Plans, holds the plan against its lines, deploys it, and plans once more: empty. */
async function walk(name: string, stack: string, host: string, lines: Scenario['plan']) {
  // A stack of its own for each kind: what one leaves behind is not the next one's.
  const files = fleet.files({ [`trial-${name}.yml`]: stack });
  const plan = await fleet.plan(files);
  expect(linesOf(plan)).toEqual(lines.map((line) => `${host} ${line}`));
  expectDone(await fleet.deploy(plan, files));
  expect(linesOf(await fleet.plan(files))).toEqual([]);
  return plan;
}

async function checkAll(host: LabHost, checks: readonly Check[]): Promise<void> {
  for (const check of checks) {
    const outcome = await host.exec(check.run);
    const shown = `${check.run.join(' ')}: ${outcome.stdout} ${outcome.stderr}`;
    expect(outcome.status, shown).toBe(check.status ?? 0);
    if (check.stdout) expect(outcome.stdout, shown).toMatch(check.stdout);
  }
}

async function must(host: LabHost, argv: readonly string[]): Promise<void> {
  const outcome = await host.exec(argv);
  expect(outcome.status, outcome.stderr).toBe(0);
}

function indent(text: string): string {
  return text.trim().replaceAll(/^/gm, '  ');
}
