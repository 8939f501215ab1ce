// A wish to have hosts looked at, or to stop deploys: only authorize() decides, on what is read here.
import type { Reason } from '../core/reason.ts';
import { authorize, authorizeAlone } from './authorize.ts';
import { readActor } from './permissions.ts';
import type { Account } from './permissions.ts';
import { readDefaultBranch, readTip } from './pulls.ts';
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
  const nothing = { reviews: [], pushers: [], checks: [], owned: [], stops: [] };
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

/** Why not, where there is no pull request: by the policy of the default branch as it is now. */
export async function refuseLook(
  world: GithubWorld,
  repo: Repo,
  account: Account,
): Promise<readonly Reason[]> {
  const tip = await readTip(repo, await readDefaultBranch(repo));
  return refuseAlone(world, repo, { account, wants: 'look', tip });
}

export interface AloneWish {
  readonly account: Account;
  readonly wants: 'look' | 'stop';
  /** The newest commit of the default branch. */
  readonly tip: string;
}

export async function refuseAlone(
  world: GithubWorld,
  repo: Repo,
  { account, wants, tip }: AloneWish,
): Promise<readonly Reason[]> {
  const read = await readPolicy(world, repo, tip);
  if ('reason' in read) return [read.reason];
  const { policy } = read;
  const actor = await readActor(repo, account, namesOf(policy));
  const decision = authorizeAlone({ actor, policy, wants });
  return decision.allowed ? [] : decision.reasons;
}
