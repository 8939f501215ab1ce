// Merging a pull request: by merge commit, squash or rebase, refused for the reasons and with the words GitHub uses.
import type { Signature } from './git-commit.ts';
import { Refusal } from './http.ts';
import { baseTip } from './pull-json.ts';
import { markMerged } from './pulls.ts';
import { pushed } from './pushes.ts';
import { checksState } from './rollup.ts';
import { type Account, type Issue, type Pull, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

export type MergeMethod = 'merge' | 'squash' | 'rebase';

export interface Merge {
  readonly method: MergeMethod;
  readonly by: Account;
  readonly title?: string;
  readonly message?: string;
  /** The head the caller believes in. */
  readonly sha?: string;
}

function checkMergeable(
  world: World,
  repo: Repository,
  issue: Issue,
  pull: Pull,
  sha: string | undefined,
): void {
  if (issue.state === 'closed') throw new Refusal(405, 'Pull Request is not mergeable');
  if (pull.draft) throw new Refusal(405, 'Pull Request is still a draft');
  if (sha !== undefined && sha !== pull.head.sha)
    throw new Refusal(409, 'Head branch was modified. Review and try the merge again.');
  const { blocked, missing } = checksState(world, repo, pull);
  if (missing.length > 0)
    throw new Refusal(405, missing.map((name) => `Required status check "${name}" is expected.`).join(' '));
  if (blocked)
    throw new Refusal(405, 'At least 1 approving review is required by reviewers with write access.');
}

function github(): Signature {
  return { name: 'GitHub', email: 'noreply@github.com', date: stamp() };
}

function person(account: Account): Signature {
  return { name: account.login, email: account.email, date: stamp() };
}

async function rebased(repo: Repository, pull: Pull, base: string): Promise<string> {
  if (!(await repo.git.contains(pull.head.sha, base))) throw new Refusal(405, "This branch can't be rebased");
  let tip = base;
  for (const sha of (await repo.git.log([`${base}..${pull.head.sha}`])).toReversed()) {
    const { tree, message, author } = await repo.git.readCommit(sha);
    tip = await repo.git.writeCommit({ tree, parents: [tip], message, author, committer: github() });
  }
  return tip;
}

async function mergeCommit(
  repo: Repository,
  issue: Issue,
  pull: Pull,
  base: string,
  merge: Merge,
): Promise<string> {
  if (merge.method === 'rebase') return rebased(repo, pull, base);
  const tree = await repo.git.mergeTree(base, pull.head.sha);
  if (tree === undefined) throw new Refusal(405, 'Pull Request is not mergeable');
  const squash = merge.method === 'squash';
  const title =
    merge.title ??
    (squash
      ? `${issue.title} (#${issue.number})`
      : `Merge pull request #${issue.number} from ${pull.head.repo.owner.login}/${pull.head.ref}`);
  const body = merge.message ?? (squash ? '' : issue.title);
  const parents = squash ? [base] : [base, pull.head.sha];
  return repo.git.writeCommit({
    tree,
    parents,
    message: body === '' ? title : `${title}\n\n${body}`,
    author: person(squash ? issue.author : merge.by),
    committer: github(),
  });
}

/** Returns the commit that the base branch is at afterwards. */
export async function mergePull(world: World, repo: Repository, issue: Issue, merge: Merge): Promise<string> {
  const { pull } = issue;
  if (pull === undefined) throw new Refusal(404, 'Not Found');
  checkMergeable(world, repo, issue, pull, merge.sha);
  const base = await baseTip(repo, pull);
  const sha = await mergeCommit(repo, issue, pull, base, merge);
  const ref = `refs/heads/${pull.base.ref}`;
  await repo.git.setRef(ref, sha);
  await markMerged(world, repo, issue, sha, base, merge.by);
  await pushed(world, { repo, ref, before: base, after: sha, by: merge.by });
  return sha;
}
