// Comments on pull requests and issues, and the reactions to them: made, edited, deleted, listed, told to the App.
import {
  type Operation,
  type RepoCall,
  type Reply,
  NO_CONTENT,
  created,
  invalid,
  notFound,
  ok,
  onRepo,
  paged,
  param,
} from './http.ts';
import { type JsonObject, text } from './json.ts';
import { association } from './pull-json.ts';
import { nextNumber } from './pulls.ts';
import { accountJson, appJson, nodeId, reactionsJson, repoApi, repoHtml } from './shapes.ts';
import { type Account, type AppIdentity, type Comment, type Issue, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

/** Counted in UTF-16 units as JavaScript does; GitHub says "characters". */
const LONGEST_BODY = 65_536;
export const EITHER_WRITE = ['issues=write', 'pull_requests=write'];
export const EITHER_READ = ['issues=read', 'pull_requests=read'];

function issueKind(issue: Issue): string {
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

export function commentJson(world: World, repo: Repository, comment: Comment): JsonObject {
  const url = `${repoApi(world, repo)}/issues/comments/${comment.id}`;
  return {
    id: comment.id,
    node_id: nodeId('IC', comment.id),
    url,
    body: comment.body,
    user: accountJson(world, comment.author),
    html_url: `${repoHtml(world, repo)}/${issueKind(comment.issue)}/${comment.issue.number}#issuecomment-${comment.id}`,
    issue_url: `${repoApi(world, repo)}/issues/${comment.issue.number}`,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: association(repo, comment.author),
    performed_via_github_app: comment.app === undefined ? null : appJson(world, comment.app),
    reactions: reactionsJson(url, comment.reactions),
  };
}

function checkBody(body: string): string {
  if (body.trim() === '') throw invalid('IssueComment', 'data', 'unprocessable', 'Body cannot be blank');
  if (body.length > LONGEST_BODY)
    throw invalid(
      'IssueComment',
      'data',
      'unprocessable',
      `Body is too long (maximum is ${LONGEST_BODY} characters)`,
    );
  return body;
}

function tell(
  world: World,
  repo: Repository,
  comment: Comment,
  action: 'created' | 'edited' | 'deleted',
  by: Account,
  extra: JsonObject = {},
): void {
  world.outbox.emit(`issue_comment.${action}`, repo, by, {
    issue: issueJson(world, repo, comment.issue),
    comment: commentJson(world, repo, comment),
    ...extra,
  });
  world.say(
    `comment.${action}`,
    repo,
    { id: comment.id, by: comment.author.login, body: comment.body },
    comment.issue.number,
  );
}

export function addComment(
  world: World,
  repo: Repository,
  issue: Issue,
  given: string,
  by: Account,
  app?: AppIdentity,
): Comment {
  const body = checkBody(given);
  const now = stamp();
  const comment: Comment = {
    id: world.nextId(),
    issue,
    author: by,
    app,
    createdAt: now,
    updatedAt: now,
    body,
    reactions: [],
    minimized: undefined,
  };
  repo.comments.set(comment.id, comment);
  issue.updatedAt = now;
  tell(world, repo, comment, 'created', by);
  return comment;
}

export function changeComment(
  world: World,
  repo: Repository,
  comment: Comment,
  given: string,
  by: Account,
): void {
  const from = comment.body;
  comment.body = checkBody(given);
  comment.updatedAt = stamp();
  tell(world, repo, comment, 'edited', by, { changes: { body: { from } } });
}

export function removeComment(world: World, repo: Repository, comment: Comment, by: Account): void {
  repo.comments.delete(comment.id);
  tell(world, repo, comment, 'deleted', by);
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

export function theComment(call: RepoCall): Comment {
  const comment = call.repo.comments.get(Number(param(call, 'comment_id')));
  if (comment === undefined) throw notFound();
  return comment;
}

function show(call: RepoCall): (comment: Comment) => JsonObject {
  return (comment) => commentJson(call.world, call.repo, comment);
}

function listComments(call: RepoCall): Promise<Reply> {
  const since = call.query.get('since');
  return paged(
    call,
    commentsOf(call.repo, theIssue(call)).filter(({ updatedAt }) => since === null || updatedAt >= since),
    show(call),
  );
}

function update(call: RepoCall): Reply {
  const comment = theComment(call);
  changeComment(call.world, call.repo, comment, text(call.body, 'body') ?? '', call.by);
  return ok(show(call)(comment));
}

function remove(call: RepoCall): Reply {
  removeComment(call.world, call.repo, theComment(call), call.by);
  return NO_CONTENT;
}

export const commentOperations: Readonly<Record<string, Operation>> = {
  'issues/get': onRepo(EITHER_READ, (call) => ok(issueJson(call.world, call.repo, theIssue(call)))),
  'issues/list-comments': onRepo(EITHER_READ, listComments),
  'issues/get-comment': onRepo(EITHER_READ, (call) => ok(show(call)(theComment(call)))),
  'issues/create-comment': onRepo(
    EITHER_WRITE,
    (call) =>
      created(
        show(call)(
          addComment(call.world, call.repo, theIssue(call), text(call.body, 'body') ?? '', call.by, call.app),
        ),
      ),
    'read',
  ),
  'issues/update-comment': onRepo(EITHER_WRITE, update),
  'issues/delete-comment': onRepo(EITHER_WRITE, remove),
};
