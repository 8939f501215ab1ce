// The one door: whether somebody may plan or deploy, whoever brings the wish: comment, merge or button.
// Pure: all that it rests on was read before, and it answers with every reason at once, never only the first.
import { isComplete, shortDigest } from '../core/plan.ts';
import type { Change, HostPlan, Plan } from '../core/plan.ts';
import type { Reason, ReasonCode } from '../core/reason.ts';
import type { Policy } from '../core/resource.ts';

export const ROLES = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Actor {
  readonly login: string;
  readonly bot: boolean;
  readonly role: Role;
  /** Those teams of the policy, as `@org/team`, that they belong to. */
  readonly teams: readonly string[];
}

export interface Review {
  readonly by: string;
  readonly state: 'approved' | 'changes-requested' | 'dismissed';
  readonly commit: string;
  /** GitHub's time. */
  readonly at: string;
  readonly role: Role;
}

export interface PullState {
  readonly author: string;
  readonly head: string;
  readonly state: 'open' | 'closed' | 'merged';
  readonly fork: boolean;
  readonly base: string;
  readonly defaultBranch: string;
  /** The default branch has configuration that what would be deployed lacks. */
  readonly behind: boolean;
}

export interface PlanState {
  readonly plan: Plan;
  /** It is for the newest commit and nothing newer took its place. */
  readonly current: boolean;
  /** From when reviews count: GitHub's time at which the plan was shown; null when it was not, and then none counts. */
  readonly shownAt: string | null;
  /** Hosts on which it has been carried out to its end. */
  readonly done: readonly string[];
}

export interface DeployAsk {
  readonly via: 'comment' | 'button' | 'merge';
  readonly plan: PlanState;
  /** The digest was named by the person, not only implied. */
  readonly named: boolean;
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

export interface Request {
  readonly actor: Actor;
  readonly policy: Policy;
  readonly pull: PullState;
  readonly reviews: readonly Review[];
  readonly now: Date;
  /** undefined: to look and plan. */
  readonly deploy?: DeployAsk;
}

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reasons: readonly Reason[] };

export function authorize(request: Request): Decision {
  const { deploy } = request;
  const reasons = [
    ...refuseActor(request),
    ...refusePull(request.pull),
    ...(deploy ? refuseDeploy(request, deploy) : []),
  ];
  return reasons.length === 0 ? { allowed: true } : { allowed: false, reasons };
}

/** What stands between a plan and its deploy whoever asks: shown with the plan before anybody does. */
export function findBlockers(request: Omit<Request, 'actor'>, plan: PlanState): readonly Reason[] {
  return [
    ...(request.pull.behind && request.policy.on !== 'merge' ? [behind(request.pull)] : []),
    ...refuseUnapproved(request, plan),
    ...refuseFrozen(request.policy, request.now),
    ...(isComplete(plan.plan) ? [] : [incomplete(plan.plan.hosts)]),
    ...(request.policy.on === 'comment' ? [] : refuseUnconfirmed(request, plan.plan.hosts, plan.plan)),
  ];
}

/** The hosts of a plan that a deploy of it would write to. */
export function selectHosts(
  plan: Plan,
  only: readonly string[],
  skip: readonly string[],
): readonly HostPlan[] {
  return plan.hosts.filter(
    (host) => (only.length === 0 || only.includes(host.host)) && !skip.includes(host.host),
  );
}

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

function atLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

function reason(code: ReasonCode, message: string, next?: string): Reason {
  return { code, message, ...(next === undefined ? {} : { next }) };
}

function refuseActor({ actor, policy, deploy }: Request): readonly Reason[] {
  if (actor.bot) return [reason('NOT_ALLOWED', `${actor.login} is not a person`)];
  const byPolicy = policy.by.some((who) =>
    isRole(who) ? atLeast(actor.role, who) && who !== 'none' : actor.teams.includes(who),
  );
  if (byPolicy || (!deploy && atLeast(actor.role, 'write'))) return [];
  const needed = deploy ? policy.by.join(' or ') : 'write';
  return [reason('NOT_ALLOWED', `${actor.login} has the role ${actor.role} here; this needs ${needed}`)];
}

function refusePull(pull: PullState): readonly Reason[] {
  return [
    ...(pull.fork ? [reason('FORK_STATIC_ONLY', 'the pull request comes from a fork')] : []),
    ...(pull.base === pull.defaultBranch
      ? []
      : [
          reason(
            'NOT_ALLOWED',
            `the pull request goes into ${pull.base}; policy and hosts are those of ${pull.defaultBranch}`,
            `Open a pull request into ${pull.defaultBranch}.`,
          ),
        ]),
    ...(pull.state === 'closed'
      ? [reason('PLAN_SUPERSEDED', 'the pull request was closed without a merge', 'Open it again.')]
      : []),
  ];
}

function refuseDeploy(request: Request, ask: DeployAsk): readonly Reason[] {
  const { pull, policy, now } = request;
  const { plan } = ask.plan;
  const strangers = [...ask.only, ...ask.skip].filter(
    (name) => !plan.hosts.some((host) => host.host === name),
  );
  const selected = selectHosts(plan, ask.only, ask.skip);
  const early = policy.on === 'merge' && pull.state === 'open';
  return [
    ...(early ? [reason('MODE_MERGE_ONLY', 'policy deploys when the pull request is merged')] : []),
    ...(ask.plan.current
      ? []
      : [reason('PLAN_SUPERSEDED', `plan ${shortDigest(plan.digest)} is not the newest`)]),
    ...strangers.map((name) => reason('HOST_NOT_IN_PLAN', `the plan has no host ${name}`)),
    ...(strangers.length === 0 ? refuseSelected(selected, ask) : []),
    ...(pull.behind ? [behind(pull)] : []),
    ...refuseUnapproved(request, ask.plan),
    ...refuseFrozen(policy, now),
    ...(ask.named ? [] : refuseUnconfirmed(request, selected, plan)),
  ];
}

function refuseSelected(selected: readonly HostPlan[], { plan }: DeployAsk): readonly Reason[] {
  const broken = selected.filter((host) => host.failure !== null || host.blocked.length > 0);
  if (broken.length > 0) return [incomplete(broken)];
  const changing = selected.filter((host) => host.changes.length > 0);
  if (changing.length === 0)
    return [reason('PLAN_USED', 'there is nothing to change on the hosts asked for')];
  if (!changing.every((host) => plan.done.includes(host.host))) return [];
  return [
    reason('PLAN_USED', `plan ${shortDigest(plan.plan.digest)} has been deployed to the hosts asked for`),
  ];
}

function incomplete(hosts: readonly HostPlan[]): Reason {
  const broken = hosts
    .filter((host) => host.failure !== null || host.blocked.length > 0)
    .map((host) => host.host);
  return reason('PLAN_INCOMPLETE', `${broken.join(', ')} could not be planned as a whole`);
}

function behind(pull: PullState): Reason {
  if (pull.state !== 'merged') {
    return reason('BRANCH_BEHIND', `${pull.base} has configuration that this branch lacks`);
  }
  const next = 'Deploy by the newest pull request, or open one: its plan shows what is left.';
  return reason('BRANCH_BEHIND', `${pull.base} has newer configuration than this merge`, next);
}

/** Only the newest word of each reviewer counts, and only about the commit and the plan that are there. */
function refuseUnapproved(
  { policy, pull, reviews }: Omit<Request, 'actor'>,
  plan: PlanState,
): readonly Reason[] {
  if (policy.approvals === 0) return [];
  const newest = new Map<string, Review>();
  for (const review of reviews.toSorted((a, b) => (a.at < b.at ? -1 : 1))) newest.set(review.by, review);
  const counting = [...newest.values()].filter(
    (review) =>
      review.state === 'approved' &&
      review.commit === pull.head &&
      review.by !== pull.author &&
      atLeast(review.role, 'write') &&
      plan.shownAt !== null &&
      review.at >= plan.shownAt,
  );
  if (counting.length >= policy.approvals) return [];
  const stale = [...newest.values()].filter((review) => review.state === 'approved').length - counting.length;
  const others =
    stale > 0 ? `; ${stale} more are by the author, without write, or older than the commit or the plan` : '';
  const have = `${counting.length} of ${policy.approvals} approvals of this plan are there${others}`;
  return [reason('APPROVAL_MISSING', have)];
}

function refuseFrozen({ freeze }: Policy, now: Date): readonly Reason[] {
  const windows = freeze.filter(
    ({ from, until }) => Date.parse(from) <= now.getTime() && now.getTime() < Date.parse(until),
  );
  return windows.map((window) => reason('FROZEN', `frozen until ${window.until}: ${window.reason}`));
}

function refuseUnconfirmed(
  { policy, pull }: Omit<Request, 'actor'>,
  hosts: readonly HostPlan[],
  plan: Plan,
): readonly Reason[] {
  const changes = hosts.flatMap((host) => host.changes.map((change) => ({ host: host.host, ...change })));
  const risky = changes.filter((change) => doingsOf(change).some((doing) => policy.confirm.includes(doing)));
  if (risky.length === 0) return [];
  const shown = risky.slice(0, 3).map((change) => `${change.verb} ${change.host}/${change.ref}`);
  const more = risky.length > shown.length ? ` and ${risky.length - shown.length} more` : '';
  const command = `\`/deploy ${shortDigest(plan.digest)}\``;
  const next = policy.on === 'merge' && pull.state === 'open' ? `Merge, then ${command}` : command;
  return [reason('CONFIRMATION_NEEDED', `to be confirmed by name: ${shown.join(', ')}${more}`, next)];
}

/** An update that restarts what runs is a restart to those who asked to confirm restarts. */
function doingsOf({ verb, interrupts }: Change): readonly string[] {
  return [verb, ...interrupts.map((interruption) => interruption.how)];
}
