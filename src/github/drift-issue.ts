// /plan on the issue of a stack that drifted: the default branch against itself, on the hosts of that stack alone. /deploy
// with the name of that plan then puts back what is declared, through the one door, as on a pull request that was merged.
import type { Reason } from '../core/reason.ts';
import { makePlan } from './make-plan.ts';
import type { Account } from './permissions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { refuseLook } from './request-plan.ts';
import { showPlan, showProblems } from './show-plan.ts';
import { surveyIssue } from './survey.ts';

export interface DriftedAsked {
  readonly issue: number;
  readonly stack: string;
  readonly account: Account;
  /** All of the stack where none is named. */
  readonly hosts: readonly string[];
}

/** Why not; empty when the plan, or what is wrong with the configuration, is shown. */
export async function planDrifted(
  world: GithubWorld,
  repo: Repo,
  asked: DriftedAsked,
): Promise<readonly Reason[]> {
  const refused = await refuseLook(world, repo, asked.account);
  if (refused.length > 0) return refused;
  return world.turns.take(`${repo.key}#${asked.issue}`, () => planNow(world, repo, asked));
}

async function planNow(
  world: GithubWorld,
  repo: Repo,
  { issue, stack, hosts }: DriftedAsked,
): Promise<readonly Reason[]> {
  const survey = await surveyIssue(repo, { issue, stack });
  const { commit, base } = survey;
  await world.store.plans.supersede({ repo: repo.key, pull: issue }, commit);
  const planned = await makePlan(world, repo, {
    pull: issue,
    commit,
    base,
    hosts,
    stacks: [stack],
    all: true,
  });
  switch (planned.is) {
    case 'plan':
      await showPlan(world, repo, survey, planned.plan);
      return [];
    case 'problems':
      await showProblems(world, repo, survey, planned.problems);
      return [];
    case 'refused':
      return [planned.reason];
    default:
      return planned satisfies never;
  }
}
