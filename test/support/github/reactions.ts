// Reactions to comments and to pull requests themselves.
import { theComment } from './comments.ts';
import { EITHER_READ, EITHER_WRITE, mayWriteTo, theIssue } from './issues.ts';
import {
  type Handler,
  NO_CONTENT,
  type Operation,
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
import { accountJson, nodeId } from './shapes.ts';
import { type Issue, type Reaction, stamp } from './state.ts';

function reactionJson(call: RepoCall, reaction: Reaction): JsonObject {
  return {
    id: reaction.id,
    node_id: nodeId('REA', reaction.id),
    user: accountJson(call.world, reaction.user),
    content: reaction.content,
    created_at: reaction.createdAt,
  };
}

/** The same reaction by the same account is one reaction: 200 instead of 201. */
function react(call: RepoCall, issue: Issue, reactions: Reaction[]): Reply {
  mayWriteTo(call, issue);
  const content = text(call.body, 'content') ?? '';
  const known = reactions.find((reaction) => reaction.user === call.by && reaction.content === content);
  if (known !== undefined) return ok(reactionJson(call, known));
  const reaction = { id: call.world.nextId(), user: call.by, content, createdAt: stamp() };
  reactions.push(reaction);
  call.world.say('reaction.created', call.repo, { by: call.by.login, content });
  return created(reactionJson(call, reaction));
}

function unreact(call: RepoCall, issue: Issue, reactions: Reaction[]): Reply {
  mayWriteTo(call, issue);
  const at = reactions.findIndex(({ id }) => id === Number(param(call, 'reaction_id')));
  if (at < 0) throw notFound();
  reactions.splice(at, 1);
  return NO_CONTENT;
}

function listReactions(call: RepoCall, reactions: readonly Reaction[]): Promise<Reply> {
  const content = call.query.get('content');
  return paged(
    call,
    reactions.filter((reaction) => content === null || reaction.content === content),
    (reaction) => reactionJson(call, reaction),
  );
}

function onComment(run: (call: RepoCall, issue: Issue, reactions: Reaction[]) => Reply): Handler<RepoCall> {
  return (call) => {
    const comment = theComment(call);
    return run(call, comment.issue, comment.reactions);
  };
}

function onIssue(run: (call: RepoCall, issue: Issue, reactions: Reaction[]) => Reply): Handler<RepoCall> {
  return (call) => {
    const issue = theIssue(call);
    return run(call, issue, issue.reactions);
  };
}

export const reactionOperations: Readonly<Record<string, Operation>> = {
  'reactions/create-for-issue-comment': onRepo(EITHER_WRITE, onComment(react), 'read'),
  'reactions/list-for-issue-comment': onRepo(EITHER_READ, (call) =>
    listReactions(call, theComment(call).reactions),
  ),
  'reactions/delete-for-issue-comment': onRepo(EITHER_WRITE, onComment(unreact), 'read'),
  'reactions/create-for-issue': onRepo(EITHER_WRITE, onIssue(react), 'read'),
  'reactions/list-for-issue': onRepo(EITHER_READ, (call) => listReactions(call, theIssue(call).reactions)),
  'reactions/delete-for-issue': onRepo(EITHER_WRITE, onIssue(unreact), 'read'),
};
