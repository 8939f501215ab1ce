// Carries out accepted runs. A run is durable: when the server that follows it is gone, another one or the next start
// follows it under its own id, and the host picks it up where it is; and one whose end could not be shown is shown later.
import { setTimeout as wait } from 'node:timers/promises';
import type { Reason } from '../core/reason.ts';
import type { Ended, NewRun, Run } from '../store/runs.ts';
import { renderDeployCheck } from '../render/check-run.ts';
import { watchCancel } from './cancel.ts';
import { readFiles } from './contents.ts';
import { reasonOf } from './failure.ts';
import { retryAfter } from './patience.ts';
import { connectTo } from './identify.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { recheckRun } from './request-deploy.ts';
import { finishPosts, postUnbegun, startPosts } from './run-posts.ts';
import type { Course } from './run-posts.ts';

export interface Runner {
  /** Resolves when the run has ended and all is posted, here or by another server; never rejects. */
  readonly follow: (repo: Repo, run: NewRun) => Promise<void>;
  /** Follows what has not ended and shows what has ended and was not shown, where no other server does. */
  readonly resume: () => Promise<void>;
  /** The same for runs that were not tried here before: what other servers have left. */
  readonly adopt: () => Promise<void>;
  /** Resolves when no run is followed any more. */
  readonly idle: () => Promise<void>;
}

/** What could not be shown for a day is in the store and the log only. */
const SHOWN_WITHIN = 24 * 60 * 60_000;

export function createRunner(world: GithubWorld): Runner {
  const followed = new Map<string, Promise<void>>();
  const tried = new Set<string>();
  const follow: Runner['follow'] = (repo, run) => {
    const known = followed.get(run.id);
    if (known) return known;
    tried.add(run.id);
    const following = followHere(world, repo, run)
      .catch((error: unknown) => {
        repo.log.error({ err: error, run: run.id }, 'the run could not be followed');
        tryLater(world, error, run.id, follow);
      })
      .finally(() => followed.delete(run.id));
    followed.set(run.id, following);
    return following;
  };
  const take = async (wanted: (run: Run) => boolean): Promise<void> => {
    const since = new Date(world.now().getTime() - SHOWN_WITHIN);
    const runs = await world.store.runs.untold(since);
    for (const run of runs.filter(wanted)) {
      try {
        void follow(await connectTo(world, run, { run: run.id }), run);
      } catch (error) {
        // Of one installation that is suspended or gone; the others must not wait for it.
        world.log.warn({ err: error, run: run.id }, 'GitHub gives no access to where the run belongs');
      }
    }
  };
  return {
    follow,
    resume: () => take(() => true),
    adopt: () => take(({ id }) => !tried.has(id)),
    idle: async () => {
      await Promise.all(followed.values());
    },
  };
}

/** Runs that are found here are tried again at the next start, too. */
function tryLater(world: GithubWorld, error: unknown, run: string, follow: Runner['follow']): void {
  const pause = Math.max(world.patience.again, retryAfter(error, world.now()) ?? 0);
  const again = async (): Promise<void> => {
    const kept = await world.store.runs.read(run);
    // The repository may have been handed on since, to where another installation speaks for it.
    if (kept && !kept.told) await follow(await connectTo(world, kept, { run }), kept);
  };
  const failed = (reason: unknown): void =>
    world.log.warn({ err: reason, run }, 'the run could not be taken up again; the next look tries it');
  setTimeout(() => void again().catch(failed), pause).unref();
}

/** Milliseconds between two looks at a run that another server follows. */
const BETWEEN = 1000;

/** Until it is over: the other server may be gone before that. */
async function followHere(world: GithubWorld, repo: Repo, { id }: NewRun): Promise<void> {
  for (;;) {
    const claimed = await world.store.runs.claim(id);
    switch (claimed.is) {
      case 'mine':
        return carryOut(world, repo, claimed.run);
      case 'over':
        return;
      case 'elsewhere':
        await wait(BETWEEN);
        break;
      default:
        return claimed satisfies never;
    }
  }
}

async function carryOut(world: GithubWorld, repo: Repo, run: Run): Promise<void> {
  const { runs } = world.store;
  if (run.ended?.is === 'refused' && !run.posts.begun) {
    await postUnbegun(world, repo, run, [run.ended.reason]);
    return runs.tell(run.id);
  }
  const course = await begin(world, repo, run);
  if (!course) return;
  const ended = run.ended ?? (await deploy(world, repo, course));
  if (!run.ended) await runs.end(run.id, ended);
  await finishPosts(world, repo, course, ended);
  await runs.tell(run.id);
}

/** undefined: it could not even begin, and that was said. What had begun before a restart is tried again later instead. */
async function begin(world: GithubWorld, repo: Repo, run: Run): Promise<Course | undefined> {
  try {
    const refused = run.posts.begun ? [] : await recheckRun(world, repo, run);
    if (refused.length > 0) return await refuse(world, repo, run, refused);
    const read = await readFiles(repo, run.commit);
    if (read.is === 'refused') throw new Error(read.reason.message);
    return await startPosts(world, repo, { run, files: read.is === 'files' ? read.files : new Map() });
  } catch (error) {
    if (run.posts.begun) throw error;
    repo.log.error({ err: error, run: run.id }, 'the run could not begin');
    return refuse(world, repo, run, [reasonOf(error, run.id)]);
  }
}

async function refuse(
  world: GithubWorld,
  repo: Repo,
  run: Run,
  reasons: readonly Reason[],
): Promise<undefined> {
  const [reason] = reasons;
  if (reason) await world.store.runs.end(run.id, { is: 'refused', reason });
  await postUnbegun(world, repo, run, reasons);
  await world.store.runs.tell(run.id);
}

async function deploy(world: GithubWorld, repo: Repo, course: Course): Promise<Ended> {
  const { run, plan, files, check } = course;
  const { only, skip = [], held = [] } = run.request;
  const cancel = watchCancel(world, run.id);
  try {
    return await world.deployerOf(repo).deploy({
      plan,
      files,
      run: run.id,
      by: run.by,
      cancel: cancel.signal,
      resumed: run.posts.begun,
      ...(only ? { only } : {}),
      ...(skip.length > 0 ? { skip } : {}),
      ...(held.length > 0 ? { held } : {}),
      report: (report) => check.update(renderDeployCheck(report, plan)),
    });
  } catch (error) {
    world.log.error({ err: error, run: run.id }, 'the deploy failed of itself');
    return { is: 'lost', reason: reasonOf(error, run.id) };
  } finally {
    cancel.stop();
  }
}
