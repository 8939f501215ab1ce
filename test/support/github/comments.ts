// Comments on pull requests and issues: made, edited, deleted, listed, told to the App.
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
import {
  EITHER_READ,
  EITHER_WRITE,
  commentsOf,
  issueJson,
  issueKind,
  mayWriteTo,
  theIssue,
} from './issues.ts';
import { type JsonObject, text } from './json.ts';
import { association } from './pull-json.ts';
import { accountJson, appJson, nodeId, reactionsJson, repoApi, repoHtml } from './shapes.ts';
import { type Account, type AppIdentity, type Comment, type Issue, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

/** Counted in UTF-16 units as JavaScript does; GitHub says "characters". */
const LONGEST_BODY = 65_536;
function commentJson(world: World, repo: Repository, comment: Comment): JsonObject {
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

function create(call: RepoCall): Reply {
  const issue = theIssue(call);
  mayWriteTo(call, issue);
  const body = text(call.body, 'body') ?? '';
  return created(show(call)(addComment(call.world, call.repo, issue, body, call.by, call.app)));
}

function update(call: RepoCall): Reply {
  const comment = theComment(call);
  mayWriteTo(call, comment.issue);
  changeComment(call.world, call.repo, comment, text(call.body, 'body') ?? '', call.by);
  return ok(show(call)(comment));
}

function remove(call: RepoCall): Reply {
  const comment = theComment(call);
  mayWriteTo(call, comment.issue);
  removeComment(call.world, call.repo, comment, call.by);
  return NO_CONTENT;
}

export const commentOperations: Readonly<Record<string, Operation>> = {
  'issues/list-comments': onRepo(EITHER_READ, listComments),
  'issues/get-comment': onRepo(EITHER_READ, (call) => ok(show(call)(theComment(call)))),
  'issues/create-comment': onRepo(EITHER_WRITE, create, 'read'),
  'issues/update-comment': onRepo(EITHER_WRITE, update),
  'issues/delete-comment': onRepo(EITHER_WRITE, remove),
};
