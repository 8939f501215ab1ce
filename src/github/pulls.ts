// Pull requests as GitHub has them now: a webhook's payload is only a hint, everything is read again.
import { statusOf } from './http-status.ts';
import { place } from './repo.ts';
import type { Repo } from './repo.ts';

export interface Pull {
  readonly number: number;
  readonly author: string;
  readonly head: string;
  /** The branch of the head and where it is; null when that repository is gone. */
  readonly from: { readonly owner: string; readonly repo: string; readonly branch: string } | null;
  readonly fork: boolean;
  readonly base: string;
  /** Where the base branch was when GitHub looked last. */
  readonly baseCommit: string;
  readonly defaultBranch: string;
  readonly state: 'open' | 'closed' | 'merged';
  /** The commit that the merge made, or the last of them. */
  readonly mergeCommit: string | null;
  readonly mergedBy: { readonly login: string; readonly bot: boolean } | null;
  /** Commits of the pull request. */
  readonly commits: number;
  /** Address of the repository for people. */
  readonly site: string;
}

export async function readPull(repo: Repo, number: number): Promise<Pull> {
  const { data } = await repo.octokit.rest.pulls.get({ ...place(repo), pull_number: number });
  // A name may have become another repository's since: whatever was asked was not about that one.
  if (data.base.repo.id !== repo.id) throw new Error(`${repo.owner}/${repo.name} is another repository now`);
  const closed = data.merged ? 'merged' : 'closed';
  return {
    number,
    author: data.user.login,
    head: data.head.sha,
    from: data.head.repo
      ? { owner: data.head.repo.owner.login, repo: data.head.repo.name, branch: data.head.ref }
      : null,
    // A fork that was deleted since has no repository any more.
    fork: data.head.repo?.id !== data.base.repo.id,
    base: data.base.ref,
    baseCommit: data.base.sha,
    defaultBranch: data.base.repo.default_branch,
    state: data.state === 'open' ? 'open' : closed,
    mergeCommit: data.merged ? data.merge_commit_sha : null,
    mergedBy: data.merged_by ? { login: data.merged_by.login, bot: data.merged_by.type === 'Bot' } : null,
    commits: data.commits,
    site: data.base.repo.html_url,
  };
}

export async function readDefaultBranch(repo: Repo): Promise<string> {
  const { data } = await repo.octokit.rest.repos.get(place(repo));
  return data.default_branch;
}

/** The commit a branch is at. */
export async function readTip(repo: Repo, branch: string): Promise<string> {
  const { data } = await repo.octokit.rest.git.getRef({ ...place(repo), ref: `heads/${branch}` });
  return data.object.sha;
}

/** Where the base branch of a pull request is; of one that was deleted, as below others it may be, where it was. */
export async function readBaseTip(
  repo: Repo,
  { base, baseCommit, defaultBranch }: Pick<Pull, 'base' | 'baseCommit' | 'defaultBranch'>,
): Promise<string> {
  try {
    return await readTip(repo, base);
  } catch (error) {
    // Policy is read from there, so of the branch that counts nothing is taken for it.
    if (statusOf(error) !== 404 || base === defaultBranch) throw error;
    return baseCommit;
  }
}

/** The newest commit that both have. */
export async function readMergeBase(repo: Repo, base: string, head: string): Promise<string> {
  const basehead = `${base}...${head}`;
  const { data } = await repo.octokit.rest.repos.compareCommitsWithBasehead({
    ...place(repo),
    basehead,
    per_page: 1,
  });
  return data.merge_base_commit.sha;
}

/** Whether a commit holds another in its history. */
export async function readContains(repo: Repo, commit: string, other: string): Promise<boolean> {
  return (await readMergeBase(repo, commit, other)) === other;
}

/** The commit of the base branch that a merge was made on, whether it merged, squashed or rebased. */
export async function readMergedOnto(repo: Repo, pull: Pull, mergeCommit: string): Promise<string> {
  let parents = await readParents(repo, mergeCommit);
  // A rebase leaves one commit of the pull request on top of another; the first that is not of it is the base.
  for (let rebased = 1; parents.length === 1 && rebased < pull.commits; rebased++) {
    const parent = parents[0] ?? '';
    if (!(await readPullsOf(repo, parent)).some((each) => each.number === pull.number)) return parent;
    parents = await readParents(repo, parent);
  }
  const first = parents[0];
  if (first === undefined) throw new Error(`${mergeCommit} has no parent`);
  return first;
}

/** The pull requests that brought a commit into the default branch. */
export async function readPullsOf(
  repo: Repo,
  commit: string,
): Promise<readonly { readonly number: number; readonly merged: boolean }[]> {
  const { data } = await repo.octokit.rest.repos.listPullRequestsAssociatedWithCommit({
    ...place(repo),
    commit_sha: commit,
  });
  return data.map((each) => ({ number: each.number, merged: each.merged_at !== null }));
}

export async function readParents(repo: Repo, commit: string): Promise<readonly string[]> {
  const { data } = await repo.octokit.rest.git.getCommit({ ...place(repo), commit_sha: commit });
  return data.parents.map((parent) => parent.sha);
}

export interface OpenPull {
  readonly number: number;
  readonly head: string;
}

/** Those that go to the default branch. */
export async function readOpenPulls(repo: Repo): Promise<readonly OpenPull[]> {
  const pulls = await repo.octokit.paginate(repo.octokit.rest.pulls.list, {
    ...place(repo),
    state: 'open',
    per_page: 100,
  });
  const mine = pulls.filter(({ base }) => base.ref === base.repo.default_branch);
  return mine.map(({ number, head }) => ({ number, head: head.sha }));
}

export interface MergedPull {
  readonly number: number;
  readonly mergeCommit: string;
  readonly base: string;
}

/** What was merged into the default branch since then, oldest first. */
export async function readMergedSince(repo: Repo, since: Date): Promise<readonly MergedPull[]> {
  const merged: (MergedPull & { readonly at: string })[] = [];
  const pages = repo.octokit.paginate.iterator(repo.octokit.rest.pulls.list, {
    ...place(repo),
    state: 'closed',
    sort: 'updated',
    direction: 'desc',
    per_page: 100,
  });
  for await (const { data } of pages) {
    for (const { number, merged_at: at, merge_commit_sha: mergeCommit, base } of data) {
      if (at === null || mergeCommit === null || base.ref !== base.repo.default_branch) continue;
      if (Date.parse(at) >= since.getTime()) merged.push({ number, mergeCommit, base: base.ref, at });
    }
    const last = data.at(-1);
    if (!last || Date.parse(last.updated_at) < since.getTime()) break;
  }
  return merged.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
