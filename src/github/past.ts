// What was deployed here before, as the store knows it: the last good commit before the one that is deployed now, and
// what runs since then have deleted.
import { mayLose } from '../core/plan.ts';
import { succeeded } from '../core/report.ts';
import { rollbackNotices } from '../render/rollback.ts';
import type { PastRun } from '../store/history.ts';
import { describeTargets, readTargets } from './notices.ts';
import { statusOf } from './permissions.ts';
import { readContains } from './pulls.ts';
import type { GithubWorld, Repo } from './repo.ts';
import type { Survey } from './survey.ts';

export interface Past {
  /** The commit that was deployed last, whatever became of that; undefined when nothing is known. */
  readonly current: string | undefined;
  /** The newest before it, on the default branch, whose deploy came to a good end. */
  readonly good: string | undefined;
}

/** Of all stacks, or of one. */
export async function readPast(
  { store }: GithubWorld,
  repo: Repo,
  { tip, stack }: { readonly tip: string; readonly stack: string | undefined },
): Promise<Past> {
  const all = await store.history.runs(repo.key, LOOKED_AT);
  const runs = all.filter(
    ({ plan, report }) => report && (stack === undefined || plan.stacks.includes(stack)),
  );
  const current = runs[0]?.commit;
  const candidates = runs.filter(({ commit, report }) => report && succeeded(report) && commit !== current);
  for (const commit of new Set(candidates.map((run) => run.commit))) {
    if (current !== undefined && (await isEarlier(repo, { commit, tip, current }))) {
      return { current, good: commit };
    }
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
