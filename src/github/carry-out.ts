// Carries out accepted runs. A run is durable: when the server that follows it is gone, another one or the next start
// follows it under its own id, and the host picks it up where it is; and one whose end could not be shown is shown later.
import { setTimeout as wait } from 'node:timers/promises';
import { runLimit } from '../core/limit.ts';
import type { Reason } from '../core/reason.ts';
import type { Ended, NewRun, Run } from '../store/runs.ts';
import { renderDeployCheck } from '../render/check-run.ts';
import { watchCancel } from './cancel.ts';
import { openCheck } from './checks.ts';
import { readFiles } from './contents.ts';
import type { ReadFiles } from './contents.ts';
import { reasonOf, showRetry } from './failure.ts';
import { statusOf } from './http-status.ts';
import { connectTo } from './identify.ts';
import { mayPass } from './may-pass.ts';
import { retryAfter } from './patience.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { recheckRun } from './request-deploy.ts';
import { finishPosts, postUnbegun, startPosts } from './run-posts.ts';
import type { Course } from './run-posts.ts';

export interface Runner {
  /** Resolves when the run has ended and all is posted, here or by another server, or is tried again later; never rejects. */
  readonly follow: (repo: Repo, run: NewRun) => Promise<void>;
  /** Follows what has not ended and shows what has ended and was not shown, where no other server does. */
  readonly resume: () => Promise<void>;
  /** Resolves when no run is followed any more. */
  readonly idle: () => Promise<void>;
}

/** Gives access to where a run belongs. */
type Connect = () => Promise<Repo>;

export function createRunner(world: GithubWorld): Runner {
  const followed = new Map<string, Promise<void>>();
  /** How often each could not be followed to its end here; those wait for their next try. */
  const failures = new Map<string, number>();
  const followBy = (id: string, connect: Connect): Promise<void> => {
    const known = followed.get(id);
    if (known) return known;
    const following = followHere(world, id, connect)
      .then(() => void failures.delete(id))
      .catch((error: unknown) => {
        world.log.error({ err: error, run: id }, 'the run could not be followed');
        const times = failures.get(id) ?? 0;
        failures.set(id, times + 1);
        tryLater(world, { id, error, times }, followBy);
      })
      .finally(() => followed.delete(id));
    followed.set(id, following);
    return following;
  };
  return {
    follow: (repo, { id }) => followBy(id, async () => repo),
    resume: async () => {
      const runs = await world.store.runs.untold();
      // None waits for another: an installation may be suspended or gone.
      for (const run of runs.filter(({ id }) => !failures.has(id)))
        void followBy(run.id, () => connectTo(world, run, { run: run.id }));
    },
    idle: async () => {
      await Promise.all(followed.values());
    },
  };
}

interface Failed {
  readonly id: string;
  readonly error: unknown;
  /** How often it had failed before. */
  readonly times: number;
}

/** Longer each time, for as long as the run is kept: an App may be suspended for days. At the next start it is tried at once. */
function tryLater(
  world: GithubWorld,
  { id, error, times }: Failed,
  follow: (id: string, connect: Connect) => Promise<void>,
): void {
  const pause = Math.min(world.patience.again * 2 ** times, LONGEST_PAUSE);
  const again = async (): Promise<void> => {
    await follow(id, async () => {
      const run = await world.store.runs.read(id);
      if (!run) throw new Error(`the store has no run ${id} any more`);
      // The repository may have been handed on since, to where another installation speaks for it.
      return connectTo(world, run, { run: id });
    });
  };
  setTimeout(() => void again(), Math.max(pause, retryAfter(error, world.now()) ?? 0)).unref();
}

/** Milliseconds. */
const LONGEST_PAUSE = 10 * 60_000;

/** Milliseconds between two looks at a run that another server follows. */
const BETWEEN = 1000;

/** Until it is over: the other server may be gone before that. */
async function followHere(world: GithubWorld, id: string, connect: Connect): Promise<void> {
  for (;;) {
    const claimed = await world.store.runs.claim(id);
    switch (claimed.is) {
      case 'mine':
        return carryOut(world, connect, claimed.run);
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

async function carryOut(world: GithubWorld, connect: Connect, run: Run): Promise<void> {
  const { runs } = world.store;
  const { repo, course, reasons } = await takeUp(world, connect, run);
  if (!course) return refuse(world, repo, run, reasons);
  const ended = run.ended ?? (await deploy(world, repo, course));
  if (!run.ended) await runs.end(run.id, ended);
  await finishPosts(world, repo, course, ended);
  await runs.tell(run.id);
}

interface Taken {
  readonly repo: Repo;
  /** undefined: it may not begin, or could not. */
  readonly course?: Course;
  /** Why not. */
  readonly reasons: readonly Reason[];
}

/** Rejects when it is to be taken up later. */
async function takeUp(world: GithubWorld, connect: Connect, run: Run): Promise<Taken> {
  let repo: Repo | undefined;
  try {
    repo = await connect();
    return await begin(world, repo, run);
  } catch (error) {
    const reason = reasonOf(error, run.id);
    if (repo && isFinal(world, run, error)) {
      repo.log.error({ err: error, run: run.id }, 'the run could not begin');
      return { repo, reasons: [reason] };
    }
    await endOverdue(world, run, reason);
    const { check, begun } = run.posts;
    if (repo && check && !begun && !run.ended) showRetry(openCheck(world, repo, check), reason);
    throw error;
  }
}

async function begin(world: GithubWorld, repo: Repo, run: Run): Promise<Taken> {
  if (!run.posts.begun) {
    if (run.ended?.is === 'refused') return { repo, reasons: [run.ended.reason] };
    const reasons = await recheckRun(world, repo, run);
    if (reasons.length > 0) return { repo, reasons };
  }
  // What has ended is only told, and its repository may be gone.
  const read = run.ended ? NO_FILES : await readFiles(repo, run.commit);
  if (read.is === 'refused') throw new Error(read.reason.message);
  const files = read.is === 'files' ? read.files : new Map<string, Uint8Array>();
  return { repo, course: await startPosts(world, repo, { run, files }), reasons: [] };
}

const NO_FILES: ReadFiles = { is: 'absent' };

/** What has begun, and what GitHub may allow again, is taken up later. */
function isFinal(world: GithubWorld, run: Run, error: unknown): boolean {
  const fromGithub = statusOf(error) !== undefined;
  return !run.posts.begun && run.ended === null && !(fromGithub && mayPass(error, world.now()));
}

/** Milliseconds after which nobody expects any more that what they asked for begins; as for a delivery. */
const BEGIN_WITHIN = 2.5 * 60 * 60_000;
/** Milliseconds beyond the longest time that a host is given, for what is on its way there. */
const ASTRAY_BEYOND = 30 * 60_000;

/** Milliseconds after which no host can be at work any more on what nobody follows. */
async function longestAstray({ store }: GithubWorld, run: Run): Promise<number> {
  const stored = await store.plans.find({ repo: run.repo, pull: run.pull }, run.plan);
  const plan = stored.find(({ commit }) => commit === run.commit)?.plan;
  const limits = [{ changes: [] }, ...(plan?.hosts ?? [])].map(runLimit);
  return Math.max(...limits) * 1000 + ASTRAY_BEYOND;
}

/** What cannot be taken up for long must not hold its hosts: then it ends here, and is told when GitHub allows it. */
async function endOverdue(world: GithubWorld, run: Run, reason: Reason): Promise<void> {
  if (run.ended) return;
  const { store, now } = world;
  const { begun, astray = now().toISOString() } = run.posts;
  const since = Date.parse(begun ? astray : run.startedAt);
  const longest = begun ? await longestAstray(world, run) : BEGIN_WITHIN;
  if (now().getTime() - since >= longest) {
    await store.runs.end(run.id, { is: begun ? 'lost' : 'refused', reason });
  } else if (begun && run.posts.astray === undefined) {
    await store.runs.keepPosts(run.id, { ...run.posts, astray });
  }
}

async function refuse(world: GithubWorld, repo: Repo, run: Run, reasons: readonly Reason[]): Promise<void> {
  const [reason] = reasons;
  if (reason && !run.ended) await world.store.runs.end(run.id, { is: 'refused', reason });
  await postUnbegun(world, repo, run, reasons);
  await world.store.runs.tell(run.id);
}

async function deploy(world: GithubWorld, repo: Repo, course: Course): Promise<Ended> {
  const { run, plan, files, check } = course;
  const { only, skip = [], held = [] } = run.request;
  const cancel = watchCancel(world, run.id);
  try {
    const deployed = await world.deployerOf(repo).deploy({
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
    // Of what has begun nobody may say that nothing was done.
    return run.posts.begun && deployed.is === 'refused' ? { is: 'lost', reason: deployed.reason } : deployed;
  } catch (error) {
    world.log.error({ err: error, run: run.id }, 'the deploy failed of itself');
    return { is: 'lost', reason: reasonOf(error, run.id) };
  } finally {
    cancel.stop();
  }
}
