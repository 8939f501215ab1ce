// Who may: roles and teams of the policy, of the stacks that a plan touches, and of the verbs that it holds.
import { runsCommand } from '../../core/plan.ts';
import type { Plan } from '../../core/plan.ts';
import { VERBS } from '../../core/kind.ts';
import type { Reason } from '../../core/reason.ts';
import type { Policy } from '../../core/resource.ts';
import { atLeast, isRole, reason } from './request.ts';
import type { Actor, Request, Requirement, Standing } from './request.ts';

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
  const runs = plan.hosts.some(({ duties = [] }) => duties.some(runsCommand));
  const planned = new Set(plan.hosts.flatMap((host) => host.changes.map((change) => change.verb)));
  const verbs = VERBS.filter((verb) => planned.has(verb) || (verb === 'run' && runs)).flatMap((verb) => {
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

export function requireActor(request: Request): readonly Requirement[] {
  const { actor, policy, deploy } = request;
  if (actor.bot) return [requirePerson(actor)];
  return circlesOf(policy, deploy?.plan.plan).map((circle) => {
    const met = belongs(actor, circle.by) || (!deploy && atLeast(actor.role, 'write'));
    const needed = deploy ? circle.by.join(' or ') || 'somebody whom policy names' : 'write';
    const asking = circle.of === 'policy' ? 'this' : circle.of;
    const message = `${actor.login} has the role ${actor.role} here; ${asking} needs ${needed}`;
    return {
      what: `who, by ${circle.of}`,
      required: needed,
      found: [actor.role, ...actor.teams].join(', '),
      changer: 'an admin of the repository',
      unmet: met
        ? []
        : [deploy && circle.by.length === 0 ? unnamed(request) : reason('NOT_ALLOWED', message)],
    };
  });
}

/** Before anybody asks: whether the policy names somebody for all that the plan touches. */
export function requireNamed(standing: Pick<Standing, 'policy' | 'pull'>, plan: Plan): Requirement {
  const closed = circlesOf(standing.policy, plan).some(({ by }) => by.length === 0);
  return {
    what: 'policy',
    required: 'somebody who may deploy',
    found: closed ? 'nobody' : 'named',
    changer: 'an admin of the repository',
    unmet: closed ? [unnamed(standing)] : [],
  };
}

function unnamed({ policy, pull }: Pick<Standing, 'policy' | 'pull'>): Reason {
  const line = `deploy: { on: ${policy.on}, by: [write] }`;
  const next = `Put the line \`${line}\` into \`deploy-configs/policy.yml\` on ${pull.base}: everybody with write may deploy then. Or name teams: \`by: ['@org/team']\`.`;
  return reason('POLICY_MISSING', `the policy of ${pull.base} does not say who may deploy`, next);
}

export interface AloneRequest {
  readonly actor: Actor;
  readonly policy: Policy;
  /** stop: who may deploy may also stop deploys. */
  readonly wants: 'look' | 'stop';
}

export function requireAlone({ actor, policy, wants }: AloneRequest): readonly Requirement[] {
  if (actor.bot) return [requirePerson(actor)];
  const { by } = policy;
  const met = belongs(actor, by) || (wants === 'look' && atLeast(actor.role, 'write'));
  const needed = wants === 'look' ? 'write' : by.join(' or ') || 'somebody whom policy names';
  const message = `${actor.login} has the role ${actor.role} here; this needs ${needed}${wants === 'stop' ? ', as a deploy' : ''}`;
  return [
    {
      what: 'who, by policy',
      required: needed,
      found: [actor.role, ...actor.teams].join(', '),
      changer: 'an admin of the repository',
      unmet: met ? [] : [reason('NOT_ALLOWED', message)],
    },
  ];
}

/** A bot may do nothing here, whatever its role. */
export function requirePerson({ login }: Actor): Requirement {
  const unmet = [reason('NOT_ALLOWED', `${login} is not a person`)];
  return { what: 'who', required: 'a person', found: 'a bot', changer: 'nobody', unmet };
}

export function belongs(actor: Actor, by: readonly string[]): boolean {
  return by.some((who) =>
    isRole(who) ? atLeast(actor.role, who) && who !== 'none' : actor.teams.includes(who),
  );
}
