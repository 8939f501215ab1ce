// A small web service on six real hosts behind a balancer, under load all the time: a new version goes over them in three
// waves without a failed request, and bad ones stop in the first wave, with the cause in the check run.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { Report } from '../../src/core/report.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import { renderDeployCheck } from '../../src/render/check-run.ts';
import { expectDone, linesOf, startFleet } from '../e2e/fleet.ts';
import type { Fleet } from '../e2e/fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { podmanInLab } from '../support/lab-podman.ts';
import { startLoad } from './balancer.ts';
import type { Load } from './balancer.ts';
import { buildPackages, containerFiles, packageStack, releaseFiles } from './shop.ts';
import type { Version } from './shop.ts';

const HOSTS = ['web1', 'web2', 'web3', 'web4', 'web5', 'web6'];
const WAVES = [['web1'], ['web2', 'web3'], ['web4', 'web5', 'web6']];

/** The first time all at once: there is nothing to be careful with. */
const FIRST = 'checks: [{ http: "http://localhost:${port}/health" }]\nwaves: [100%]';

/** A host leaves the balancer before it is changed, and comes back only when its checks and its bake hold. */
const rolling = (drain: string): string => `
waves: [1, 50%, 100%]
hooks:
  before: [{ run: [touch, ${drain}] }, { run: [sleep, "3"] }]
  after: [{ run: [rm, -f, ${drain}] }]
checks: [{ http: "http://localhost:\${port}/health", within: 10s }]`;

/** Where it fails the old version is put back, so the host may come back in any case. */
const RESTORED = `${rolling('/run/drain').replace('after:', 'always:')}
on_failure: restore
bake: { for: 4s, limits: { p50: 150, restarts: 0 } }`;

let fleet: Fleet;
let load: Load;

beforeAll(async () => {
  fleet = await startFleet(
    HOSTS.map((name, index) => ({ name, suite: index % 2 === 0 ? 'trixie' : 'bookworm' })),
  );
});
afterAll(async () => {
  await load?.stop();
  await fleet.stop();
});

function shop(version: Version, keys: string): ConfigFiles {
  return fleet.files(releaseFiles(version, 'all', `vars: { port: 8082 }\n${keys}`));
}

async function deploy(files: ConfigFiles): Promise<{ plan: Plan; report: Report }> {
  const plan = await fleet.plan(files);
  return { plan, report: await fleet.deploy(plan, files) };
}

async function startBalanced(port: number): Promise<Load> {
  return startLoad(HOSTS.map((name) => `${fleet.lab.host(name).address}:${port}`));
}

/** Versions that were answered, and how often at least. */
function expectAnswers(seen: Load, versions: readonly string[]): void {
  expect(seen.failures).toEqual([]);
  expect([...seen.answers.keys()]).toEqual(versions);
}

describe('a release and a unit', () => {
  it('goes over six hosts in three waves without a failed request', async () => {
    expectDone((await deploy(shop({ version: 1 }, FIRST))).report);
    load = await startBalanced(8082);
    const files = shop({ version: 2 }, RESTORED);
    const { plan, report } = await deploy(files);
    expect(plan.rollout?.waves).toEqual(WAVES);
    expectDone(report);
    expect(report.hosts.map(({ host, wave }) => [host, wave])).toEqual([
      ['web1', 1],
      ['web2', 2],
      ['web3', 2],
      ['web4', 3],
      ['web5', 3],
      ['web6', 3],
    ]);
    expect(linesOf(await fleet.plan(files))).toEqual([]);
    expectAnswers(load, ['version 1', 'version 2']);
  });

  it.each<[string, Version, string, RegExp]>([
    ['crashes', { version: 3, crash: 1 }, 'UNIT_FAILED', /the shop has run out of rope/],
    ['is never healthy', { version: 4, sick: true }, 'HEALTH_WRONG', /the rope store cannot be reached/],
    ['is 300 ms slower', { version: 5, slow: 300 }, 'BAKE_FAILED', /p50 is \d+ ms, more than 150 ms/],
  ])(
    'a version that %s stops in the first wave, the old one is back there, and no request fails',
    async (_, version, code, cause) => {
      const { plan, report } = await deploy(shop(version, RESTORED));
      expect(report.hosts.map(({ outcome }) => outcome)).toEqual([
        'failed',
        ...HOSTS.slice(1).map(() => 'not-started'),
      ]);
      expect(report.hosts[0]?.reason, JSON.stringify(report.hosts[0], null, 2)).toMatchObject({ code });
      const { summary, annotations } = renderDeployCheck(report, plan);
      const first = summary.slice(0, summary.indexOf('| | Hosts'));
      expect(first).toContain(`\`${code}\``);
      expect(first).toMatch(cause);
      expect(first).toContain('web1');
      expect(annotations).toEqual([
        expect.objectContaining({ path: 'deploy-configs/release.yml', title: code }),
      ]);
      const truth = summary.slice(summary.indexOf('**What is true now**'));
      expect(truth).toMatch(/put back: `release\/\/opt\/shop-release`/);
      const restored = await fetch(`http://${fleet.lab.host('web1').address}:8082/`);
      expect(await restored.text()).toBe('version 2\n');
      expect((await fetch(`http://${fleet.lab.host('web1').address}:8082/ready`)).status).toBe(200);
      expectAnswers(load, ['version 1', 'version 2']);
    },
  );

  it('and a good one goes to all of them again', async () => {
    expectDone((await deploy(shop({ version: 6 }, RESTORED))).report);
    expectAnswers(load, ['version 1', 'version 2', 'version 6']);
    await load.stop();
  });
});

describe('a Debian package', () => {
  it('goes over six hosts in three waves without a failed request', async () => {
    await Promise.all(HOSTS.map((name) => buildPackages(fleet.lab.host(name), ['1', '2'])));
    const stack = (version: string, keys: string) =>
      fleet.files({ 'deb.yml': packageStack(version, 'all', `vars: { port: 8081 }\n${keys}`) });
    expectDone((await deploy(stack('1', FIRST))).report);
    load = await startBalanced(8081);
    const { plan, report } = await deploy(stack('2', rolling('/run/drain')));
    expect(plan.rollout?.waves).toEqual(WAVES);
    expectDone(report);
    expectAnswers(load, ['version 1', 'version 2']);
  });
});

describe('a container', () => {
  it('goes over six hosts in three waves without a failed request', async () => {
    await load.stop();
    for (const name of HOSTS) await mustRun(fleet.lab.host(name), podmanInLab);
    const stack = (version: string, keys: string) =>
      fleet.files(containerFiles(version, 'all', `vars: { port: 8083 }\n${keys}`));
    expectDone((await deploy(stack('1', FIRST))).report);
    load = await startBalanced(8083);
    const { plan, report } = await deploy(stack('2', rolling('/srv/shop/run/drain')));
    expect(plan.rollout?.waves).toEqual(WAVES);
    expectDone(report);
    expectAnswers(load, ['version 1', 'version 2']);
  });
});

async function mustRun(host: LabHost, text: string): Promise<void> {
  const { status, stdout, stderr } = await host.exec(['sh', '-c', text]);
  if (status !== 0) throw new Error(`${host.name}: ${stdout}${stderr}`);
}
