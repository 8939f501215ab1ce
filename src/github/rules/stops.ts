// Freezes of the policy, and the freezes and holds that people have commented.
import type { HostPlan, Plan } from '../../core/plan.ts';
import { findHeld, freezeReasons, isOpen } from '../../core/stop.ts';
import { reason } from './request.ts';
import type { Requirement, Standing } from './request.ts';

export function requireUnfrozen({ policy, stops, now }: Standing, plan: Plan): Requirement {
  const windows = policy.freeze.filter((window) => isOpen(window, now));
  const next = 'Wait for its end, or change policy on the base branch.';
  const unmet = [
    ...windows.map(({ until, reason: why }) => reason('FROZEN', `frozen until ${until}: ${why}`, next)),
    ...freezeReasons(stops, plan),
  ];
  return {
    what: 'freezes',
    required: 'none',
    found: unmet.length === 0 ? 'none' : String(unmet.length),
    changer: 'whoever may deploy',
    unmet,
  };
}

/** A held host is left out unless it was asked for by name. */
export function requireReleased({ stops }: Standing, plan: Plan, selected: readonly HostPlan[]): Requirement {
  const held = findHeld(stops, plan);
  const unmet = selected.flatMap(({ host }) => held.get(host) ?? []);
  return {
    what: 'holds',
    required: 'none on these hosts',
    found: unmet.length === 0 ? 'none' : String(unmet.length),
    changer: 'whoever may deploy',
    unmet,
  };
}
