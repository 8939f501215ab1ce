// What a pull request has been through: required checks, approvals and owners. On the issue of a stack that drifted there
// is none to review: what was deployed passed this door then and may be put back; anything else needs a pull request where
// policy asks for what only one can have.
import { runsCommand } from '../../core/plan.ts';
import type { Plan } from '../../core/plan.ts';
import { neededApprovals, requireApprovals } from './approvals.ts';
import { requireChecks } from './checks.ts';
import { reason } from './request.ts';
import type { PlanState, Requirement, Standing } from './request.ts';

export function requireReviewed(standing: Standing, state: PlanState): readonly Requirement[] {
  if (!standing.pull.issue) return [...requireChecks(standing), ...requireApprovals(standing, state)];
  if (putsBack(state.plan)) return [];
  const needed = neededApprovals(standing, state);
  const asked = needed > 0 || standing.policy.codeowners;
  return [...requireChecks(standing), ...(asked ? [requirePullRequest(needed)] : [])];
}

/** Nothing but what was deployed and is gone from the host; a command leaves no record of having been deployed. */
function putsBack({ hosts }: Plan): boolean {
  return hosts.every(
    ({ changes, duties = [] }) =>
      changes.every(({ causes }) => causes.every((cause) => cause === 'drift')) && !duties.some(runsCommand),
  );
}

function requirePullRequest(needed: number): Requirement {
  const what = needed > 0 ? `${needed} of this plan` : 'by the owners';
  const message =
    'the plan holds more than what was deployed before, policy asks for approvals, and an issue cannot be approved';
  const next = 'Open a pull request that touches the stack: its plan lists this too, and can be approved.';
  return {
    what: 'approvals',
    required: what,
    found: 'an issue',
    changer: 'whoever opens a pull request',
    unmet: [reason('APPROVAL_MISSING', message, next)],
  };
}
