// All that the one door asks about a pull request, read anew: reviews, required checks, owners, freezes and holds.
import type { Policy } from '../core/resource.ts';
import type { StoredPlan } from '../store/plans.ts';
import { readOwned } from './codeowners.ts';
import { tokenOf } from './confirm-token.ts';
import { readPullsOf } from './pulls.ts';
import { readPushers } from './pushers.ts';
import { readRequiredChecks } from './required-checks.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { readReviews } from './reviews.ts';
import { asksForReviews } from './rules/approvals.ts';
import type { PlanState, RequiredCheck, Standing } from './rules/request.ts';
import { readDone, readShownAt } from './shown.ts';
import { pullStateOf } from './survey.ts';
import type { Survey } from './survey.ts';

export async function readStanding(
  world: GithubWorld,
  repo: Repo,
  survey: Survey,
  policy: Policy,
): Promise<Standing> {
  // On an issue nobody reviews, and no branch is pushed to.
  const reviewed = survey.drifted === undefined;
  const asks = reviewed && asksForReviews(policy);
  const [reviews, pushers, checks, owned, stops] = await Promise.all([
    asks ? readReviews(repo, survey.pull.number) : [],
    asks ? readPushers(world, repo, survey.pull) : [],
    policy.checks === 'required' ? readChecks(world, repo, survey) : [],
    policy.codeowners && reviewed ? readOwned(repo, survey) : [],
    world.store.stops.active(repo.key),
  ]);
  return { policy, pull: pullStateOf(survey), reviews, pushers, checks, owned, stops, now: world.now() };
}

export async function readPlanState(
  world: GithubWorld,
  repo: Repo,
  survey: Survey,
  stored: StoredPlan,
): Promise<PlanState> {
  const [shownAt, done] = await Promise.all([
    readShownAt(world, repo, survey, stored.plan),
    readDone(world, repo, stored),
  ]);
  const current = !stored.superseded && stored.commit === survey.commit;
  return { plan: stored.plan, current, shownAt, done, token: tokenOf(stored, world.now()) };
}

/** Checks are asked of a pull request: for what an issue is about, of the one that brought it. */
async function readChecks(
  { appId }: GithubWorld,
  repo: Repo,
  { pull, commit, drifted }: Survey,
): Promise<readonly RequiredCheck[]> {
  if (drifted === undefined) return readRequiredChecks(repo, pull, appId);
  const merged = (await readPullsOf(repo, commit)).find((each) => each.merged);
  return readRequiredChecks(repo, { number: merged?.number ?? null, base: pull.base }, appId);
}
