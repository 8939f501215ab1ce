// What the one door is asked, and what each of its rules answers. All of it was read before; the rules only compare.
import type { Plan } from '../../core/plan.ts';
import type { Reason, ReasonCode } from '../../core/reason.ts';
import type { Policy } from '../../core/resource.ts';
import type { Stop } from '../../core/stop.ts';

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

/** A check that the base branch requires on the head, and is not ours. missing: it was never reported. */
export interface RequiredCheck {
  readonly name: string;
  readonly state: 'passed' | 'pending' | 'failed' | 'missing';
}

/** A touched path that somebody owns. */
export interface OwnedPath {
  readonly path: string;
  /** Logins: owners and the members of owning teams. */
  readonly logins: readonly string[];
  /** As CODEOWNERS writes them. */
  readonly owners: readonly string[];
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
  /** The branch holds the newest commit of its base. */
  readonly upToDate: boolean;
  /** There is no pull request: asked for on the issue of a stack that drifted, of what the default branch has. */
  readonly issue?: true;
}

export interface PlanState {
  readonly plan: Plan;
  /** It is for the newest commit and nothing newer took its place. */
  readonly current: boolean;
  /** From when reviews count: GitHub's time at which the plan was shown; null when it was not, and then none counts. */
  readonly shownAt: string | null;
  /** Hosts on which it has been carried out to its end. */
  readonly done: readonly string[];
  /** What is typed to confirm the loss of data; null when its time is over. */
  readonly token: string | null;
}

export interface DeployAsk {
  readonly via: 'comment' | 'button' | 'merge';
  readonly plan: PlanState;
  /** The digest was named by the person, not only implied. */
  readonly named: boolean;
  /** The token that was typed. */
  readonly confirm: string | undefined;
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

export interface CancelAsk {
  /** Who started the run. */
  readonly startedBy: string;
  readonly plan: Plan | undefined;
}

/** What GitHub and the store say about a pull request and who may deploy it, whoever asks. */
export interface Standing {
  readonly policy: Policy;
  readonly pull: PullState;
  readonly reviews: readonly Review[];
  /** Who pushed the head; nobody when that is not known, and then no approval counts. */
  readonly pushers: readonly string[];
  readonly checks: readonly RequiredCheck[];
  readonly owned: readonly OwnedPath[];
  /** Freezes and holds that were commented and have not ended. */
  readonly stops: readonly Stop[];
  readonly now: Date;
}

export interface Request extends Standing {
  readonly actor: Actor;
  /** undefined: to look and plan, or to stop deploys. */
  readonly deploy?: DeployAsk;
  /** To stop a run that goes on. */
  readonly cancel?: CancelAsk;
  /** The commit that was named to be planned. */
  readonly commit?: string | undefined;
}

/** One thing that is asked for: what is required, what was found, who can change that, and why not where it is not met. */
export interface Requirement {
  readonly what: string;
  readonly required: string;
  readonly found: string;
  readonly changer: string;
  readonly unmet: readonly Reason[];
}

export function reason(code: ReasonCode, message: string, next?: string): Reason {
  return { code, message, ...(next === undefined ? {} : { next }) };
}

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

export function atLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}
