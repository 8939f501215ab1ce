// What a pull request means for deploy-configs/ right now: what would be planned, against what, and whether it is touched at all.
// The issue of a stack that drifted stands beside it: what is planned there is the default branch against itself.
// Compared are the names of git's trees, so no list of changed files and its cap is involved.
import { canonical } from '../core/json.ts';
import type { Policy } from '../core/resource.ts';
import type { ConfigFiles } from '../deploy.ts';
import type { PullState } from './authorize.ts';
import { readFiles, readSubtree } from './contents.ts';
import type { ReadFiles } from './contents.ts';
import { readBaseTip, readMergeBase, readMergedOnto, readPull, readTip } from './pulls.ts';
import type { Pull } from './pulls.ts';
import { place } from './repo.ts';
import type { GithubWorld, Repo } from './repo.ts';
import type { Reason } from '../core/reason.ts';
import type { StoredPlan } from '../store/plans.ts';

export interface Survey {
  readonly pull: Pull;
  /** Whose configuration is planned and deployed: the head, or the merge commit. */
  readonly commit: string;
  /** What it is compared with: where the branch left its base, or what was merged onto. */
  readonly base: string;
  /** Where the base branch is now: policy is read there. */
  readonly tip: string;
  readonly touched: boolean;
  readonly behind: boolean;
  /** An earlier commit of the base branch is brought back; the pull request is only where that was asked for. */
  readonly rollback?: true;
  /** Asked for on the issue of this stack, which drifted: there is no pull request, and what is planned was merged. */
  readonly drifted?: string;
}

/** What a number means now: the issue of a stack that drifted, or a pull request. */
export async function surveyPlace(world: GithubWorld, repo: Repo, number: number): Promise<Survey> {
  const stack = await world.store.drifts.stackOf(repo.key, number);
  return stack === undefined ? surveyPull(repo, number) : surveyIssue(repo, { issue: number, stack });
}

export async function surveyPull(repo: Repo, number: number): Promise<Survey> {
  const pull = await readPull(repo, number);
  const tip = await readBaseTip(repo, pull);
  return pull.mergeCommit === null
    ? surveyOpen(repo, pull, tip)
    : surveyMerged(repo, pull, tip, pull.mergeCommit);
}

/** What a plan that was shown means now. */
export async function surveyPlan(
  world: GithubWorld,
  repo: Repo,
  { pull: number, commit, rolledFrom }: StoredPlan,
): Promise<Survey> {
  if (rolledFrom !== null) return surveyRollback(repo, { number, commit, from: rolledFrom });
  const stack = await world.store.drifts.stackOf(repo.key, number);
  return stack === undefined ? surveyPull(repo, number) : surveyIssue(repo, { issue: number, stack, commit });
}

/** `commit`: where the default branch was when it was planned; it still stands for the branch while no configuration has changed. */
export async function surveyIssue(
  repo: Repo,
  {
    issue,
    stack,
    commit: planned,
  }: { readonly issue: number; readonly stack: string; readonly commit?: string },
): Promise<Survey> {
  const { data } = await repo.octokit.rest.repos.get(place(repo));
  const branch = data.default_branch;
  const tip = await readTip(repo, branch);
  const same = planned !== undefined && (await readSubtree(repo, planned)) === (await readSubtree(repo, tip));
  const commit = same ? planned : tip;
  const pull = {
    number: issue,
    head: commit,
    base: branch,
    baseCommit: tip,
    defaultBranch: branch,
    site: data.html_url,
  };
  return {
    pull: { ...NO_PULL, ...pull },
    commit,
    base: commit,
    tip,
    touched: true,
    behind: false,
    drifted: stack,
  };
}

/** What a pull request has and the issue of a stack has not. */
const NO_PULL = {
  author: '',
  from: null,
  fork: false,
  state: 'merged',
  mergeCommit: null,
  mergedBy: null,
  commits: 0,
} as const;

/** `from`: where the base branch was when the rollback was planned; it is behind when that has moved on since. */
export async function surveyRollback(
  repo: Repo,
  { number, commit, from }: { readonly number: number; readonly commit: string; readonly from?: string },
): Promise<Survey> {
  const pull = await readPull(repo, number);
  const tip = await readBaseTip(repo, pull);
  const base = from ?? tip;
  const moved = base !== tip && (await readSubtree(repo, base)) !== (await readSubtree(repo, tip));
  // What is deployed was merged once, whatever became of the pull request on which this was asked for.
  const merged = { ...pull, state: 'merged' } as const;
  return { pull: merged, commit, base, tip, touched: true, behind: moved, rollback: true };
}

/** What authorize() asks of a pull request. */
export function pullStateOf({ pull, behind, base, tip, drifted }: Survey): PullState {
  const { author, head, state, fork, base: branch, defaultBranch } = pull;
  const shared = { author, head, state, fork, base: branch, defaultBranch, behind, upToDate: base === tip };
  return drifted === undefined ? shared : { ...shared, issue: true };
}

/** The policy at a commit of the base branch. */
export async function readPolicy(
  world: GithubWorld,
  repo: Repo,
  commit: string,
): Promise<{ readonly policy: Policy } | { readonly reason: Reason }> {
  const read = await readFiles(repo, commit);
  if (read.is === 'refused') return { reason: read.reason };
  const parsed = world.parsePolicy(filesOf(read));
  if ('policy' in parsed) return parsed;
  const message = `the policy of the base branch is not valid: ${parsed.problems[0]?.message ?? 'it cannot be read'}`;
  return { reason: { code: 'CONFIG_INVALID', message, next: 'Fix policy.yml on the base branch.' } };
}

/**
 * The policy that a pull request is judged by: that of the base branch. One that was merged and changed the policy is
 * judged by what it was merged onto, so that it never profits from itself.
 */
export async function readBindingPolicy(
  world: GithubWorld,
  repo: Repo,
  { pull, base, commit, tip, rollback }: Survey,
): Promise<{ readonly policy: Policy } | { readonly reason: Reason }> {
  if (pull.state !== 'merged' || rollback) return readPolicy(world, repo, tip);
  const [before, after] = await Promise.all([readPolicy(world, repo, base), readPolicy(world, repo, commit)]);
  const same =
    'policy' in before && 'policy' in after && canonical(before.policy) === canonical(after.policy);
  return same ? readPolicy(world, repo, tip) : before;
}

/** No folder is the same as an empty one. */
export function filesOf(read: Exclude<ReadFiles, { is: 'refused' }>): ConfigFiles {
  return read.is === 'files' ? read.files : new Map();
}

async function surveyOpen(repo: Repo, pull: Pull, tip: string): Promise<Survey> {
  const base = await readMergeBase(repo, tip, pull.head);
  const [atHead, atBase, atTip] = await Promise.all([
    readSubtree(repo, pull.head),
    readSubtree(repo, base),
    base === tip ? undefined : readSubtree(repo, tip),
  ]);
  const now = base === tip ? atBase : atTip;
  return {
    pull,
    commit: pull.head,
    base,
    tip,
    touched: atHead !== atBase && atHead !== now,
    behind: atBase !== now && atHead !== now,
  };
}

async function surveyMerged(repo: Repo, pull: Pull, tip: string, commit: string): Promise<Survey> {
  const base = await readMergedOnto(repo, pull, commit);
  const [atCommit, atBase, atTip] = await Promise.all([
    readSubtree(repo, commit),
    readSubtree(repo, base),
    readSubtree(repo, tip),
  ]);
  return { pull, commit, base, tip, touched: atCommit !== atBase, behind: atCommit !== atTip };
}
