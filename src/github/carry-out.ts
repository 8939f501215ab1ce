// Carries out accepted runs. A run is durable: after a restart it is followed again under its own id, and the host
// picks it up where it is. What becomes of it is written by run-posts.
import type { Deployed } from '../deploy.ts';
import { succeeded } from '../core/report.ts';
import { renderDeployCheck } from '../render/check-run.ts';
import type { NewRun } from '../store/runs.ts';
import { readFiles } from './contents.ts';
import { reasonOf } from './failure.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { finishPosts, postLost, startPosts } from './run-posts.ts';
import type { Course } from './run-posts.ts';

export interface Runner {
  /** Resolves when the run has ended and all is posted; never rejects. The same run is followed once. */
  readonly follow: (repo: Repo, run: NewRun) => Promise<void>;
  /** Follows again what was under way when the process ended. */
  readonly resume: () => Promise<void>;
  /** Resolves when no run is followed any more. */
  readonly idle: () => Promise<void>;
}

export function createRunner(world: GithubWorld): Runner {
  const followed = new Map<string, Promise<void>>();
  const follow: Runner['follow'] = (repo, run) => {
    const known = followed.get(run.id);
    if (known) return known;
    const following = carryOut(world, repo, run)
      .catch((error: unknown) => repo.log.error({ err: error, run: run.id }, 'the run could not be followed'))
      .finally(() => followed.delete(run.id));
    followed.set(run.id, following);
    return following;
  };
  return {
    follow,
    resume: async () => {
      for (const run of await world.store.runs.running()) void follow(await repoOf(world, run), run);
    },
    idle: async () => {
      await Promise.all(followed.values());
    },
  };
}

async function repoOf(world: GithubWorld, { id, repo, installation }: NewRun): Promise<Repo> {
  const [owner = '', name = ''] = repo.split('/');
  const octokit = await world.connect(installation);
  return { octokit, owner, name, installation, log: world.log.child({ run: id }), blobs: world.blobs };
}

async function carryOut(world: GithubWorld, repo: Repo, run: NewRun): Promise<void> {
  // It has ended already when a delivery that asked for it arrives once more.
  if ((await world.store.runs.read(run.id))?.state !== 'running') return;
  let ended = false;
  try {
    const course = await startPosts(world, repo, run);
    const deployed = await deploy(world, repo, course);
    const good = deployed.is === 'report' && succeeded(deployed.report);
    const report = deployed.is === 'report' ? deployed.report : null;
    await world.store.runs.end(run.id, good ? 'done' : 'failed', report);
    ended = true;
    await finishPosts(world, repo, course, deployed);
  } catch (error) {
    if (!ended) await world.store.runs.end(run.id, 'failed', null);
    await postLost(world, repo, run, reasonOf(error, run.id));
    throw error;
  }
}

async function deploy(world: GithubWorld, repo: Repo, { run, plan, check }: Course): Promise<Deployed> {
  const read = await readFiles(repo, run.commit);
  if (read.is === 'refused') return { is: 'refused', reason: read.reason };
  const { only, skip } = run.request;
  return world.deployer.deploy({
    plan,
    files: read.is === 'files' ? read.files : new Map(),
    run: run.id,
    by: run.by,
    ...(only ? { only } : {}),
    ...(skip ? { skip } : {}),
    report: (report) => check.update(renderDeployCheck(report, plan)),
  });
}
