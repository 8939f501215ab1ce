// A deploy that is taken up again, of hosts that answer over real ssh with a real sh: what one of them did before is never
// told as not started, whatever has become of the others.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { ConfigFiles, Deployer } from '../../src/deploy.ts';
import { createLiveDeployer } from '../../src/world.ts';
import { startEmbeddedHost } from '../support/embedded-host.ts';
import type { EmbeddedHost } from '../support/embedded-host.ts';
import { hostsFile } from '../support/desk.ts';

let first: EmbeddedHost;
let second: EmbeddedHost;
let deployer: Deployer;

beforeEach(async () => {
  [first, second] = await Promise.all([
    startEmbeddedHost({ name: 'web1' }),
    startEmbeddedHost({ name: 'web2' }),
  ]);
  const keys = [first, second].map((host) => ({ name: host.target.host, privateKey: host.clientKey }));
  deployer = createLiveDeployer({ keys, patience: 1 });
});

afterEach(() => Promise.all([first.stop(), second.stop()]));

const markOn = ({ root }: EmbeddedHost): string => join(root, 'mark');

function configuration(): ConfigFiles {
  const stack = (host: EmbeddedHost): string =>
    `on: ${host.target.host}\nresources: [{ file: ${markOn(host)}, content: "x\\n" }]\n`;
  const texts = { 'hosts.yml': hostsFile(first, second), 'one.yml': stack(first), 'two.yml': stack(second) };
  return new Map(
    Object.entries(texts).map(([name, text]) => [`deploy-configs/${name}`, new TextEncoder().encode(text)]),
  );
}

async function planOf(files: ConfigFiles): Promise<Plan> {
  const planned = await deployer.plan({ files, base: undefined, commit: 'c', all: true });
  if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
  return planned.plan;
}

it('asks the hosts that go later, though one before them does not answer any more', async () => {
  const files = configuration();
  const plan = await planOf(files);
  const outcomesOf = async (run: string, resumed: boolean, only?: readonly string[]) => {
    const asked = { plan, files, run, by: 'ada', resumed, ...(only ? { only } : {}) };
    const deployed = await deployer.deploy(asked);
    return deployed.is === 'report' ? deployed.report.hosts.map(({ outcome }) => outcome) : deployed;
  };
  const [done, untouched] = [0, 1].map(() => `r-${randomBytes(4).toString('hex')}`);
  expect(await outcomesOf(String(done), false)).toEqual(['done', 'done']);
  await first.stop();
  expect(await outcomesOf(String(done), true)).toEqual(['unknown', 'done']);
  expect(await outcomesOf(String(untouched), true)).toEqual(['unknown', 'not-started']);
  // Whoever had it before may be late: by then it has been told.
  expect(await outcomesOf(String(untouched), false, ['web2'])).toEqual(['refused']);
  expect(existsSync(markOn(second))).toBe(true);
});
