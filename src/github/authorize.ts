// The one door: whether somebody may plan or deploy, whoever brings the wish: comment, merge or button.
// Pure: all that it rests on was read before, and it answers with every requirement at once, never only the first.
import type { Reason } from '../core/reason.ts';
import { requireCanceller } from './rules/cancel.ts';
import { requireConfirmed } from './rules/confirm.ts';
import { requirePlan, requireWhole, selectHosts } from './rules/plan.ts';
import { requireFresh, requirePull } from './rules/pull.ts';
import type { DeployAsk, PlanState, Request, Requirement, Standing } from './rules/request.ts';
import { requireReviewed } from './rules/reviewed.ts';
import { requireReleased, requireUnfrozen } from './rules/stops.ts';
import { requireActor, requireAlone, requireNamed } from './rules/who.ts';
import type { AloneRequest } from './rules/who.ts';

export type * from './rules/request.ts';

export type Decision =
  | { readonly allowed: true; readonly requirements: readonly Requirement[] }
  | {
      readonly allowed: false;
      readonly requirements: readonly Requirement[];
      readonly reasons: readonly Reason[];
    };

export function authorize(request: Request): Decision {
  const { deploy, cancel } = request;
  if (cancel) return decide(requireCanceller(request, cancel));
  return decide([
    ...requireActor(request),
    ...requirePull(request),
    ...(deploy ? requireDeploy(request, deploy) : []),
  ]);
}

/** The same door for what is not about a pull request: a look at what was pushed, and freezes and holds. */
export function authorizeAlone(request: AloneRequest): Decision {
  return decide(requireAlone(request));
}

function decide(requirements: readonly Requirement[]): Decision {
  const reasons = requirements.flatMap(({ unmet }) => unmet);
  return reasons.length === 0 ? { allowed: true, requirements } : { allowed: false, requirements, reasons };
}

/** What stands between a plan and its deploy whoever asks: shown with the plan before anybody does. */
export function findBlockers(standing: Standing, state: PlanState): readonly Reason[] {
  const { policy } = standing;
  const { plan } = state;
  const requirements = [
    requireNamed(standing, plan),
    ...(policy.on === 'merge' ? [] : requireFresh(standing)),
    ...requireReviewed(standing, state).map(withoutPending),
    requireUnfrozen(standing, plan),
    requireReleased(standing, plan, plan.hosts),
    requireWhole(plan.hosts),
    ...requireConfirmed(standing, state, plan.hosts, policy.on === 'comment' ? NAMED : undefined),
  ];
  return requirements.flatMap(({ unmet }) => unmet);
}

/** What ends by itself would be shown long after it has ended; the door asks for it all the same. */
function withoutPending(requirement: Requirement): Requirement {
  return { ...requirement, unmet: requirement.unmet.filter(({ code }) => code !== 'CHECKS_PENDING') };
}

/** Where only a command deploys, it names the plan anyway. */
const NAMED = { named: true, confirm: undefined };

function requireDeploy(request: Request, ask: DeployAsk): readonly Requirement[] {
  const { plan } = ask;
  const selected = selectHosts(plan.plan, ask.only, ask.skip);
  return [
    ...requirePlan(request, ask),
    ...requireFresh(request),
    ...requireReviewed(request, plan),
    requireUnfrozen(request, plan.plan),
    requireReleased(request, plan.plan, selected),
    ...requireConfirmed(request, plan, selected, ask),
  ];
}
