// A process of its own that plans a fleet once, as a server does, and says what that took: `fleet-plan.ts <directory> <key>`.
// The directory holds deploy-configs/ as files. Apart, so that its memory is that of a plan and of nothing else.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { countChanges } from '../../src/core/plan.ts';
import { createLiveDeployer } from '../../src/world.ts';

export interface FleetPlanned {
  readonly seconds: number;
  readonly cpu: number;
  /** Most memory that the process had at any time. */
  readonly rssMb: number;
  readonly hosts: number;
  readonly failed: number;
  readonly changes: number;
  /** Seconds from the start until each host was done, in the order in which they were. */
  readonly done: readonly number[];
}

const [directory = '', keyPath = ''] = process.argv.slice(2);
const files = new Map(
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(directory, path), new Uint8Array(readFileSync(path))]),
);
const keys = [{ name: 'bench', privateKey: readFileSync(keyPath, 'utf8') }];
const began = performance.now();
const before = process.cpuUsage();
const done: number[] = [];
const planned = await createLiveDeployer({ keys }).plan({
  files,
  base: undefined,
  commit: 'bench',
  all: true,
  progress: () => void done.push((performance.now() - began) / 1000),
});
if (planned.is !== 'plan') throw new Error(JSON.stringify(planned).slice(0, 2000));
const { user, system } = process.cpuUsage(before);
const { hosts } = planned.plan;
const result: FleetPlanned = {
  seconds: (performance.now() - began) / 1000,
  cpu: (user + system) / 1e6,
  rssMb: process.resourceUsage().maxRSS / 1024,
  hosts: hosts.length,
  failed: hosts.filter(({ failure }) => failure !== null).length,
  changes: countChanges(planned.plan),
  done,
};
if (result.failed > 0)
  throw new Error(JSON.stringify(hosts.find(({ failure }) => failure !== null)?.failure));
console.log(JSON.stringify(result));
