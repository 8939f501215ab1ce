// Reviews: only the newest word of each reviewer counts, and only about the commit and the plan that are there.
import type { Reason } from '../../core/reason.ts';
import { reason } from './request.ts';
import { atLeast } from './request.ts';
import type { PlanState, Requirement, Review, Standing } from './request.ts';

export function requireApprovals(standing: Standing, plan: PlanState): readonly Requirement[] {
  const { policy, reviews } = standing;
  const needed = neededApprovals(standing, plan);
  const newest = newestOf(reviews);
  const counting = newest.filter((review) => counts(review, standing, plan));
  return [
    ...(needed === 0 ? [] : [requireCount(standing, needed, newest, counting)]),
    ...(policy.codeowners ? requireOwners(standing, counting) : []),
  ];
}

/** Where a plan touches several stacks, the strictest of them decides. */
export function neededApprovals(standing: Standing, { plan }: PlanState): number {
  const stacks = plan.stacks.map((stack) => policyOfStack(standing, stack));
  return Math.max(...(stacks.length === 0 ? [standing.policy.approvals] : stacks));
}

/** Whether anybody has to look up reviews at all. */
export function asksForReviews({ approvals, codeowners, stacks }: Standing['policy']): boolean {
  return approvals > 0 || codeowners || Object.values(stacks).some((stack) => (stack.approvals ?? 0) > 0);
}

function policyOfStack({ policy }: Standing, stack: string): number {
  const own = Object.hasOwn(policy.stacks, stack) ? policy.stacks[stack]?.approvals : undefined;
  return own ?? policy.approvals;
}

function newestOf(reviews: readonly Review[]): readonly Review[] {
  const newest = new Map<string, Review>();
  for (const review of reviews.toSorted((a, b) => (a.at < b.at ? -1 : 1))) newest.set(review.by, review);
  return [...newest.values()];
}

/** GitHub's times are whole seconds: what is of the same second may be from before. */
function counts(review: Review, { pull, pushers }: Standing, plan: PlanState): boolean {
  return (
    review.state === 'approved' &&
    review.commit === pull.head &&
    review.by !== pull.author &&
    pushers.length > 0 &&
    !pushers.some((login) => login.toLowerCase() === review.by.toLowerCase()) &&
    atLeast(review.role, 'write') &&
    plan.shownAt !== null &&
    review.at > plan.shownAt
  );
}

function requireCount(
  standing: Standing,
  needed: number,
  newest: readonly Review[],
  counting: readonly Review[],
): Requirement {
  const stale = newest.filter((review) => review.state === 'approved').length - counting.length;
  const others =
    stale > 0
      ? `; ${stale} more are by the author, by who pushed, without write, or not newer than the commit and the plan`
      : '';
  const have = `${counting.length} of ${needed} approvals of this plan are there${others}`;
  return {
    what: 'approvals',
    required: `${needed} of this plan`,
    found: String(counting.length),
    changer: 'a reviewer with write',
    unmet: counting.length >= needed ? [] : [unapproved(standing, have)],
  };
}

/** Nobody is known to have pushed the head, so anybody may have; a commit on top of it is pushed by somebody who is known. */
function unapproved({ pull, pushers }: Standing, message: string): Reason {
  if (pushers.length > 0) return reason('APPROVAL_MISSING', message);
  const unknown = `it is not known who pushed ${pull.head.slice(0, 12)}, so no approval of it counts`;
  const next =
    'Push a further commit to the branch (`git commit --allow-empty`), then review the plan of that.';
  return reason('APPROVAL_MISSING', `${message}; ${unknown}`, next);
}

/** Paths with the same owners are asked for once. */
function requireOwners(standing: Standing, counting: readonly Review[]): readonly Requirement[] {
  const approvers = new Set(counting.map((review) => review.by.toLowerCase()));
  const groups = Map.groupBy(standing.owned, ({ owners }) => owners.join(' '));
  return [...groups].map(([owners, paths]) => {
    const missing = paths.filter(({ logins }) => !logins.some((login) => approvers.has(login.toLowerCase())));
    const [first] = missing;
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
    const message = `${first?.path}${more} needs the approval of ${owners}, its owners in CODEOWNERS`;
    return {
      what: 'owners',
      required: owners,
      found: first ? 'no approval of theirs' : 'approved',
      changer: owners,
      unmet: first ? [unapproved(standing, message)] : [],
    };
  });
}
