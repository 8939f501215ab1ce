// What a plan must be for a deploy of it: the newest, whole on the hosts that are asked for, and with something left to do.
import { shortDigest } from '../../core/plan.ts';
import type { HostPlan, Plan } from '../../core/plan.ts';
import type { Reason } from '../../core/reason.ts';
import { reason } from './request.ts';
import type { DeployAsk, Request, Requirement } from './request.ts';

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

export function requirePlan({ pull, policy }: Request, ask: DeployAsk): readonly Requirement[] {
  const { plan } = ask.plan;
  const early = policy.on === 'merge' && pull.state === 'open';
  const known = plan.hosts.map((host) => host.host);
  const strangers = [...ask.only, ...ask.skip].filter((name) => !known.includes(name));
  const hosts =
    strangers.length === 0
      ? refuseSelected(selectHosts(plan, ask.only, ask.skip), ask)
      : strangers.map((name) => reason('HOST_NOT_IN_PLAN', `the plan has no host ${name}`));
  return [
    {
      what: 'when',
      required: policy.on === 'merge' ? 'after the merge' : 'a merge or a command',
      found: pull.state,
      changer: 'whoever may merge',
      unmet: early ? [reason('MODE_MERGE_ONLY', 'policy deploys when the pull request is merged')] : [],
    },
    {
      what: 'plan',
      required: 'the newest of the newest commit',
      found: ask.plan.current ? 'the newest' : 'an older one',
      changer: 'whoever asks',
      unmet: ask.plan.current
        ? []
        : [reason('PLAN_SUPERSEDED', `plan ${shortDigest(plan.digest)} is not the newest`)],
    },
    {
      what: 'hosts',
      required: 'planned as a whole, with something to do',
      found: hosts.length === 0 ? 'so' : 'not so',
      changer: 'whoever asks',
      unmet: hosts,
    },
  ];
}

export function requireWhole(hosts: readonly HostPlan[]): Requirement {
  const broken = hosts.filter((host) => host.failure !== null || host.blocked.length > 0);
  return {
    what: 'hosts',
    required: 'planned as a whole',
    found: broken.length === 0 ? 'so' : 'not so',
    changer: 'an operator of the hosts',
    unmet: broken.length === 0 ? [] : [incomplete(broken)],
  };
}

function refuseSelected(selected: readonly HostPlan[], { plan }: DeployAsk): readonly Reason[] {
  const { unmet } = requireWhole(selected);
  if (unmet.length > 0) return unmet;
  const changing = selected.filter((host) => host.changes.length > 0);
  if (changing.length === 0)
    return [reason('PLAN_USED', 'there is nothing to change on the hosts asked for')];
  if (!changing.every((host) => plan.done.includes(host.host))) return [];
  return [
    reason('PLAN_USED', `plan ${shortDigest(plan.plan.digest)} has been deployed to the hosts asked for`),
  ];
}

function incomplete(broken: readonly HostPlan[]): Reason {
  return reason(
    'PLAN_INCOMPLETE',
    `${broken.map((host) => host.host).join(', ')} could not be planned as a whole`,
  );
}
