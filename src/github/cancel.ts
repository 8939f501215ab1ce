// /cancel and the button of the same name: the wish is kept beside the run, and whoever follows the run acts on it.
import { setTimeout as wait } from 'node:timers/promises';
import type { Reason } from '../core/reason.ts';
import { renderCancelAsked, renderUnbegunCancelled, renderWaitCancelled } from '../render/stop.ts';
import type { Run } from '../store/runs.ts';
import type { Wait } from '../store/waits.ts';
import { outcomeOf } from './answer.ts';
import type { Outcome } from './answer.ts';
import { authorize } from './authorize.ts';
import { readActor } from './permissions.ts';
import type { Account } from './permissions.ts';
import { readQueued } from './queued.ts';
import type { QueuedMerge } from './queued.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { reason } from './rules/request.ts';
import type { CancelAsk } from './rules/request.ts';
import { namesOf } from './rules/who.ts';
import { pullStateOf, readPolicy, surveyPlace } from './survey.ts';
import { readUnbegun } from './unbegun.ts';
import type { Unbegun } from './unbegun.ts';

export interface CancelAsked {
  readonly pull: number;
  readonly account: Account;
  /** undefined: what goes on for the pull request, or has come for it and begun nothing yet. */
  readonly run: string | undefined;
  /** What brought the wish. */
  readonly delivery: string;
}

export async function cancelRun(world: GithubWorld, repo: Repo, asked: CancelAsked): Promise<Outcome> {
  // Before runs are looked for: what begins one in between is found by that.
  const unbegun = asked.run === undefined ? await readUnbegun(world, repo, asked) : [];
  const found = await findOpen(world, repo, asked);
  if (found && 'code' in found) return outcomeOf([found]);
  const ended = await cancelUnbegun(world, repo, asked, unbegun);
  if (!found) return ended;
  if (!('id' in found)) return cancelWait(world, repo, asked, found);
  const { login } = asked.account;
  const [stored] = await world.store.plans.find({ repo: found.repo, pull: found.pull }, found.plan);
  const refused = await refuseCanceller(world, repo, asked, { startedBy: found.by, plan: stored?.plan });
  if (refused.length > 0) return outcomeOf(refused);
  const kept = await world.store.cancels.ask(found.id, login);
  if (!kept) return outcomeOf([await explainUnasked(world, found)]);
  return { is: 'reply', body: renderCancelAsked(found.id, login) };
}

/** A merge that waits has begun nothing, so that it ends at once. */
async function cancelWait(
  world: GithubWorld,
  repo: Repo,
  asked: CancelAsked,
  found: Wait | QueuedMerge,
): Promise<Outcome> {
  const at = { repo: repo.key, pull: asked.pull };
  const plan = (await world.store.plans.current(at))?.plan;
  const refused = await refuseCanceller(world, repo, asked, { startedBy: found.by, plan });
  if (refused.length > 0) return outcomeOf(refused);
  const { login } = asked.account;
  // One behind others has not said yet that it waits: when its turn comes it finds here that it is not to be deployed.
  if (!('cancelBy' in found))
    await world.store.waits.put(at, found.by, new Date(world.now().getTime() + QUEUED));
  if (!(await world.store.waits.cancel(at, login)))
    return outcomeOf([
      reason('COMMAND_INVALID', 'the merge waits no more, or was asked to end its wait already', '/status'),
    ]);
  const run = await askMeanwhile(world, repo, asked, [found.by]);
  return {
    is: 'reply',
    body: run === undefined ? renderWaitCancelled(login) : renderCancelAsked(run, login),
  };
}

/** Commands and buttons that are tried again while GitHub fails: each finds the wish before it begins, and says so itself. */
async function cancelUnbegun(
  world: GithubWorld,
  repo: Repo,
  asked: CancelAsked,
  unbegun: readonly Unbegun[],
): Promise<Outcome> {
  const { login } = asked.account;
  const plan = (await world.store.plans.current({ repo: repo.key, pull: asked.pull }))?.plan;
  const ended: Unbegun[] = [];
  let reasons: readonly Reason[] = [NOTHING];
  for (const each of unbegun) {
    const refused = await refuseCanceller(world, repo, asked, { startedBy: each.by, plan });
    if (refused.length > 0) reasons = refused;
    else if (await world.store.deliveries.cancel(each.delivery, login)) ended.push(each);
  }
  const by = ended.map((each) => each.by);
  const run = await askMeanwhile(world, repo, asked, by);
  if (ended.length === 0) return outcomeOf(reasons);
  const texts = ended.map(({ text }) => text);
  const body = run === undefined ? renderUnbegunCancelled(texts, login) : renderCancelAsked(run, login);
  return { is: 'reply', body };
}

/** A run of theirs may have begun between the look for it and the wish that it does not: then the wish is one of the run. */
async function askMeanwhile(
  { store }: GithubWorld,
  repo: Repo,
  { pull, account }: CancelAsked,
  by: readonly string[],
): Promise<string | undefined> {
  const open = await store.cancels.open(repo.key);
  const begun = open.filter((run) => run.pull === pull && by.includes(run.by));
  for (const { id } of begun) await store.cancels.ask(id, account.login);
  return begun[0]?.id;
}

/** Milliseconds for which a merge may be behind others. */
const QUEUED = 24 * 60 * 60_000;

export interface CancelWatch {
  /** Aborted, with who asked as its reason. */
  readonly signal: AbortSignal;
  readonly stop: () => void;
}

/** Looks for the wish as long as the run is followed here; it may have been taken by another server. */
export function watchCancel({ store, log }: GithubWorld, run: string): CancelWatch {
  const wish = new AbortController();
  const ended = new AbortController();
  const look = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const by = await store.cancels.read(run).catch((error: unknown) => {
        log.warn({ err: error, run }, 'the store could not be asked whether the run is cancelled');
      });
      if (by !== undefined) return wish.abort(by);
      await wait(BETWEEN_LOOKS, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
    }
  };
  void look();
  return { signal: wish.signal, stop: () => ended.abort() };
}

/** Milliseconds. */
const BETWEEN_LOOKS = 1000;

async function findOpen(
  world: GithubWorld,
  repo: Repo,
  { pull, run: named }: CancelAsked,
): Promise<Run | Wait | QueuedMerge | Reason | undefined> {
  const { store } = world;
  const open = await store.cancels.open(repo.key);
  const here = named === undefined ? open.filter((each) => each.pull === pull) : [];
  const names = here.map(({ id, by, since }) => `${id} by ${by} since ${since}`).join(', ');
  if (here.length > 1)
    return reason('COMMAND_INVALID', `several deploys go on: ${names}`, 'Name one: `/cancel <run>`.');
  const id = named ?? here[0]?.id;
  const waits = id === undefined ? await store.waits.read({ repo: repo.key, pull }) : undefined;
  if (waits) return waits;
  const queued = id === undefined ? await readQueued(world, repo) : [];
  const merge = queued.find((each) => each.pull === pull);
  if (merge) return merge;
  if (id === undefined) return undefined;
  const run = await store.runs.read(id);
  if (!run || run.repo !== repo.key) return reason('COMMAND_INVALID', `there is no run ${id}`, '/status');
  return run.ended === null ? run : reason('COMMAND_INVALID', `run ${id} has ended`, '/status');
}

const NOTHING = reason(
  'COMMAND_INVALID',
  'no deploy of this pull request goes on',
  '/status shows what does.',
);

async function refuseCanceller(
  world: GithubWorld,
  repo: Repo,
  { pull, account }: CancelAsked,
  cancel: CancelAsk,
): Promise<readonly Reason[]> {
  const survey = await surveyPlace(world, repo, pull);
  const read = await readPolicy(world, repo, survey.tip);
  if ('reason' in read) return [read.reason];
  const { policy } = read;
  const decision = authorize({
    actor: await readActor(repo, account, namesOf(policy)),
    policy,
    pull: pullStateOf(survey),
    reviews: [],
    pushers: [],
    checks: [],
    owned: [],
    stops: [],
    now: world.now(),
    cancel,
  });
  return decision.allowed ? [] : decision.reasons;
}

async function explainUnasked({ store }: GithubWorld, run: Run): Promise<Reason> {
  const by = await store.cancels.read(run.id);
  const message =
    by === undefined ? `run ${run.id} has ended` : `${by} has asked run ${run.id} to stop already`;
  return reason('COMMAND_INVALID', message, 'Its check run says what becomes of it.');
}
