// /drift and /status: who may look is asked, the default branch is looked at, and what is said of that is posted where
// it was asked for. What a pull request brings has no part in it, so nobody has to have read that.
import { renderProblems } from '../render/comment.ts';
import { outcomeOf } from './answer.ts';
import type { Outcome } from './answer.ts';
import { lookForDrift } from './drift.ts';
import type { DriftLooked } from './drift.ts';
import type { Account } from './permissions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { refuseLook } from './request-plan.ts';

export interface LookAsked {
  readonly account: Account;
  /** All of them where none is named. */
  readonly hosts: readonly string[];
}

export type Looked = Extract<DriftLooked, { is: 'looked' }>;

export async function showLook(
  world: GithubWorld,
  repo: Repo,
  { account, hosts }: LookAsked,
  say: (looked: Looked) => Promise<string>,
): Promise<Outcome> {
  const refused = await refuseLook(world, repo, account);
  if (refused.length > 0) return outcomeOf(refused);
  const looked = await lookForDrift(world, repo, { hosts });
  switch (looked.is) {
    case 'looked':
      return { is: 'reply', body: await say(looked) };
    case 'problems':
      return { is: 'reply', body: renderProblems(looked.problems, looked.link) };
    case 'refused':
      return outcomeOf([looked.reason]);
    default:
      return looked satisfies never;
  }
}
