// GitHub's Deployments, one for each stack of a run, so that the Environments page and its history are right.
// They record what is done and decide nothing: when GitHub refuses one, the deploy goes on.
import { z } from 'zod';
import { place } from './repo.ts';
import type { Repo } from './repo.ts';

export interface StackDeployment {
  readonly stack: string;
  readonly id: number;
}

export type DeploymentState = 'queued' | 'in_progress' | 'success' | 'failure';

export interface DeploymentStart {
  readonly commit: string;
  readonly stacks: readonly string[];
  readonly run: string;
  readonly plan: string;
  readonly hosts: readonly string[];
  /** Some may have been begun already, and their ids were not kept. */
  readonly again: boolean;
}

export async function startDeployments(
  repo: Repo,
  start: DeploymentStart,
): Promise<readonly StackDeployment[]> {
  const { commit, run, plan, hosts } = start;
  const known = start.again ? await findDeployments(repo, { commit, run }) : new Map<string, number>();
  const started = await Promise.all(
    start.stacks.map(async (stack) => {
      const payload = { run, plan, hosts: hosts.join(' ') };
      const id = known.get(stack) ?? (await createDeployment(repo, { commit, stack, payload }));
      return id === undefined ? [] : [{ stack, id }];
    }),
  );
  return started.flat();
}

/** Tells the state of each; `logUrl` is where the deploy can be followed. */
export async function tellDeployments(
  repo: Repo,
  deployments: readonly StackDeployment[],
  told: { readonly state: DeploymentState; readonly logUrl: string; readonly description: string },
): Promise<void> {
  for (const { id, stack } of deployments) {
    try {
      await repo.octokit.rest.repos.createDeploymentStatus({
        ...place(repo),
        deployment_id: id,
        state: told.state,
        log_url: told.logUrl,
        description: told.description.slice(0, MAX_DESCRIPTION),
      });
    } catch (error) {
      repo.log.warn({ err: error, stack }, 'the state of the deployment could not be told');
    }
  }
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

/** Those of a run, by their stack. */
async function findDeployments(
  repo: Repo,
  { commit, run }: Pick<DeploymentStart, 'commit' | 'run'>,
): Promise<ReadonlyMap<string, number>> {
  const { data } = await repo.octokit.rest.repos.listDeployments({
    ...place(repo),
    sha: commit,
    per_page: 100,
  });
  const mine = data.filter(({ payload }) => Payload.safeParse(payload).data?.run === run);
  return new Map(mine.map(({ environment, id }) => [environment, id]));
}

/** https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status */
const MAX_DESCRIPTION = 140;

interface Deployment {
  readonly commit: string;
  readonly stack: string;
  readonly payload: Readonly<Record<string, string>>;
}

async function createDeployment(
  repo: Repo,
  { commit, stack, payload }: Deployment,
): Promise<number | undefined> {
  try {
    const { data } = await repo.octokit.rest.repos.createDeployment({
      ...place(repo),
      ref: commit,
      environment: stack,
      auto_merge: false,
      // Our own gates are the ones that count: required checks would wait for the check run of this very deploy.
      required_contexts: [],
      payload: { ...payload },
      description: `Plan ${payload['plan']?.slice(0, 12) ?? ''}`,
    });
    return 'id' in data ? data.id : undefined;
  } catch (error) {
    repo.log.warn({ err: error, stack }, 'the deployment could not be recorded');
    return undefined;
  }
}
