// GitHub Deployments and their statuses, with the three surprises: auto-merge, required contexts, and older ones going inactive.
import { commitOf } from './checks-rest.ts';
import {
  type Operation,
  type RepoCall,
  type Reply,
  Refusal,
  created,
  invalid,
  notFound,
  ok,
  onRepo,
  paged,
  param,
} from './http.ts';
import { type JsonObject, flag, list, text } from './json.ts';
import { pushed } from './pushes.ts';
import { contexts } from './rollup.ts';
import { accountJson, appJson, nodeId, repoApi } from './shapes.ts';
import { type Deployment, type DeploymentStatus, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

const MOST_DESCRIPTION = 140;

function deploymentJson(world: World, repo: Repository, deployment: Deployment): JsonObject {
  const api = repoApi(world, repo);
  const url = `${api}/deployments/${deployment.id}`;
  return {
    id: deployment.id,
    node_id: nodeId('DE', deployment.id),
    url,
    sha: deployment.sha,
    ref: deployment.ref,
    task: deployment.task,
    payload: deployment.payload,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    creator: accountJson(world, deployment.creator),
    created_at: deployment.createdAt,
    updated_at: deployment.updatedAt,
    statuses_url: `${url}/statuses`,
    repository_url: api,
    transient_environment: deployment.transient,
    production_environment: deployment.production,
    performed_via_github_app: deployment.app === undefined ? null : appJson(world, deployment.app),
  };
}

function statusJson(world: World, repo: Repository, of: Deployment, status: DeploymentStatus): JsonObject {
  const api = repoApi(world, repo);
  const url = `${api}/deployments/${of.id}`;
  return {
    id: status.id,
    node_id: nodeId('DES', status.id),
    url: `${url}/statuses/${status.id}`,
    state: status.state,
    description: status.description,
    environment: status.environment,
    target_url: status.logUrl,
    log_url: status.logUrl,
    environment_url: status.environmentUrl,
    creator: accountJson(world, status.creator),
    created_at: status.createdAt,
    updated_at: status.createdAt,
    deployment_url: url,
    repository_url: api,
    performed_via_github_app: status.app === undefined ? null : appJson(world, status.app),
  };
}

/** A branch that is behind gets the default branch merged into it, and no deployment: the caller is to ask again. */
async function autoMerge(call: RepoCall, ref: string, sha: string): Promise<Reply | undefined> {
  const { git, defaultBranch } = call.repo;
  const main = await git.branch(defaultBranch);
  const isBranch = (await git.branch(ref)) !== undefined;
  if (!isBranch || ref === defaultBranch || main === undefined || (await git.contains(sha, main)))
    return undefined;
  const tree = await git.mergeTree(sha, main);
  if (tree === undefined) throw new Refusal(409, `Conflict merging ${defaultBranch} into ${ref}.`);
  const who = { name: call.by.login, email: call.by.email, date: stamp() };
  const message = `Merge branch '${defaultBranch}' into ${ref}`;
  const after = await git.writeCommit({ tree, parents: [sha, main], message, author: who, committer: who });
  await git.setRef(`refs/heads/${ref}`, after);
  await pushed(call.world, { repo: call.repo, ref: `refs/heads/${ref}`, before: sha, after, by: call.by });
  return { status: 202, body: { message: `Auto-merged ${defaultBranch} into ${ref} on deployment.` } };
}

/** Unless told which contexts matter, all of the commit's must have passed. */
function checkContexts(call: RepoCall, ref: string, sha: string): void {
  const all = contexts(call.repo, sha);
  const wanted =
    'required_contexts' in call.body ? list(call.body, 'required_contexts') : all.map(({ name }) => name);
  const passed = wanted.every((name) => all.some((each) => each.name === name && each.passed));
  if (!passed) {
    const shown = all.map(({ name, passed: good, pending }) => ({
      context: name,
      state: good ? 'success' : pending ? 'pending' : 'failure',
    }));
    const errors = [{ contexts: shown, resource: 'Deployment', field: 'required_contexts', code: 'invalid' }];
    throw new Refusal(409, `Conflict: Commit status checks failed for ${ref}.`, { errors });
  }
}

async function create(call: RepoCall): Promise<Reply> {
  const ref = text(call.body, 'ref') ?? '';
  const sha = await commitOf(call, ref);
  const merged = flag(call.body, 'auto_merge') === false ? undefined : await autoMerge(call, ref, sha);
  if (merged !== undefined) return merged;
  checkContexts(call, ref, sha);
  const environment = text(call.body, 'environment') ?? 'production';
  const now = stamp();
  const deployment: Deployment = {
    id: call.world.nextId(),
    sha,
    ref,
    task: text(call.body, 'task') ?? 'deploy',
    environment,
    description: text(call.body, 'description') ?? null,
    payload: call.body['payload'] ?? {},
    transient: flag(call.body, 'transient_environment') ?? false,
    production: flag(call.body, 'production_environment') ?? environment === 'production',
    creator: call.by,
    app: call.app,
    createdAt: now,
    updatedAt: now,
    statuses: [],
  };
  call.repo.deployments.set(deployment.id, deployment);
  const written = deploymentJson(call.world, call.repo, deployment);
  call.world.outbox.emit('deployment.created', call.repo, call.by, {
    deployment: written,
    workflow: null,
    workflow_run: null,
  });
  call.world.say('deployment.created', call.repo, { id: deployment.id, environment, sha });
  return created(written);
}

function theDeployment(call: RepoCall): Deployment {
  const deployment = call.repo.deployments.get(Number(param(call, 'deployment_id')));
  if (deployment === undefined) throw notFound();
  return deployment;
}

export function deploymentState(deployment: Deployment): string {
  return deployment.statuses.at(-1)?.state ?? 'pending';
}

/** As documented: only from success, and neither transient nor production environments. https://docs.github.com/en/rest/deployments/statuses */
function retireOlder(call: RepoCall, newest: Deployment): void {
  for (const older of call.repo.deployments.values()) {
    const same = older.id < newest.id && older.environment === newest.environment;
    if (same && !older.transient && !older.production && deploymentState(older) === 'success')
      addStatus(call, older, 'inactive', '');
  }
}

function addStatus(
  call: RepoCall,
  deployment: Deployment,
  state: string,
  description: string,
): DeploymentStatus {
  const { world, repo, by, app } = call;
  const status: DeploymentStatus = {
    id: world.nextId(),
    state,
    description,
    environment: text(call.body, 'environment') ?? deployment.environment,
    environmentUrl: text(call.body, 'environment_url') ?? '',
    logUrl: text(call.body, 'log_url') ?? text(call.body, 'target_url') ?? '',
    creator: by,
    app,
    createdAt: stamp(),
  };
  deployment.statuses.push(status);
  deployment.updatedAt = status.createdAt;
  world.outbox.emit('deployment_status.created', repo, by, {
    deployment: deploymentJson(world, repo, deployment),
    deployment_status: statusJson(world, repo, deployment, status),
    check_run: null,
    workflow: null,
    workflow_run: null,
  });
  world.say('deployment_status', repo, { id: deployment.id, environment: deployment.environment, state });
  return status;
}

function createStatus(call: RepoCall): Reply {
  const deployment = theDeployment(call);
  const [state, description] = [text(call.body, 'state') ?? '', text(call.body, 'description') ?? ''];
  if (description.length > MOST_DESCRIPTION)
    throw invalid(
      'DeploymentStatus',
      'description',
      'custom',
      `description is too long (maximum is ${MOST_DESCRIPTION} characters)`,
    );
  const status = addStatus(call, deployment, state, description);
  if (state === 'success' && flag(call.body, 'auto_inactive') !== false) retireOlder(call, deployment);
  return created(statusJson(call.world, call.repo, deployment, status));
}

function listDeployments(call: RepoCall): Promise<Reply> {
  const asked = (['sha', 'ref', 'task', 'environment'] as const).map(
    (name) => [name, call.query.get(name)] as const,
  );
  const found = [...call.repo.deployments.values()].filter((deployment) =>
    asked.every(([name, value]) => value === null || value === 'none' || deployment[name] === value),
  );
  return paged(call, found.toReversed(), (each) => deploymentJson(call.world, call.repo, each));
}

function listStatuses(call: RepoCall): Promise<Reply> {
  const deployment = theDeployment(call);
  return paged(call, deployment.statuses.toReversed(), (each) =>
    statusJson(call.world, call.repo, deployment, each),
  );
}

function getStatus(call: RepoCall): Reply {
  const deployment = theDeployment(call);
  const status = deployment.statuses.find(({ id }) => id === Number(param(call, 'status_id')));
  if (status === undefined) throw notFound();
  return ok(statusJson(call.world, call.repo, deployment, status));
}

export const deploymentOperations: Readonly<Record<string, Operation>> = {
  'repos/create-deployment': onRepo('deployments=write', create),
  'repos/list-deployments': onRepo('deployments=read', listDeployments),
  'repos/get-deployment': onRepo('deployments=read', (call) =>
    ok(deploymentJson(call.world, call.repo, theDeployment(call))),
  ),
  'repos/create-deployment-status': onRepo('deployments=write', createStatus),
  'repos/list-deployment-statuses': onRepo('deployments=read', listStatuses),
  'repos/get-deployment-status': onRepo('deployments=read', getStatus),
};
