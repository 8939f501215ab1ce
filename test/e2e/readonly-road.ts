// Every plan of every kind's road, made with the key that can only look, on a host set up by `ashore bootstrap`, under a watch
// that sees any write. What was planned so is deployed with the other key. Each release has a file of its own, so that they go side by side.
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { Suite } from '../lab/base.ts';
import type { LabHost } from '../lab/lab.ts';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import type { Scenario } from './scenario.ts';
import { makeTwoKeys } from './two-keys.ts';
import { startWatch } from './write-watch.ts';

const folder = new URL('./scenarios/', import.meta.url);
const scenarios: Scenario[] = await Promise.all(
  readdirSync(folder).map(async (file) => (await import(new URL(file, folder).href)).scenario),
);

export function describeLooks(suite: Suite): void {
  let fleet: Fleet;
  let host: LabHost;
  beforeAll(async () => {
    fleet = await startFleet([{ name: suite, suite }], await makeTwoKeys());
    host = fleet.lab.host(suite);
  });
  afterAll(async () => {
    await fleet.stop();
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

  it.each(scenarios)('the plans of $kind write nothing', async (scenario) => {
    if (scenario.before) await must(host, scenario.before);
    const walk = async (resources: string, lines: readonly string[]): Promise<void> => {
      const files = fleet.files({ [`trial-${scenario.kind}.yml`]: `on: ${suite}\nresources:${resources}` });
      const plan = await planWatched(host, () => fleet.plan(files));
      expect(linesOf(plan)).toEqual(lines.map((line) => `${suite} ${line}`));
      expectDone(await fleet.deploy(plan, files));
      expect(linesOf(await planWatched(host, () => fleet.plan(files)))).toEqual([]);
    };
    await walk(indent(scenario.create), scenario.plan);
    await walk(indent(scenario.update), scenario.updatePlan);
    await must(host, scenario.drift);
    await walk(indent(scenario.update), scenario.driftPlan);
    await walk(' []\n', scenario.removePlan);
  });
}

async function planWatched(host: LabHost, plan: () => Promise<Plan>): Promise<Plan> {
  const written = await startWatch(host);
  const made = await plan();
  expect(await written()).toEqual([]);
  return made;
}

async function must(host: LabHost, text: string): Promise<void> {
  const outcome = await host.exec(['sh', '-c', text]);
  expect(outcome.status, outcome.stderr).toBe(0);
}

function indent(text: string): string {
  return `\n${text.trim().replaceAll(/^/gm, '  ')}\n`;
}
