// Which changes need a person to name the plan, by what policy says. Pure.
import type { Plan } from '../core/plan.ts';
import type { Policy } from '../core/resource.ts';

export interface Guarded {
  readonly host: string;
  readonly ref: string;
  /** The verb, or the interruption, that policy wants confirmed. */
  readonly because: string;
}

/** A change is guarded by its verb, or by what it does to something running: an update that restarts is a restart. */
export function planGuarded(plan: Plan, policy: Policy): readonly Guarded[] {
  return plan.hosts.flatMap(({ host, changes }) =>
    changes.flatMap((change) => {
      const doings = [change.verb, ...change.interrupts.map((interruption) => interruption.how)];
      const because = doings.find((doing) => policy.confirm.includes(doing));
      return because === undefined ? [] : [{ host, ref: change.ref, because }];
    }),
  );
}
