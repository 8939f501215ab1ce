// One round of chaos: a new configuration, its plan, its deploy, faults all along, everything mended, and then the truth.
import { setTimeout as sleep } from 'node:timers/promises';
import { createLiveDeployer, readKeys } from '../../src/world.ts';
import { digestIn } from '../support/stage.ts';
import type { BookedRun } from './books.ts';
import type { Dice, Meant } from './faults.ts';
import { drawFault } from './faults.ts';
import { bytesOf } from './site.ts';
import type { Site } from './site.ts';
import { lookForLies } from './truth.ts';

export interface Round {
  readonly faults: readonly string[];
  /** What became of each host, of the round's last run, in words. */
  readonly ended: string;
}

/** Longest time for all to be over once everything is mended; a busy machine is no finding. */
const PATIENCE = 420_000;

export async function runRound(site: Site, round: number, dice: Dice, many: number): Promise<Round> {
  const { repo } = site;
  const files = site.files(round);
  const branch = `round-${round}`;
  await repo.commit({ branch, base: 'main', author: 'ada', message: branch, files: bytesOf(files) });
  const pull = await repo.openPull({ title: branch, head: branch, by: 'ada' });
  const digest = await planOf(site, pull);
  const before = new Set((await site.readBooks()).runs.map(({ id }) => id));
  await repo.comment(pull, `/deploy ${digest}`, 'ada');
  const faults = await rage(site, dice, { pull, digest }, many);
  await untilOver(site);
  const runs = (await site.readBooks()).runs.filter(({ id }) => !before.has(id));
  const deployer = createLiveDeployer(
    readKeys({ keyPath: site.keyPath, agentSocket: undefined, ageKeyPath: site.agePath }),
  );
  await lookForLies(site, { round, pull, files, deployer, runs });
  await repo.closePull(pull, 'ada');
  return {
    faults,
    ended: endOf(site, pull, runs.findLast(({ report }) => report !== undefined) ?? runs.at(-1)),
  };
}

/** What became of the run in words; without one, what the App said instead. */
function endOf({ repo }: Site, pull: number, run: BookedRun | undefined): string {
  const hosts = run?.report?.hosts.map(({ host, outcome, reason }) => {
    return `${host} ${outcome}${reason ? ` (${reason.code})` : ''}`;
  });
  const said = repo.comments(pull).findLast(({ app }) => app !== undefined)?.body;
  return hosts?.join(', ') ?? run?.ended ?? `no run: ${said?.replaceAll(/\s+/g, ' ').slice(0, 300)}`;
}

/** The digest of a complete plan for the newest commit; asked for again where a plan did not come about. */
async function planOf(site: Site, pull: number): Promise<string> {
  for (let tries = 0; tries < 3; tries += 1) {
    if (tries > 0) await site.repo.comment(pull, '/plan', 'ada');
    await untilOver(site);
    const said = site.repo
      .comments(pull)
      .filter(({ app, body }) => app !== undefined && /\/deploy [0-9a-f]{12}/.test(body));
    const [comment] = said;
    if (comment) return digestIn(comment);
  }
  throw new Error(
    `no plan on #${pull}: ${site.repo
      .comments(pull)
      .map(({ body }) => body)
      .join('\n---\n')}`,
  );
}

/** Strikes at random moments, and returns when all is mended. */
async function rage(site: Site, dice: Dice, meant: Meant, many: number): Promise<readonly string[]> {
  const struck: string[] = [];
  const busy = new Map<string, Promise<void>>();
  while (struck.length < many) {
    await sleep(dice() * 1200);
    const { name, target, strike } = drawFault(site, dice, meant);
    await busy.get(target);
    struck.push(name);
    busy.set(target, strike());
  }
  await Promise.all(busy.values());
  return struck;
}

/** Nothing waits, nothing goes on, and all that ended was told. What GitHub could not deliver is asked for at a start. */
export async function untilOver(site: Site): Promise<void> {
  const { github, servers } = site;
  const end = performance.now() + PATIENCE;
  await github.settled();
  for (let quiet = 0, asked = 0; quiet < 4;) {
    // The asking at a start may meet what is left of GitHub's faults.
    if (performance.now() > asked && (await missing(site)) > 0) {
      await servers.kill(0);
      await servers.start(0);
      asked = performance.now() + 60_000;
    }
    await sleep(250);
    await github.settled();
    quiet = (await isOver(site)) ? quiet + 1 : 0;
    if (performance.now() > end) return;
  }
}

/** How many deliveries never arrived. */
async function missing({ readBooks, github }: Site): Promise<number> {
  const { deliveries } = await readBooks();
  const taken = new Set(deliveries.map(({ guid }) => guid));
  return github.deliveries().filter(({ guid }) => !taken.has(guid)).length;
}

async function isOver({ readBooks, github, repo }: Site): Promise<boolean> {
  const { runs, deliveries, leases } = await readBooks();
  const taken = new Map(deliveries.map(({ guid, state }) => [guid, state]));
  const handled = github
    .deliveries()
    .every(({ guid }) => ['done', 'failed'].includes(taken.get(guid) ?? 'pending'));
  const told = runs.every((run) => run.told && run.ended !== null);
  return handled && told && leases === 0 && repo.checkRuns().every(({ status }) => status === 'completed');
}
