// Issues, and the issue half of every pull request: numbered and commented alike, opened, changed, listed.
import { grants } from './auth.ts';
import {
  type Operation,
  Refusal,
  type RepoCall,
  type Reply,
  created,
  notFound,
  ok,
  onRepo,
  paged,
  param,
} from './http.ts';
import { type JsonObject, text } from './json.ts';
import { association } from './pull-json.ts';
import { accountJson, appJson, nodeId, reactionsJson, repoApi, repoHtml } from './shapes.ts';
import { type Account, type AppIdentity, type Comment, type Issue, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

export const EITHER_WRITE = ['issues=write', 'pull_requests=write'];
export const EITHER_READ = ['issues=read', 'pull_requests=read'];

export function issueKind(issue: Issue): string {
  return issue.pull === undefined ? 'issues' : 'pull';
}

export function commentsOf(repo: Repository, issue: Issue): Comment[] {
  return [...repo.comments.values()].filter((comment) => comment.issue === issue);
}

export function issueJson(world: World, repo: Repository, issue: Issue): JsonObject {
  const api = repoApi(world, repo);
  const url = `${api}/issues/${issue.number}`;
  const html = `${repoHtml(world, repo)}/${issueKind(issue)}/${issue.number}`;
  return {
    id: issue.id,
    node_id: nodeId(issue.pull === undefined ? 'I' : 'PR', issue.pull?.id ?? issue.id),
    number: issue.number,
    title: issue.title,
    body: issue.body,
    state: issue.state,
    state_reason: null,
    url,
    repository_url: api,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    timeline_url: `${url}/timeline`,
    user: accountJson(world, issue.author),
    labels: [],
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: commentsOf(repo, issue).length,
    closed_at: issue.closedAt,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    author_association: association(repo, issue.author),
    reactions: reactionsJson(url, issue.reactions),
    performed_via_github_app: issue.app === undefined ? null : appJson(world, issue.app),
    ...(issue.pull === undefined
      ? {}
      : {
          draft: issue.pull.draft,
          pull_request: {
            url: `${api}/pulls/${issue.number}`,
            html_url: html,
            diff_url: `${html}.diff`,
            patch_url: `${html}.patch`,
            merged_at: issue.pull.merged?.at ?? null,
          },
        }),
  };
}

export function nextNumber(repo: Repository): number {
  return repo.issues.size + 1;
}

export function addIssue(
  world: World,
  repo: Repository,
  title: string,
  body: string | null,
  by: Account,
  app?: AppIdentity,
): Issue {
  const now = stamp();
  const issue: Issue = {
    id: world.nextId(),
    number: nextNumber(repo),
    author: by,
    app,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    title,
    body,
    state: 'open',
    reactions: [],
    pull: undefined,
  };
  repo.issues.set(issue.number, issue);
  return issue;
}

export function theIssue(call: RepoCall, name = 'issue_number'): Issue {
  const issue = call.repo.issues.get(Number(param(call, name)));
  if (issue === undefined) throw notFound();
  return issue;
}

/**
 * Either permission is documented to be enough, but on a pull request `issues=write` alone is refused:
 * https://github.com/github/rest-api-description/issues/6994
 */
export function mayWriteTo(call: RepoCall, issue: Issue): void {
  const need = issue.pull === undefined ? 'issues=write' : 'pull_requests=write';
  if (call.actor.kind === 'installation' && !grants(call.actor.permissions, need))
    throw new Refusal(
      403,
      'Resource not accessible by integration',
      {},
      { 'x-accepted-github-permissions': 'issues=write, pull_requests=write' },
    );
}

function create(call: RepoCall): Reply {
  const [title, body] = [text(call.body, 'title') ?? '', text(call.body, 'body') ?? null];
  return created(
    issueJson(call.world, call.repo, addIssue(call.world, call.repo, title, body, call.by, call.app)),
  );
}

function update(call: RepoCall): Reply {
  const issue = theIssue(call);
  if (issue.pull !== undefined)
    throw new Refusal(422, 'The double changes pull requests by pulls/update only');
  const state = text(call.body, 'state');
  issue.title = text(call.body, 'title') ?? issue.title;
  issue.body = text(call.body, 'body') ?? issue.body;
  issue.updatedAt = stamp();
  if (state === 'open' || state === 'closed') {
    issue.state = state;
    issue.closedAt = state === 'closed' ? issue.updatedAt : null;
  }
  return ok(issueJson(call.world, call.repo, issue));
}

function listIssues(call: RepoCall): Promise<Reply> {
  const [state, creator] = [call.query.get('state') ?? 'open', call.query.get('creator')];
  const found = [...call.repo.issues.values()].filter(
    (issue) =>
      (state === 'all' || issue.state === state) && (creator === null || issue.author.login === creator),
  );
  return paged(call, found.toReversed(), (issue) => issueJson(call.world, call.repo, issue));
}

export const issueOperations: Readonly<Record<string, Operation>> = {
  'issues/get': onRepo(EITHER_READ, (call) => ok(issueJson(call.world, call.repo, theIssue(call)))),
  'issues/create': onRepo('issues=write', create, 'read'),
  'issues/update': onRepo('issues=write', update),
  'issues/list-for-repo': onRepo(EITHER_READ, listIssues),
};
