// Freezes and holds: what somebody has stopped by a comment, until when and why. Pure.
import { parseAddress } from './address.ts';
import type { HostPlan, Plan } from './plan.ts';
import type { Reason } from './reason.ts';
import type { Freeze } from './resource.ts';

export interface Stop {
  /** freeze: plans that touch a stack are not deployed · hold: a host is left out. */
  readonly is: 'freeze' | 'hold';
  /** The stack or `all`; the host, or the address of a resource. */
  readonly subject: string;
  readonly reason: string;
  /** A GitHub login. */
  readonly by: string;
  readonly pull: number;
  /** ISO 8601 in UTC, as all times here. */
  readonly since: string;
  readonly until: string;
}

/** Means every stack. */
export const EVERY_STACK = 'all';

/** Windows of the policy that have not ended, the next first. */
export function windowsAhead(freeze: readonly Freeze[], now: Date): readonly Freeze[] {
  const ahead = freeze.filter(({ until }) => now.getTime() < Date.parse(until));
  return ahead.toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from));
}

export function isOpen({ from, until }: Freeze, now: Date): boolean {
  return Date.parse(from) <= now.getTime() && now.getTime() < Date.parse(until);
}

/** Why a plan may not be deployed at all now. */
export function freezeReasons(stops: readonly Stop[], plan: Plan): readonly Reason[] {
  const freezes = stops.filter(({ is, subject }) => {
    return is === 'freeze' && (subject === EVERY_STACK || plan.stacks.includes(subject));
  });
  return freezes.map((stop) => {
    const what = stop.subject === EVERY_STACK ? 'all stacks are' : `stack ${stop.subject} is`;
    const message = `${what} frozen ${wordsOf(stop)}`;
    return { code: 'FROZEN', message, next: `Wait, or \`/unfreeze ${stop.subject}\`.` };
  });
}

/** The hosts of a plan that are held, each with why. The hold of a resource holds its host where the plan changes it. */
export function findHeld(stops: readonly Stop[], plan: Plan): ReadonlyMap<string, Reason> {
  const held = new Map<string, Reason>();
  for (const host of plan.hosts) {
    const stop = stops.find(({ is, subject }) => is === 'hold' && holds(subject, host));
    if (!stop) continue;
    const message = `${stop.subject} is held ${wordsOf(stop)}`;
    held.set(host.host, { code: 'HELD', message, next: `Wait, or \`/release ${stop.subject}\`.` });
  }
  return held;
}

function holds(subject: string, { host, changes }: HostPlan): boolean {
  if (subject === host) return changes.length > 0;
  const address = parseAddress(subject);
  if (address?.host !== host) return false;
  return changes.some(({ ref }) => ref === `${address.kind}/${address.id}`);
}

function wordsOf({ by, pull, since, until, reason }: Stop): string {
  return `by ${by} (#${pull}) since ${since} until ${until}: ${reason}`;
}
