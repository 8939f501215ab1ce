// Every kind along the road that its scenario describes, on a host set up by `ashore bootstrap`: planned with the key that can only
// look, under a watch that sees any write, and deployed with the other key, whose own looks have to find the same before and nothing
// left after. Each release has a file of its own, so that they go side by side.
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import { kinds } from '../../src/kinds/index.ts';
import type { Suite } from '../lab/base.ts';
import type { LabHost } from '../lab/lab.ts';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import type { Check, Scenario } from './scenario.ts';
import { makeTwoKeys } from './two-keys.ts';
import { startWatch } from './write-watch.ts';

const folder = new URL('./scenarios/', import.meta.url);
const scenarios: Scenario[] = await Promise.all(
  readdirSync(folder).map(async (file) => (await import(new URL(file, folder).href)).scenario),
);

export function describeKinds(suite: Suite): void {
  let fleet: Fleet;
  let host: LabHost;
  beforeAll(async () => {
    fleet = await startFleet([{ name: suite, suite }], await makeTwoKeys());
    host = fleet.lab.host(suite);
  });
  afterAll(async () => {
    await fleet.stop();
  });

  it('has a scenario for every kind', () => {
    expect(scenarios.map((scenario) => scenario.kind).toSorted()).toEqual(
      kinds.map((kind) => kind.name).toSorted(),
    );
  });

  it.each([
    'touch /etc/canary && rm /etc/canary',
    'touch /dev/shm/canary && rm /dev/shm/canary',
    'touch /run/canary',
    'touch /tmp/canary',
    'chmod 0755 /root',
  ])('the watch sees: %s', async (text) => {
    const written = await startWatch(host);
    await must(host, text);
    expect(await written()).not.toEqual([]);
  });

  it.each(scenarios)('$kind: plan that writes nothing, deploy, empty plan, and back', async (scenario) => {
    // A stack of its own for each kind: what one leaves behind is not the next one's.
    const filesOf = (resources: string): ConfigFiles =>
      fleet.files({ [`trial-${scenario.kind}.yml`]: `on: ${suite}\nresources:${resources}` });
    /** Plans, holds the plan against its lines, deploys it, and plans once more: empty. */
    const walk = async (resources: string, lines: Scenario['plan']): Promise<Plan> => {
      const files = filesOf(resources);
      const plan = await planWatched(host, () => fleet.plan(files));
      expect(linesOf(plan)).toEqual(lines.map((line) => `${suite} ${line}`));
      expectDone(await fleet.deploy(plan, files));
      expect(linesOf(await planWatched(host, () => fleet.plan(files)))).toEqual([]);
      return plan;
    };
    if (scenario.before) await must(host, scenario.before);

    await walk(indent(scenario.create), scenario.plan);
    await checkAll(host, scenario.created);

    const updated = await walk(indent(scenario.update), scenario.updatePlan);
    expect(causesOf(updated).flat()).not.toContain('drift');
    await checkAll(host, scenario.updated);

    await must(host, scenario.drift);
    const drifted = await walk(indent(scenario.update), scenario.driftPlan);
    expect(causesOf(drifted).every((causes) => causes.includes('drift'))).toBe(true);
    await checkAll(host, scenario.updated);

    await walk(' []\n', scenario.removePlan);
    await checkAll(host, scenario.removed);
  });
}

function causesOf({ hosts }: Plan): readonly (readonly string[])[] {
  return hosts.flatMap(({ changes }) => changes.map(({ causes }) => causes));
}

async function planWatched(host: LabHost, plan: () => Promise<Plan>): Promise<Plan> {
  const written = await startWatch(host);
  const made = await plan();
  expect(await written()).toEqual([]);
  return made;
}

async function checkAll(host: LabHost, checks: readonly Check[]): Promise<void> {
  for (const check of checks) {
    const outcome = await host.exec(check.run);
    const shown = `${check.run.join(' ')}: ${outcome.stdout} ${outcome.stderr}`;
    expect(outcome.status, shown).toBe(check.status ?? 0);
    if (check.stdout) expect(outcome.stdout, shown).toMatch(check.stdout);
  }
}

async function must(host: LabHost, text: string): Promise<void> {
  const outcome = await host.exec(['sh', '-c', text]);
  expect(outcome.status, outcome.stderr).toBe(0);
}

function indent(text: string): string {
  return `\n${text.trim().replaceAll(/^/gm, '  ')}\n`;
}
