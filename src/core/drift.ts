// Drift, read out of a plan of a configuration against itself: then no change is this change's doing, and what is left
// is what the hosts came to differ in, and what was merged and never deployed. A host that was not read is said to be so.
import type { BlockedResource, Change, Plan } from './plan.ts';
import type { Reason } from './reason.ts';

/** A change on one host. */
export interface Differing {
  readonly host: string;
  readonly change: Change;
}

export interface StackDrift {
  readonly stack: string;
  /** What its hosts left after it was applied there. */
  readonly drifted: readonly Differing[];
  /** What its hosts never got. */
  readonly undeployed: readonly Differing[];
  /** Hosts of the stack, or resources on them, that nobody could look at: nothing is said of them. */
  readonly unread: readonly { readonly host: string; readonly ref: string | null; readonly reason: Reason }[];
}

/** `hostsOf` a stack by its name, for hosts that failed as a whole. */
export function driftOf(plan: Plan, hostsOf: (stack: string) => readonly string[]): readonly StackDrift[] {
  return plan.stacks.map((stack) => {
    const changes = plan.hosts.flatMap(({ host, changes: all }) =>
      all.filter((change) => change.stack === stack).map((change) => ({ host, change })),
    );
    const own = new Set(hostsOf(stack));
    const failed = plan.hosts.flatMap(({ host, failure }) =>
      failure !== null && own.has(host) ? [{ host, ref: null, reason: failure }] : [],
    );
    const blocked = plan.hosts.flatMap(({ host, blocked: all }) =>
      all.filter((resource) => resource.stack === stack).map((resource) => unreadOf(host, resource)),
    );
    return {
      stack,
      drifted: changes.filter(({ change }) => change.causes.includes('drift')),
      undeployed: changes.filter(({ change }) => !change.causes.includes('drift')),
      unread: [...failed, ...blocked],
    };
  });
}

/** Nothing differs, and everything was looked at. */
export function isAsApplied({ drifted, undeployed, unread }: StackDrift): boolean {
  return drifted.length === 0 && undeployed.length === 0 && unread.length === 0;
}

function unreadOf(host: string, { ref, reason }: BlockedResource): StackDrift['unread'][number] {
  return { host, ref, reason };
}
