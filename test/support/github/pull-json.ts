// How a pull request is written in answers and in webhooks, with all that is worked out from git.
import { type DiffEntry, diff } from './git-diff.ts';
import type { JsonObject } from './json.ts';
import { checksState } from './rollup.ts';
import { accountJson, nodeId, repoApi, repoHtml, repoJson } from './shapes.ts';
import { type Account, type Issue, type Pull, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

export function association(repo: Repository, account: Account): string {
  if (account === repo.owner) return 'OWNER';
  return repo.collaborators.has(account.login) ? 'COLLABORATOR' : 'NONE';
}

/** The commits and files of a pull request are counted from here: from the base as it was, once it is merged. */
export async function baseTip(repo: Repository, pull: Pull): Promise<string> {
  return pull.merged === undefined
    ? ((await repo.git.branch(pull.base.ref)) ?? pull.base.sha)
    : pull.base.sha;
}

export async function pullFiles(repo: Repository, pull: Pull): Promise<DiffEntry[]> {
  const base = await repo.git.mergeBase(await baseTip(repo, pull), pull.head.sha);
  return base === undefined ? [] : diff(repo.git, base, pull.head.sha);
}

/** The test merge commit, which `merge_commit_sha` names while a pull request is open. */
async function trial(repo: Repository, issue: Issue, pull: Pull): Promise<string | undefined> {
  const tip = await baseTip(repo, pull);
  const of = `${tip} ${pull.head.sha}`;
  if (pull.trial?.of === of) return pull.trial.sha;
  const tree = await repo.git.mergeTree(tip, pull.head.sha);
  const who = { name: 'GitHub', email: 'noreply@github.com', date: stamp() };
  const sha =
    tree === undefined
      ? undefined
      : await repo.git.writeCommit({
          tree,
          parents: [tip, pull.head.sha],
          message: `Merge ${pull.head.sha} into ${tip}`,
          author: who,
          committer: who,
        });
  if (sha !== undefined) await repo.git.setRef(`refs/pull/${issue.number}/merge`, sha);
  pull.trial = { of, sha };
  return sha;
}

export async function mergeState(
  world: World,
  repo: Repository,
  issue: Issue,
  pull: Pull,
): Promise<{ mergeable: boolean; state: string; sha: string | null }> {
  const sha = await trial(repo, issue, pull);
  if (sha === undefined) return { mergeable: false, state: 'dirty', sha: null };
  const checks = checksState(world, repo, pull);
  const state = pull.draft ? 'draft' : checks.blocked ? 'blocked' : checks.clean ? 'clean' : 'unstable';
  return { mergeable: true, state, sha };
}

function side(world: World, repo: Repository, ref: string, sha: string): JsonObject {
  return {
    label: `${repo.owner.login}:${ref}`,
    ref,
    sha,
    user: accountJson(world, repo.owner),
    // A fork may have been deleted since.
    repo: [...world.repos.values()].includes(repo) ? repoJson(world, repo) : null,
  };
}

function links(world: World, repo: Repository, issue: Issue, pull: Pull): Record<string, string> {
  const api = repoApi(world, repo);
  const url = `${api}/pulls/${issue.number}`;
  return {
    self: url,
    html: `${repoHtml(world, repo)}/pull/${issue.number}`,
    issue: `${api}/issues/${issue.number}`,
    comments: `${api}/issues/${issue.number}/comments`,
    review_comments: `${url}/comments`,
    review_comment: `${api}/pulls/comments{/number}`,
    commits: `${url}/commits`,
    statuses: `${api}/statuses/${pull.head.sha}`,
  };
}

/** The short form, as in lists. */
export function simplePullJson(world: World, repo: Repository, issue: Issue, pull: Pull): JsonObject {
  const to = links(world, repo, issue, pull);
  return {
    id: pull.id,
    node_id: nodeId('PR', pull.id),
    number: issue.number,
    state: issue.state,
    locked: false,
    title: issue.title,
    body: issue.body,
    draft: pull.draft,
    url: to['self'] ?? '',
    html_url: to['html'] ?? '',
    diff_url: `${to['html']}.diff`,
    patch_url: `${to['html']}.patch`,
    issue_url: to['issue'] ?? '',
    commits_url: to['commits'] ?? '',
    review_comments_url: to['review_comments'] ?? '',
    review_comment_url: to['review_comment'] ?? '',
    comments_url: to['comments'] ?? '',
    statuses_url: to['statuses'] ?? '',
    user: accountJson(world, issue.author),
    labels: [],
    milestone: null,
    active_lock_reason: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.merged?.at ?? null,
    merge_commit_sha: pull.merged?.sha ?? pull.trial?.sha ?? null,
    head: side(world, pull.head.repo, pull.head.ref, pull.head.sha),
    base: side(world, repo, pull.base.ref, pull.base.sha),
    _links: Object.fromEntries(Object.entries(to).map(([name, href]) => [name, { href }])),
    author_association: association(repo, issue.author),
    auto_merge: null,
  };
}

/** `settled` false is how GitHub sends it in a webhook: it has not yet worked out whether it can be merged. */
export async function pullJson(
  world: World,
  repo: Repository,
  issue: Issue,
  pull: Pull,
  settled = true,
): Promise<JsonObject> {
  const [files, commits] = await Promise.all([
    pullFiles(repo, pull),
    repo.git.count(`${await baseTip(repo, pull)}..${pull.head.sha}`),
  ]);
  const open = issue.state === 'open';
  const merge = open && settled ? await mergeState(world, repo, issue, pull) : undefined;
  return {
    ...simplePullJson(world, repo, issue, pull),
    merged: pull.merged !== undefined,
    merged_by: pull.merged === undefined ? null : accountJson(world, pull.merged.by),
    merge_commit_sha: pull.merged?.sha ?? merge?.sha ?? null,
    mergeable: merge?.mergeable ?? null,
    rebaseable: merge?.mergeable ?? null,
    mergeable_state: merge?.state ?? 'unknown',
    comments: [...repo.comments.values()].filter((comment) => comment.issue === issue).length,
    review_comments: 0,
    maintainer_can_modify: pull.head.repo !== repo,
    commits,
    changed_files: files.length,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
  };
}
