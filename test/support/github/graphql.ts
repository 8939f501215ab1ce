// The few GraphQL questions a deploy bot asks, told apart by their shape. Whatever else is asked is an error, never an empty answer.
// Answers carry the fields of the shape whether or not each was asked for; arguments may be literals or variables.
import { grants, visible } from './auth.ts';
import { type Actor, Refusal, type Reply, ok } from './http.ts';
import { type Json, type JsonObject, object, text } from './json.ts';
import { type Context, contexts, reviewDecision, rollupState } from './rollup.ts';
import { fromNodeId, nodeId } from './shapes.ts';
import type { Comment, Issue, Pull, Repository } from './state.ts';
import type { World } from './world.ts';

interface Question {
  readonly world: World;
  readonly actor: Actor;
  readonly query: string;
  readonly variables: JsonObject;
}

class GraphqlError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** The value of an argument inside a field: `name: "literal"`, `name: 7`, `name: ENUM` or `name: $variable`. */
function argument({ query, variables }: Question, name: string): string | undefined {
  const found = new RegExp(`\\b${name}\\s*:\\s*(?:"([^"]*)"|\\$(\\w+)|(\\w+))`).exec(
    query.replace(/^[^{]*\([^)]*\)\s*(?=\{)/, ''),
  );
  const variable = found?.[2] === undefined ? undefined : variables[found[2]];
  const value = found?.[1] ?? found?.[3] ?? variable;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function need(question: Question, repo: Repository, ...needs: string[]): void {
  const { actor } = question;
  const able =
    actor.kind === 'installation'
      ? needs.some((each) => grants(actor.permissions, each))
      : actor.kind === 'user';
  if (!visible(question.world, actor, repo) || !able)
    throw new GraphqlError('FORBIDDEN', 'Resource not accessible by integration');
}

function theComment(question: Question): { repo: Repository; comment: Comment } {
  const input = object(question.variables, 'input');
  const subject = text(input, 'subjectId') ?? argument(question, 'subjectId') ?? '';
  const { kind, id } = fromNodeId(subject);
  for (const repo of question.world.repos.values()) {
    const comment = kind === 'IC' ? repo.comments.get(id) : undefined;
    if (comment !== undefined) return { repo, comment };
  }
  throw new GraphqlError('NOT_FOUND', `Could not resolve to a node with the global id of '${subject}'`);
}

const CLASSIFIERS = new Set(['SPAM', 'ABUSE', 'OFF_TOPIC', 'OUTDATED', 'DUPLICATE', 'RESOLVED']);

function minimize(question: Question, to: string | undefined): JsonObject {
  const { repo, comment } = theComment(question);
  need(question, repo, 'issues=write', 'pull_requests=write');
  comment.minimized = to?.toLowerCase().replace('_', '-');
  question.world.say(
    'comment.minimized',
    repo,
    { id: comment.id, reason: comment.minimized ?? null },
    comment.issue.number,
  );
  return { isMinimized: to !== undefined, minimizedReason: comment.minimized ?? null };
}

function minimizeComment(question: Question): JsonObject {
  const classifier =
    text(object(question.variables, 'input'), 'classifier') ?? argument(question, 'classifier') ?? '';
  if (!CLASSIFIERS.has(classifier))
    throw new GraphqlError(
      'argumentLiteralsIncompatible',
      `Argument 'classifier' on InputObject 'MinimizeCommentInput' has an invalid value (${classifier}).`,
    );
  return { minimizeComment: { clientMutationId: null, minimizedComment: minimize(question, classifier) } };
}

function contextJson(repo: Repository, pull: Pull, context: Context): JsonObject {
  const isRequired = repo.protections.get(pull.base.ref)?.requiredChecks.includes(context.name) ?? false;
  const { run, status } = context;
  if (run !== undefined) {
    const app = { databaseId: run.app.id, slug: run.app.slug };
    return {
      __typename: 'CheckRun',
      name: run.name,
      databaseId: run.id,
      status: run.status.toUpperCase(),
      conclusion: run.conclusion?.toUpperCase() ?? null,
      isRequired,
      startedAt: run.startedAt,
      completedAt: run.completedAt,
      detailsUrl: run.detailsUrl,
      checkSuite: { app, workflowRun: null },
    };
  }
  return {
    __typename: 'StatusContext',
    context: context.name,
    state: status?.state.toUpperCase() ?? 'PENDING',
    isRequired,
    targetUrl: status?.targetUrl ?? null,
  };
}

function connection(nodes: Json[]): JsonObject {
  return { totalCount: nodes.length, nodes, pageInfo: { hasNextPage: false, endCursor: null } };
}

function pullNode(world: World, repo: Repository, issue: Issue, pull: Pull): JsonObject {
  const all = contexts(repo, pull.head.sha);
  const rollup =
    all.length === 0
      ? null
      : { state: rollupState(all), contexts: connection(all.map((each) => contextJson(repo, pull, each))) };
  const commit = { oid: pull.head.sha, statusCheckRollup: rollup };
  return {
    id: nodeId('PR', pull.id),
    number: issue.number,
    title: issue.title,
    isDraft: pull.draft,
    state: pull.merged === undefined ? issue.state.toUpperCase() : 'MERGED',
    merged: pull.merged !== undefined,
    reviewDecision: reviewDecision(world, repo, pull) ?? null,
    headRefOid: pull.head.sha,
    headRefName: pull.head.ref,
    baseRefName: pull.base.ref,
    statusCheckRollup: rollup,
    commits: { totalCount: 1, nodes: [{ commit }] },
  };
}

function pullRequest(question: Question): JsonObject {
  const { world, actor } = question;
  const [owner, name, number] = [
    argument(question, 'owner') ?? '',
    argument(question, 'name') ?? '',
    Number(argument(question, 'number')),
  ];
  const repo = world.repo(owner, name) ?? world.moved.get(`${owner}/${name}`.toLowerCase());
  if (repo === undefined || !visible(world, actor, repo))
    throw new GraphqlError(
      'NOT_FOUND',
      `Could not resolve to a Repository with the name '${owner}/${name}'.`,
    );
  need(question, repo, 'pull_requests=read');
  const issue = repo.issues.get(number);
  if (issue?.pull === undefined)
    throw new GraphqlError('NOT_FOUND', `Could not resolve to a PullRequest with the number of ${number}.`);
  return { repository: { pullRequest: pullNode(world, repo, issue, issue.pull) } };
}

/** Fields that the pull request's answer holds; a query that asks for any other is not known here. */
const PULL_FIELDS = new Set(
  'repository pullRequest id number title isDraft state merged reviewDecision headRefOid headRefName baseRefName statusCheckRollup commits totalCount nodes commit oid contexts pageInfo hasNextPage endCursor __typename name databaseId status conclusion isRequired startedAt completedAt detailsUrl checkSuite app slug workflowRun context targetUrl CheckRun StatusContext on'.split(
    ' ',
  ),
);

function unknownField(query: string): string | undefined {
  const selections = query.slice(query.indexOf('{')).replaceAll(/\([^)]*\)|#.*$/gm, ' ');
  return [...selections.matchAll(/\w+/g)].map(([word]) => word).find((word) => !PULL_FIELDS.has(word));
}

function resolve(question: Question): JsonObject {
  const { query } = question;
  const mutation = /^\s*mutation\b/.test(query);
  if (mutation && /\bunminimizeComment\s*\(/.test(query))
    return { unminimizeComment: { unminimizedComment: minimize(question, undefined) } };
  if (mutation && /\bminimizeComment\s*\(/.test(query)) return minimizeComment(question);
  if (!mutation && /\brepository\s*\(/.test(query) && /\bpullRequest\s*\(/.test(query)) {
    const unknown = unknownField(query);
    if (unknown !== undefined)
      throw new GraphqlError('undefinedField', `Field '${unknown}' is not one the double knows`);
    return pullRequest(question);
  }
  throw new GraphqlError('undefinedField', 'the double does not know this query');
}

/** GraphQL says 200 to its errors too. */
export async function graphql(world: World, actor: Actor, body: Json): Promise<Reply> {
  if (actor.kind === 'anonymous') throw new Refusal(401, 'This endpoint requires you to be authenticated.');
  const query = text(body, 'query');
  if (query === undefined)
    throw new Refusal(400, 'A query attribute must be specified and must be a string.');
  try {
    return ok({
      data: await world.alone(async () =>
        resolve({ world, actor, query, variables: object(body, 'variables') }),
      ),
    });
  } catch (error) {
    if (!(error instanceof GraphqlError)) throw error;
    return ok({
      data: null,
      errors: [{ type: error.type, path: [], locations: [{ line: 1, column: 1 }], message: error.message }],
    });
  }
}
