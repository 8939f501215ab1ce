// Commit statuses, the older sibling of check runs: set by whoever may, the newest of each context counts.
import { commitOf } from './checks-rest.ts';
import {
  type Operation,
  type RepoCall,
  type Reply,
  Refusal,
  created,
  ok,
  onRepo,
  paged,
  param,
} from './http.ts';
import { type JsonObject, text } from './json.ts';
import { latestStatuses } from './rollup.ts';
import { accountJson, nodeId, repoApi, repoJson } from './shapes.ts';
import { type Account, type CommitStatus, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

const STATES = new Set(['error', 'failure', 'pending', 'success']);
const MOST_DESCRIPTION = 140;

interface NewStatus {
  readonly sha: string;
  readonly state: string;
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: Account;
}

export function addStatus(world: World, repo: Repository, given: NewStatus): CommitStatus {
  const status = { ...given, id: world.nextId(), createdAt: stamp() };
  repo.statuses.push(status);
  world.say('status', repo, { sha: given.sha, context: given.context, state: given.state });
  return status;
}

function briefJson(call: RepoCall, status: CommitStatus): JsonObject {
  return {
    id: status.id,
    node_id: nodeId('SC', status.id),
    url: `${repoApi(call.world, call.repo)}/statuses/${status.sha}`,
    avatar_url: `${call.world.url}/avatars/u/${status.creator.id}`,
    state: status.state,
    context: status.context,
    description: status.description,
    target_url: status.targetUrl,
    created_at: status.createdAt,
    updated_at: status.createdAt,
  };
}

function statusJson(call: RepoCall, status: CommitStatus): JsonObject {
  return { ...briefJson(call, status), creator: accountJson(call.world, status.creator) };
}

async function create(call: RepoCall): Promise<Reply> {
  const [state, description] = [text(call.body, 'state') ?? '', text(call.body, 'description') ?? null];
  const sha = await commitOf(call, param(call, 'sha'));
  if (!STATES.has(state)) throw new Refusal(422, 'Validation Failed');
  if ((description ?? '').length > MOST_DESCRIPTION)
    throw new Refusal(422, 'Validation Failed', {
      errors: [
        {
          resource: 'Status',
          field: 'description',
          code: 'custom',
          message: `description is too long (maximum is ${MOST_DESCRIPTION} characters)`,
        },
      ],
    });
  const context = text(call.body, 'context') ?? 'default';
  const targetUrl = text(call.body, 'target_url') ?? null;
  const given = { sha, state, context, description, targetUrl, creator: call.by };
  return created(statusJson(call, addStatus(call.world, call.repo, given)));
}

async function list(call: RepoCall): Promise<Reply> {
  const sha = await commitOf(call);
  const own = call.repo.statuses.filter((status) => status.sha === sha);
  return paged(call, own.toReversed(), (status) => statusJson(call, status));
}

/** Check runs have no part in it: https://docs.github.com/en/rest/commits/statuses */
async function combined(call: RepoCall): Promise<Reply> {
  const sha = await commitOf(call);
  const statuses = latestStatuses(call.repo, sha);
  const bad = statuses.some(({ state }) => state === 'failure' || state === 'error');
  const good = statuses.length > 0 && statuses.every(({ state }) => state === 'success');
  const url = `${repoApi(call.world, call.repo)}/commits/${sha}`;
  return ok({
    state: bad ? 'failure' : good ? 'success' : 'pending',
    statuses: statuses.map((status) => briefJson(call, status)),
    sha,
    total_count: statuses.length,
    repository: repoJson(call.world, call.repo),
    commit_url: url,
    url: `${url}/status`,
  });
}

export const statusOperations: Readonly<Record<string, Operation>> = {
  'repos/create-commit-status': onRepo('statuses=write', create),
  'repos/list-commit-statuses-for-ref': onRepo('statuses=read', list),
  'repos/get-combined-status-for-ref': onRepo('statuses=read', combined),
};
