// A wish to deploy, whoever brings it: the facts are read, the one door is asked, the hosts are leased, the run is kept.
// What comes out is a run that will be carried out, or every reason why not.
import { authorize } from './authorize.ts';
import type { DeployAsk, Request, Requirement } from './authorize.ts';
import { sha256 } from '../core/json.ts';
import type { Reason } from '../core/reason.ts';
import { findHeld } from '../core/stop.ts';
import type { StoredPlan } from '../store/plans.ts';
import type { NewRun, Run } from '../store/runs.ts';
import { busyReason, machinesOf } from './busy-hosts.ts';
import type { CheckPlace } from './checks.ts';
import { readActor } from './permissions.ts';
import type { Account } from './permissions.ts';
import { readContains } from './pulls.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { selectHosts } from './rules/plan.ts';
import { namesOf } from './rules/who.ts';
import { readPlanState, readStanding } from './standing.ts';
import { readBindingPolicy, readPolicy, surveyPlan } from './survey.ts';
import type { Survey } from './survey.ts';

export interface DeployWish {
  readonly survey: Survey;
  readonly stored: StoredPlan;
  readonly account: Account;
  readonly via: DeployAsk['via'];
  /** The digest was named, not only implied. */
  readonly named: boolean;
  /** The token that was typed. */
  readonly confirm?: string | undefined;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** Names the run: the same wish never starts two. */
  readonly key: string;
  /** What brought it. Somebody may have asked that it begins nothing. */
  readonly delivery: string;
  /** The comment that asked. */
  readonly comment?: number;
  /** The check run that was begun for it already. */
  readonly check?: CheckPlace;
}

export type Asked =
  | { readonly is: 'accepted'; readonly run: NewRun }
  | {
      readonly is: 'refused';
      readonly reasons: readonly Reason[];
      /** All that was asked for, met or not, where it came to that. */
      readonly requirements?: readonly Requirement[];
    };

export async function requestDeploy(world: GithubWorld, repo: Repo, wish: DeployWish): Promise<Asked> {
  const request = await readRequest(world, repo, wish);
  if ('reason' in request) return { is: 'refused', reasons: [request.reason] };
  const decision = authorize(request);
  if (!decision.allowed) return { is: 'refused', ...decision };
  const { check, delivery } = wish;
  const cancelled = await world.store.deliveries.cancelBy(delivery);
  if (cancelled !== undefined) return { is: 'refused', reasons: [cancelledBy(cancelled)] };
  const run = runOf(repo, wish, request);
  const started = await world.store.runs.start(run, {
    posts: { begun: false, deployments: [], ...(check ? { check } : {}) },
    machines: machinesOf(wish.stored.plan),
  });
  switch (started.is) {
    case 'started': {
      // Who asked in this very moment has seen no run to cancel.
      const late = await world.store.deliveries.cancelBy(delivery);
      if (late !== undefined) await world.store.cancels.ask(run.id, late);
      return { is: 'accepted', run };
    }
    case 'known':
      return { is: 'accepted', run: started.run };
    case 'busy':
      return { is: 'refused', reasons: started.held.map((lease) => busyReason(run.repo, lease)) };
    default:
      return started satisfies never;
  }
}

/**
 * Asks the one door again as the run starts: the head, the policy, the rights and the reviews may have moved since it was
 * accepted. A run that has begun on its hosts is not asked again; it is followed to its end.
 */
export async function recheckRun(world: GithubWorld, repo: Repo, run: Run): Promise<readonly Reason[]> {
  const { via, named = false, confirm, only = [], skip = [] } = run.request;
  const found = await world.store.plans.find({ repo: run.repo, pull: run.pull }, run.plan);
  const stored = found.find(({ commit }) => commit === run.commit);
  if (!stored) return [{ code: 'PLAN_UNKNOWN', message: `plan ${run.plan} is not kept any more` }];
  const survey = await surveyPlan(world, repo, stored);
  const account = { login: run.by, bot: false };
  const held = (run.request.held ?? []).map(({ host }) => host);
  const hosts = { only: only.length > 0 ? only : run.hosts, skip: [...skip, ...held] };
  const wish = { survey, stored, account, via, named, confirm, ...hosts };
  const request = await readRequest(world, repo, wish);
  if ('reason' in request) return [request.reason];
  const decision = authorize(request);
  return decision.allowed ? [] : decision.reasons;
}

/** What a wish is known by: the run that it has begun is found again, after a restart and when it arrives once more. */
export interface Asking {
  readonly pull: number;
  readonly key: string;
}

export async function findRun(world: GithubWorld, repo: Repo, asking: Asking): Promise<NewRun | undefined> {
  return world.store.runs.read(runId(repo, asking));
}

async function readRequest(
  world: GithubWorld,
  repo: Repo,
  wish: Omit<DeployWish, 'key' | 'delivery'>,
): Promise<Request | { readonly reason: Reason }> {
  const { survey, stored, via } = wish;
  // A merge is judged by the policy that it was made under, so that no pull request grants itself anything.
  const read = await (via === 'merge'
    ? readPolicy(world, repo, survey.base)
    : readBindingPolicy(world, repo, survey));
  if ('reason' in read) return read;
  const [actor, standing, plan, behind] = await Promise.all([
    readActor(repo, wish.account, namesOf(read.policy)),
    readStanding(world, repo, survey, read.policy),
    readPlanState(world, repo, survey, stored),
    via === 'merge' ? isOvertaken(world, repo, survey) : survey.behind,
  ]);
  const held = findHeld(standing.stops, stored.plan);
  const { named, confirm, only } = wish;
  const skip = [...new Set([...wish.skip, ...[...held.keys()].filter((host) => !only.includes(host))])];
  // When nothing else is left, the hold is what there is to say.
  const left = selectHosts(stored.plan, only, skip).some((host) => host.changes.length > 0);
  const deploy = { via, plan, named, confirm, only, skip: left ? skip : wish.skip };
  return { actor, ...standing, pull: { ...standing.pull, behind }, deploy };
}

/**
 * Merges are handled one after another, so that the branch may be ahead of this one and its turn is still to come.
 * It has been overtaken only when something that holds it was deployed already: then it would take that back.
 */
async function isOvertaken({ store }: GithubWorld, repo: Repo, { commit }: Survey): Promise<boolean> {
  const newest = await store.runs.newest(repo.key);
  if (!newest || newest.commit === commit) return false;
  return readContains(repo, newest.commit, commit);
}

function runId(repo: Repo, { pull, key }: Asking): string {
  return `pr-${pull}-${sha256(`${repo.key} ${key}`).slice(0, 12)}`;
}

function runOf(repo: Repo, wish: DeployWish, { deploy, stops }: Request): NewRun {
  const { survey, stored, account, via, only, skip, comment, named, confirm } = wish;
  const selected = selectHosts(stored.plan, only, deploy?.skip ?? skip);
  const asked = selectHosts(stored.plan, only, skip).map(({ host }) => host);
  const held = [...findHeld(stops, stored.plan)].flatMap(([host, reason]) =>
    asked.includes(host) ? [{ host, reason }] : [],
  );
  return {
    id: runId(repo, { pull: survey.pull.number, key: wish.key }),
    repo: repo.key,
    installation: repo.installation,
    pull: survey.pull.number,
    commit: stored.commit,
    plan: stored.plan.digest,
    by: account.login,
    request: {
      via,
      named,
      ...(confirm === undefined ? {} : { confirm }),
      ...(comment === undefined ? {} : { comment }),
      ...(only.length === 0 ? {} : { only: [...only] }),
      ...(skip.length === 0 ? {} : { skip: [...skip] }),
      ...(held.length === 0 ? {} : { held }),
    },
    hosts: selected.filter((host) => host.changes.length > 0).map(({ host }) => host),
  };
}

function cancelledBy(by: string): Reason {
  const message = `${by} ended it while it was tried again; nothing of it was begun`;
  return { code: 'RUN_CANCELLED', message, next: '`/deploy` asks for it anew.' };
}
