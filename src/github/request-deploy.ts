// A wish to deploy, whoever brings it: the facts are read, the one door is asked, the hosts are leased, the run is kept.
// What comes out is a run that will be carried out, or every reason why not.
import { selectHosts, authorize } from './authorize.ts';
import type { DeployAsk, Request } from './authorize.ts';
import { sha256 } from '../core/json.ts';
import type { Reason } from '../core/reason.ts';
import type { StoredPlan } from '../store/plans.ts';
import type { Lease, NewRun } from '../store/runs.ts';
import type { CheckPlace } from './checks.ts';
import { readActor } from './permissions.ts';
import type { Account } from './permissions.ts';
import { readContains } from './pulls.ts';
import { fullName } from './repo.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { readReviews } from './reviews.ts';
import { readDone, readShownAt } from './show-plan.ts';
import { pullStateOf, readPolicy } from './survey.ts';
import type { Survey } from './survey.ts';

export interface DeployWish {
  readonly survey: Survey;
  readonly stored: StoredPlan;
  readonly account: Account;
  readonly via: DeployAsk['via'];
  /** The digest was named, not only implied. */
  readonly named: boolean;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** Names the run: the same delivery never starts two. */
  readonly delivery: string;
  /** The comment that asked. */
  readonly comment?: number;
  /** The check run that was begun for it already. */
  readonly check?: CheckPlace;
}

export type Asked =
  | { readonly is: 'accepted'; readonly run: NewRun }
  | { readonly is: 'refused'; readonly reasons: readonly Reason[] };

export async function requestDeploy(world: GithubWorld, repo: Repo, wish: DeployWish): Promise<Asked> {
  const request = await readRequest(world, repo, wish);
  if ('reason' in request) return { is: 'refused', reasons: [request.reason] };
  const decision = authorize(request);
  if (!decision.allowed) return { is: 'refused', reasons: decision.reasons };
  const run = runOf(repo, wish);
  const { check } = wish;
  const started = await world.store.runs.start(run, {
    begun: false,
    deployments: [],
    ...(check ? { check } : {}),
  });
  switch (started.is) {
    case 'started':
      return { is: 'accepted', run };
    case 'known':
      return { is: 'accepted', run: started.run };
    case 'busy':
      return { is: 'refused', reasons: started.held.map(busy) };
    default:
      return started satisfies never;
  }
}

/** What a delivery names: the run that it has begun, should it be handled once more after a restart. */
export interface Asking {
  readonly pull: number;
  readonly delivery: string;
}

export async function findRun(world: GithubWorld, repo: Repo, asking: Asking): Promise<NewRun | undefined> {
  return world.store.runs.read(runId(repo, asking));
}

async function readRequest(
  world: GithubWorld,
  repo: Repo,
  wish: DeployWish,
): Promise<Request | { readonly reason: Reason }> {
  const { survey, stored, via } = wish;
  // A merge is judged by the policy that it was made under, so that no pull request grants itself anything.
  const read = await readPolicy(world, repo, via === 'merge' ? survey.base : survey.tip);
  if ('reason' in read) return read;
  const [actor, reviews, shownAt, done, behind] = await Promise.all([
    readActor(repo, wish.account, read.policy.by),
    read.policy.approvals > 0 ? readReviews(repo, survey.pull.number) : [],
    readShownAt(world, repo, survey, stored.plan),
    readDone(world, repo, stored),
    via === 'merge' ? isOvertaken(world, repo, survey) : survey.behind,
  ]);
  const plan = { plan: stored.plan, current: isCurrent(wish), shownAt, done };
  return {
    actor,
    policy: read.policy,
    pull: { ...pullStateOf(survey), behind },
    reviews,
    now: world.now(),
    deploy: { via, plan, named: wish.named, only: wish.only, skip: wish.skip },
  };
}

function isCurrent({ stored, survey }: DeployWish): boolean {
  return !stored.superseded && stored.commit === survey.commit;
}

/**
 * Merges are handled one after another, so that the branch may be ahead of this one and its turn is still to come.
 * It has been overtaken only when something that holds it was deployed already: then it would take that back.
 */
async function isOvertaken({ store }: GithubWorld, repo: Repo, { commit }: Survey): Promise<boolean> {
  const newest = await store.runs.newest(fullName(repo));
  if (!newest || newest.commit === commit) return false;
  return readContains(repo, newest.commit, commit);
}

function runId(repo: Repo, { pull, delivery }: Asking): string {
  return `pr-${pull}-${sha256(`${fullName(repo)} ${delivery}`).slice(0, 12)}`;
}

function runOf(repo: Repo, wish: DeployWish): NewRun {
  const { survey, stored, account, via, only, skip, comment } = wish;
  const hosts = selectHosts(stored.plan, only, skip).filter((host) => host.changes.length > 0);
  return {
    id: runId(repo, { pull: survey.pull.number, delivery: wish.delivery }),
    repo: fullName(repo),
    installation: repo.installation,
    pull: survey.pull.number,
    commit: stored.commit,
    plan: stored.plan.digest,
    by: account.login,
    request: {
      via,
      ...(comment === undefined ? {} : { comment }),
      ...(only.length === 0 ? {} : { only: [...only] }),
      ...(skip.length === 0 ? {} : { skip: [...skip] }),
    },
    hosts: hosts.map((host) => host.host),
  };
}

function busy({ host, run, by, pull, since }: Lease): Reason {
  return { code: 'HOST_BUSY', message: `${host} is held by run ${run} of ${by} (#${pull}) since ${since}` };
}
