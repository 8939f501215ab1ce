// What goes first on real hosts: `once` and `after` hold whatever may fail, and also where somebody leaves the first host out.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { Report } from '../../src/core/report.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'a', suite: 'bookworm' },
    { name: 'b', suite: 'trixie' },
    { name: 'c', suite: 'trixie' },
  ]);
});
afterAll(async () => {
  await fleet.stop();
});

/** Three hosts may fail, and all that the stacks do is one migration, on the first host, and a file on each. */
function files(migrate: string): ConfigFiles {
  return fleet.files({
    'base.yml': `on: [a, b]
waves: [100%]
stop_after: 3
resources:
  - command: migrate
    run: [${migrate}]
    once: before
  - file: /etc/base
    content: base
`,
    'web.yml': `on: c
after: base
stop_after: 3
resources:
  - file: /etc/web
    content: web
`,
  });
}

async function deploy(
  plan: Plan,
  given: ConfigFiles,
  which: { readonly only?: readonly string[]; readonly skip?: readonly string[] } = {},
): Promise<Report> {
  const run = `once-${Math.random().toString(36).slice(2, 10)}`;
  const deployed = await fleet.deployer.deploy({ plan, files: given, run, by: 'tester', ...which });
  if (deployed.is !== 'report') throw new Error(JSON.stringify(deployed, null, 2));
  return deployed.report;
}

function endsOf({ hosts }: Report) {
  return hosts.map(({ host, outcome, reason }) => [host, outcome, reason?.code ?? null]);
}

async function written(): Promise<readonly string[]> {
  const looks = await Promise.all(
    [...fleet.lab.hosts.values()].map((host) =>
      host.exec(['sh', '-c', 'cat /etc/base /etc/web 2>/dev/null']),
    ),
  );
  return looks.map(({ stdout }) => stdout.trim());
}

it('nobody begins while the migration has failed, though three hosts may fail', async () => {
  const given = files('"false"');
  const report = await deploy(await fleet.plan(given), given);
  expect(endsOf(report)).toEqual([
    ['a', 'failed', 'STEP_FAILED'],
    ['b', 'not-started', 'GOES_LATER'],
    ['c', 'not-started', 'GOES_LATER'],
  ]);
  expect(report.hosts.slice(1).map(({ reason }) => reason?.message)).toEqual([
    'what base does once puts b after a, and that is not done',
    'web goes after base, which is not done on a, b',
  ]);
  expect(await written()).toEqual(['', '', '']);
});

it('nor where it is left out, until an earlier deploy of the same plan has done it', async () => {
  const given = files('"true"');
  const plan = await fleet.plan(given);
  const without = await deploy(plan, given, { skip: ['a'] });
  expect(endsOf(without)).toEqual([
    ['b', 'not-started', 'GOES_LATER'],
    ['c', 'not-started', 'GOES_LATER'],
  ]);
  expect(without.hosts[0]?.reason).toMatchObject({
    message: 'what base does once puts b after a, and that is not done; this deploy leaves out a',
    next: `\`/deploy ${plan.digest.slice(0, 12)} --only a\` first.`,
  });
  expect(await written()).toEqual(['', '', '']);

  expectDone(await deploy(plan, given, { only: ['a'] }));
  const rest = await deploy(plan, given, { skip: ['a'] });
  expectDone(rest);
  expect(endsOf(rest)).toEqual([
    ['b', 'done', null],
    ['c', 'done', null],
  ]);
  expect(await written()).toEqual(['base', 'base', 'web']);
  expect(linesOf(await fleet.plan(given))).toEqual([]);
});
