// The Deployments of a run: one for each of its stacks, begun once, and told each state once, however often that is tried.
// Which there are and what they were told is kept with the run.
import type { Plan } from '../core/plan.ts';
import type { Run } from '../store/runs.ts';
import { startDeployment, tellDeployment } from './deployments.ts';
import type { DeploymentState, StackDeployment } from './deployments.ts';
import { mayPass } from './may-pass.ts';
import type { GithubWorld, Repo } from './repo.ts';

export interface Recording {
  readonly world: GithubWorld;
  readonly repo: Repo;
  readonly run: Run;
  readonly plan: Plan;
  /** Where the deploy can be followed. */
  readonly logUrl: string;
}

/** Those that there are, and why one of the others is still to be tried. */
export interface Recorded {
  readonly deployments: readonly StackDeployment[];
  readonly later?: unknown;
}

/** Begins what was not begun yet. The deploy does not depend on it: what fails is tried again when the deploy has ended. */
export async function recordRun(recording: Recording): Promise<Recorded> {
  const { world, repo, run, plan } = recording;
  const kept: readonly StackDeployment[] = run.posts.deployments;
  const { commit, hosts } = run;
  const start = { commit, run: run.id, plan: plan.digest, hosts, again: run.posts.begun };
  const left = stacksOf(run, plan).filter((name) => !kept.some(({ stack }) => stack === name));
  const begun = await Promise.allSettled(left.map((stack) => startDeployment(repo, { ...start, stack })));
  const made = begun.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failures = begun.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
  for (const error of failures) repo.log.warn({ err: error }, 'a deployment could not be recorded');
  const later = failures.find((error) => mayPass(error, world.now()));
  const deployments = [...kept, ...made];
  if (made.length > 0) await keep(world, run.id, () => deployments);
  const description = `asked for by ${run.by}`;
  await tellAll(recording, made, { state: 'in_progress', description });
  return { deployments, later };
}

export interface Telling {
  readonly state: DeploymentState;
  readonly description: string;
}

/** Rejects when one could not be told, or not even begun, and that may pass. */
export async function tellRun(
  recording: Recording,
  { deployments, later }: Recorded,
  telling: Telling,
): Promise<void> {
  const failed = await tellAll(recording, deployments, telling);
  if (later !== undefined) throw later;
  if (failed !== undefined) throw failed;
}

/** Answers with what may go well later, if anything. */
async function tellAll(
  { world, repo, run: { id }, logUrl }: Recording,
  deployments: readonly StackDeployment[],
  { state, description }: Telling,
): Promise<unknown> {
  let later: unknown;
  const known = (await world.store.runs.read(id))?.posts.deployments ?? [];
  const told = known.filter((each) => each.told === state).map((each) => each.id);
  for (const deployment of deployments.filter((each) => !told.includes(each.id))) {
    try {
      await tellDeployment(repo, deployment, { state, logUrl, description });
    } catch (error) {
      repo.log.warn({ err: error, stack: deployment.stack }, 'the state of a deployment could not be told');
      if (mayPass(error, world.now())) {
        later = error;
        continue;
      }
    }
    await keep(world, id, (all) =>
      all.map((each) => (each.id === deployment.id ? { ...each, told: state } : each)),
    );
  }
  return later;
}

type Kept = Run['posts']['deployments'];

async function keep(
  { store }: GithubWorld,
  id: string,
  change: (all: Kept) => readonly Kept[number][],
): Promise<void> {
  const run = await store.runs.read(id);
  if (!run) return;
  const { posts } = run;
  await store.runs.keepPosts(id, { ...posts, deployments: [...change(posts.deployments)] });
}

function stacksOf(run: Run, plan: Plan): readonly string[] {
  const changes = plan.hosts.filter((host) => run.hosts.includes(host.host)).flatMap((host) => host.changes);
  return plan.stacks.filter((stack) => changes.some((change) => change.stack === stack));
}
