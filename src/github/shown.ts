// What the store knows of a plan that was shown: from when reviews of it count, and where it has been carried out.
import type { Plan } from '../core/plan.ts';
import type { StoredPlan } from '../store/plans.ts';
import type { GithubWorld, Repo } from './repo.ts';
import type { Survey } from './survey.ts';

/** Hosts on which runs of this plan have come to their end. */
export async function readDone(
  { store }: GithubWorld,
  repo: Repo,
  { plan, pull }: StoredPlan,
): Promise<readonly string[]> {
  const runs = await store.runs.ofPlan({ repo: repo.key, pull }, plan.digest);
  const hosts = runs.flatMap(({ ended }) => (ended?.is === 'report' ? ended.report.hosts : []));
  return hosts.filter((host) => host.outcome === 'done').map((host) => host.host);
}

/**
 * From when reviews of this plan count: since it was shown. What was shown before the merge was reviewed as well, and
 * counts where it is the same plan.
 */
export async function readShownAt(
  { store }: GithubWorld,
  repo: Repo,
  { pull, commit }: Survey,
  plan: Plan,
): Promise<string | null> {
  const where = { repo: repo.key, pull: pull.number };
  const reviewed = pull.state === 'merged' ? await store.plans.lastShown(where, pull.head) : undefined;
  if (reviewed?.plan.digest === plan.digest) return reviewed.shownAt;
  const known = await store.plans.find(where, plan.digest);
  return known.find((stored) => stored.commit === commit)?.shownAt ?? null;
}
