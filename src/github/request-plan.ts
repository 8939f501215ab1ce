// A wish to have the hosts of a pull request looked at: only authorize() decides, on what is read here.
import type { Reason } from '../core/reason.ts';
import { authorize } from './authorize.ts';
import { readActor } from './permissions.ts';
import type { Account } from './permissions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { namesOf } from './rules/who.ts';
import { pullStateOf, readPolicy, surveyPull } from './survey.ts';

export interface PlanWish {
  readonly pull: number;
  readonly account: Account;
  /** The commit that was named, whole. */
  readonly commit?: string | undefined;
}

/** Why not; empty when they may. */
export async function refusePlan(
  world: GithubWorld,
  repo: Repo,
  { pull, account, commit }: PlanWish,
): Promise<readonly Reason[]> {
  const survey = await surveyPull(repo, pull);
  const read = await readPolicy(world, repo, survey.tip);
  if ('reason' in read) return [read.reason];
  const { policy } = read;
  const actor = await readActor(repo, account, namesOf(policy));
  const nothing = { reviews: [], checks: [], owned: [], stops: [] };
  const decision = authorize({
    actor,
    commit,
    policy,
    pull: pullStateOf(survey),
    ...nothing,
    now: world.now(),
  });
  return decision.allowed ? [] : decision.reasons;
}
