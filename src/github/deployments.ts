// GitHub's Deployments, one for each stack of a run, so that the Environments page and its history are right.
// They record what is done and decide nothing: when GitHub refuses one, the deploy goes on.
import { z } from 'zod';
import { mayBeDone, ONCE } from './octokit.ts';
import { place } from './repo.ts';
import type { Repo } from './repo.ts';

export type DeploymentState = 'queued' | 'in_progress' | 'success' | 'failure';

export interface StackDeployment {
  readonly stack: string;
  readonly id: number;
}

export interface DeploymentStart {
  readonly commit: string;
  readonly stack: string;
  readonly run: string;
  readonly plan: string;
  readonly hosts: readonly string[];
  /** It may have been begun already, and its id was not kept. */
  readonly again: boolean;
}

/** Rejects when GitHub does not take it. When its answer is lost, the deployment may be there: then it is not made twice. */
export async function startDeployment(repo: Repo, start: DeploymentStart): Promise<StackDeployment> {
  const known = start.again ? await findDeployment(repo, start) : undefined;
  if (known) return known;
  try {
    return await createDeployment(repo, start);
  } catch (error) {
    if (!mayBeDone(error)) throw error;
    return (await findDeployment(repo, start)) ?? createDeployment(repo, start);
  }
}

/** `logUrl` is where the deploy can be followed. */
export async function tellDeployment(
  repo: Repo,
  { id }: StackDeployment,
  told: { readonly state: DeploymentState; readonly logUrl: string; readonly description: string },
): Promise<void> {
  await repo.octokit.rest.repos.createDeploymentStatus({
    ...place(repo),
    deployment_id: id,
    state: told.state,
    log_url: told.logUrl,
    description: told.description.slice(0, MAX_DESCRIPTION),
  });
}

/** A commit that our App deployed once. */
export interface DeployedOnce {
  readonly commit: string;
  /** Whether that came to a good end. A later one that did makes GitHub call it inactive, so all that was said counts. */
  readonly wasGood: () => Promise<boolean>;
}

/** Newest first; of all stacks, or of one. What others recorded in the same environments is no word of ours. */
export async function readDeployed(
  repo: Repo,
  appId: number,
  stack: string | undefined,
): Promise<readonly DeployedOnce[]> {
  const { data } = await repo.octokit.rest.repos.listDeployments({
    ...place(repo),
    ...(stack === undefined ? {} : { environment: stack }),
    per_page: 100,
  });
  const ours = data.filter(({ performed_via_github_app: app }) => app?.id === appId);
  return ours.map(({ id: deployment_id, sha: commit }) => {
    const wasGood = async (): Promise<boolean> => {
      const { listDeploymentStatuses } = repo.octokit.rest.repos;
      const said = await listDeploymentStatuses({ ...place(repo), deployment_id, per_page: 100 });
      return said.data.some(({ state }) => state === 'success');
    };
    return { commit, wasGood };
  });
}

const Payload = z.object({ run: z.string() });

async function findDeployment(
  repo: Repo,
  { commit, stack, run }: DeploymentStart,
): Promise<StackDeployment | undefined> {
  const { data } = await repo.octokit.rest.repos.listDeployments({
    ...place(repo),
    sha: commit,
    environment: stack,
    per_page: 100,
  });
  const mine = data.find(({ payload }) => Payload.safeParse(payload).data?.run === run);
  return mine && { stack, id: mine.id };
}

/** https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status */
const MAX_DESCRIPTION = 140;

async function createDeployment(
  repo: Repo,
  { commit, stack, run, plan, hosts }: DeploymentStart,
): Promise<StackDeployment> {
  const { data } = await repo.octokit.rest.repos.createDeployment({
    ...place(repo),
    ref: commit,
    environment: stack,
    auto_merge: false,
    // Our own gates are the ones that count: required checks would wait for the check run of this very deploy.
    required_contexts: [],
    payload: { run, plan, hosts: hosts.join(' ') },
    description: `Plan ${plan.slice(0, 12)}`,
    request: ONCE,
  });
  if ('id' in data) return { stack, id: data.id };
  throw new Error(`GitHub made no deployment: ${data.message ?? ''}`);
}
