// A pull request that was opened, moved, closed or merged.
import type { Runner } from './carry-out.ts';
import { deployMerge } from './merge-deploy.ts';
import { planPull } from './plan-pull.ts';
import type { GithubWorld, Repo } from './repo.ts';

export interface PullEvent {
  readonly pull: number;
  readonly delivery: string;
}

/** Opened, reopened, new commits, or another base. */
export async function onPullMoved(
  world: GithubWorld,
  repo: Repo,
  { pull, delivery }: PullEvent,
): Promise<void> {
  await planPull(world, repo, { pull, hosts: [], delivery });
}

export async function onPullMerged(
  world: GithubWorld,
  runner: Runner,
  repo: Repo,
  event: PullEvent,
): Promise<void> {
  await deployMerge(world, runner, repo, event);
}

/** Closed without a merge: what was planned for it is no longer to be deployed. */
export async function onPullDropped({ store }: GithubWorld, repo: Repo, { pull }: PullEvent): Promise<void> {
  await store.plans.supersede({ repo: repo.key, pull }, null);
}
