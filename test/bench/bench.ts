// npm run bench: Ashore beside what a user would take in its place, on real hosts and in one run.
// --json prints the numbers alone · --only <name> · --quick proves the rig · --write-docs puts them into docs/performance.md
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compareFirstDeploys, compareNothingToDo } from './compare-deploys.ts';
import {
  compareDiffering,
  compareFarAway,
  compareManyFiles,
  comparePlan,
  compareSizes,
} from './compare-plans.ts';
import { compareFleet } from './compare-fleets.ts';
import { compareRender, compareStart } from './compare-here.ts';
import { compareWebhook } from './compare-webhook.ts';
import { formatTable, writeDocs } from './document.ts';
import type { Numbers } from './document.ts';
import { createGround } from './ground.ts';
import type { Ground, Outcome } from './ground.ts';

/** In this order: those that share a state of the host stand together. */
const COMPARISONS: Readonly<Record<string, (ground: Ground) => Promise<Outcome>>> = {
  start: compareStart,
  render: compareRender,
  plan_1_host: comparePlan,
  plan_10_differ: compareDiffering,
  plan_rtt50: compareFarAway,
  webhook_to_comment: compareWebhook,
  apply_noop: compareNothingToDo,
  apply_86: compareFirstDeploys,
  plan_sizes: compareSizes,
  plan_1000_files: compareManyFiles,
  hosts_1: compareFleet(1),
  hosts_10: compareFleet(10),
  hosts_100: compareFleet(100),
  hosts_1000: compareFleet(1000),
};

const QUICK: readonly string[] = [
  'start',
  'render',
  'plan_1_host',
  'plan_rtt50',
  'webhook_to_comment',
  'hosts_10',
];

/** Raw samples of each run; git ignores it. */
const KEPT = 'bench-samples';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      'write-docs': { type: 'boolean', default: false },
    },
  });
  if (values['write-docs'] && (values.only || values.quick))
    throw new Error('--write-docs takes a whole run');
  const unknown = values.only?.find((name) => !Object.hasOwn(COMPARISONS, name));
  if (unknown !== undefined)
    throw new Error(`there is no ${unknown}; there are ${Object.keys(COMPARISONS).join(', ')}`);
  const tell = (line: string): void => console.error(line);
  const ground = createGround(values.quick, tell);
  try {
    const outcomes = new Map<string, Outcome>();
    const failed: string[] = [];
    for (const [name, compare] of Object.entries(COMPARISONS)) {
      // The rig, in half a minute: what installs and what is large is left out.
      if (values.only ? !values.only.includes(name) : values.quick && !QUICK.includes(name)) continue;
      tell(name);
      try {
        outcomes.set(name, await compare(ground));
      } catch (error) {
        failed.push(name);
        ground.forget();
        tell(`  ${name} FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      }
    }
    keep(outcomes);
    const numbers: Numbers = Object.fromEntries([...outcomes].map(([name, { numbers: own }]) => [name, own]));
    console.log(values.json ? JSON.stringify(numbers, null, 2) : formatTable(numbers));
    if (values['write-docs']) writeDocs(numbers, failed, new Date());
    if (failed.length === 0) return;
    tell(`failed: ${failed.join(', ')}`);
    process.exitCode = 1;
  } finally {
    await ground.stop();
  }
}

function keep(outcomes: ReadonlyMap<string, Outcome>): void {
  mkdirSync(KEPT, { recursive: true });
  const at = new Date().toISOString();
  writeFileSync(
    `${KEPT}/${at.replaceAll(':', '-')}.json`,
    JSON.stringify({ at, outcomes: Object.fromEntries(outcomes) }),
  );
}

await main();
