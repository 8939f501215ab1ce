// A deploy that is taken up again, of hosts that answer over real ssh with a real sh: what one of them did before is never
// told as not started, whatever has become of the others.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
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
  deployer = createLiveDeployer({ keys });
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

/** The host has the run, and nobody can say any more what it did. */
function loseJournal({ target }: EmbeddedHost, run: string): void {
  const directory = join(target.state, 'runs', run);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'script'), '');
  rmSync(join(directory, 'journal'), { force: true });
}

it('asks the hosts that go later, though what one before them did is not known', async () => {
  const files = configuration();
  const plan = await planOf(files);
  const outcomesOf = async (run: string, resumed: boolean, only?: readonly string[]) => {
    const asked = { plan, files, run, by: 'ada', resumed, ...(only ? { only } : {}) };
    const deployed = await deployer.deploy(asked);
    return deployed.is === 'report' ? deployed.report.hosts.map(({ outcome }) => outcome) : deployed;
  };
  expect(await outcomesOf('carried-out', false)).toEqual(['done', 'done']);
  loseJournal(first, 'carried-out');
  expect(await outcomesOf('carried-out', true)).toEqual(['unknown', 'done']);
  loseJournal(first, 'begun-on-one');
  expect(await outcomesOf('begun-on-one', true)).toEqual(['unknown', 'not-started']);
  // Whoever had it before may be late: by then it has been given up.
  expect(await outcomesOf('begun-on-one', false, ['web2'])).toEqual(['refused']);
  expect(existsSync(markOn(second))).toBe(true);
});
