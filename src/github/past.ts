// What was deployed here before, as the store or else GitHub knows it: the last good commit before the one that is deployed now, and
// what runs since then have deleted.
import { mayLose } from '../core/plan.ts';
import { succeeded } from '../core/report.ts';
import { rollbackNotices } from '../render/rollback.ts';
import type { PastRun } from '../store/history.ts';
import { readDeployed } from './deployments.ts';
import type { DeployedOnce } from './deployments.ts';
import { describeTargets, readTargets } from './notices.ts';
import { statusOf } from './http-status.ts';
import { readContains } from './pulls.ts';
import type { GithubWorld, Repo } from './repo.ts';
import type { Survey } from './survey.ts';

export interface Past {
  /** The commit that was deployed last, whatever became of that; undefined when nothing is known. */
  readonly current: string | undefined;
  /** The newest before it, on the default branch, whose deploy came to a good end. */
  readonly good: string | undefined;
}

/** Of all stacks, or of one: by the runs in the store, and beyond them by the deployments that GitHub keeps. */
export async function readPast(
  world: GithubWorld,
  repo: Repo,
  { tip, stack }: { readonly tip: string; readonly stack: string | undefined },
): Promise<Past> {
  const all = await world.store.history.runs(repo.key, LOOKED_AT);
  const runs = all.flatMap(({ plan, report, commit }) => {
    if (!report || !(stack === undefined || plan.stacks.includes(stack))) return [];
    return [{ commit, wasGood: async () => succeeded(report) }];
  });
  const found = await findGood(repo, tip, runs);
  if (found.good !== undefined) return found;
  return findGood(repo, tip, [...runs, ...(await readDeployed(repo, world.appId, stack))]);
}

/** `deployed`: newest first. */
async function findGood(repo: Repo, tip: string, deployed: readonly DeployedOnce[]): Promise<Past> {
  const current = deployed[0]?.commit;
  if (current === undefined) return { current, good: undefined };
  const bad = new Set([current]);
  for (const { commit, wasGood } of deployed) {
    if (bad.has(commit) || !(await wasGood())) continue;
    if (await isEarlier(repo, { commit, tip, current })) return { current, good: commit };
    bad.add(commit);
  }
  return { current, good: undefined };
}

export async function readRollbackNotices(
  world: GithubWorld,
  repo: Repo,
  { commit, base, pull, tip }: Survey,
): Promise<readonly string[]> {
  const runs = await world.store.history.runs(repo.key, LOOKED_AT);
  const good = runs.findIndex((run) => run.commit === commit);
  const since = good < 0 ? runs : runs.slice(0, good);
  const [then, now] = await Promise.all([readTargets(world, repo, commit), readTargets(world, repo, tip)]);
  const lost = [...new Set(since.flatMap(lostBy))].slice(0, SHOWN_LOST);
  return [
    ...rollbackNotices({ commit, branch: pull.defaultBranch, from: base, lost }),
    ...describeTargets(then, now),
  ];
}

const LOOKED_AT = 100;
const SHOWN_LOST = 20;

/** A rollback leads back in the history of what is deployed, and never to what was not merged. */
async function isEarlier(
  repo: Repo,
  { commit, tip, current }: { readonly commit: string; readonly tip: string; readonly current: string },
): Promise<boolean> {
  try {
    return (await readContains(repo, tip, commit)) && (await readContains(repo, current, commit));
  } catch (error) {
    // A branch that was deleted took its commits along.
    if (statusOf(error) === 404 || statusOf(error) === 422) return false;
    throw error;
  }
}

function lostBy({ plan, report }: PastRun): readonly string[] {
  return (report?.hosts ?? []).flatMap(({ host, changes }) => {
    const planned = plan.hosts.find((each) => each.host === host)?.changes ?? [];
    const done = new Set(changes.filter(({ outcome }) => outcome === 'applied').map(({ ref }) => ref));
    return planned
      .filter((change) => done.has(change.ref) && mayLose(change))
      .map(({ verb, ref }) => `${verb} ${host}/${ref}`);
  });
}
