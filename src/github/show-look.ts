// /drift and /status: who may look is asked, the default branch is looked at, and what is said of that is posted where
// it was asked for. What a pull request brings has no part in it, so nobody has to have read that.
import type { Reason } from '../core/reason.ts';
import { renderProblems } from '../render/comment.ts';
import { postReply } from './comments.ts';
import { lookForDrift } from './drift.ts';
import type { DriftLooked } from './drift.ts';
import type { Account } from './permissions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { refuseLook } from './request-plan.ts';

export interface LookAsked {
  /** Or the issue of a stack that drifted. */
  readonly pull: number;
  readonly account: Account;
  /** All of them where none is named. */
  readonly hosts: readonly string[];
}

export type Looked = Extract<DriftLooked, { is: 'looked' }>;

/** Why not; empty when it was said. */
export async function showLook(
  world: GithubWorld,
  repo: Repo,
  { pull, account, hosts }: LookAsked,
  say: (looked: Looked) => Promise<string>,
): Promise<readonly Reason[]> {
  const refused = await refuseLook(world, repo, account);
  if (refused.length > 0) return refused;
  const looked = await lookForDrift(world, repo, { hosts });
  switch (looked.is) {
    case 'looked':
      await postReply(repo, pull, await say(looked));
      return [];
    case 'problems':
      await postReply(repo, pull, renderProblems(looked.problems, looked.link));
      return [];
    case 'refused':
      return [looked.reason];
    default:
      return looked satisfies never;
  }
}
