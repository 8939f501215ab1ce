// Who may: roles and teams of the policy, of the stacks that a plan touches, and of the verbs that it holds.
import type { Plan } from '../../core/plan.ts';
import { VERBS } from '../../core/kind.ts';
import type { Policy } from '../../core/resource.ts';
import { atLeast, isRole, reason } from './request.ts';
import type { Actor, Request, Requirement } from './request.ts';

/** Somebody must be one of these. */
export interface Circle {
  readonly by: readonly string[];
  /** What asks for it. */
  readonly of: string;
}

/** All of them must be met: where a plan touches several stacks, the strictest of them decides. */
export function circlesOf(policy: Policy, plan: Plan | undefined): readonly Circle[] {
  const general = { by: policy.by, of: 'policy' };
  if (!plan) return [general];
  const stacks = plan.stacks.map((stack) => {
    const by = Object.hasOwn(policy.stacks, stack) ? policy.stacks[stack]?.by : undefined;
    return by ? { by, of: `stack ${stack}` } : general;
  });
  const planned = new Set(plan.hosts.flatMap((host) => host.changes.map((change) => change.verb)));
  const verbs = VERBS.filter((verb) => planned.has(verb)).flatMap((verb) => {
    const by = policy.verbs[verb]?.by;
    return by ? [{ by, of: `verb ${verb}` }] : [];
  });
  const circles = [...(stacks.length === 0 ? [general] : stacks), ...verbs];
  return circles.filter((circle, index) => circles.findIndex(({ of }) => of === circle.of) === index);
}

/** Every name that the policy uses for people, for looking up teams. */
export function namesOf(policy: Policy): readonly string[] {
  const stacks = Object.values(policy.stacks).flatMap((stack) => stack.by ?? []);
  const verbs = Object.values(policy.verbs).flatMap((verb) => verb?.by ?? []);
  return [...new Set([...policy.by, ...stacks, ...verbs])];
}

export function requireActor({ actor, policy, deploy }: Request): readonly Requirement[] {
  if (actor.bot) {
    const unmet = [reason('NOT_ALLOWED', `${actor.login} is not a person`)];
    return [{ what: 'who', required: 'a person', found: 'a bot', changer: 'nobody', unmet }];
  }
  return circlesOf(policy, deploy?.plan.plan).map((circle) => {
    const met = belongs(actor, circle.by) || (!deploy && atLeast(actor.role, 'write'));
    const needed = deploy ? circle.by.join(' or ') : 'write';
    const asking = circle.of === 'policy' ? 'this' : circle.of;
    const message = `${actor.login} has the role ${actor.role} here; ${asking} needs ${needed}`;
    return {
      what: `who, by ${circle.of}`,
      required: needed,
      found: [actor.role, ...actor.teams].join(', '),
      changer: 'an admin of the repository',
      unmet: met ? [] : [reason('NOT_ALLOWED', message)],
    };
  });
}

export function belongs(actor: Actor, by: readonly string[]): boolean {
  return by.some((who) =>
    isRole(who) ? atLeast(actor.role, who) && who !== 'none' : actor.teams.includes(who),
  );
}
