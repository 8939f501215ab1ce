// Reviews: only the newest word of each reviewer counts, and only about the commit and the plan that are there.
import { reason } from './request.ts';
import { atLeast } from './request.ts';
import type { PlanState, Requirement, Review, Standing } from './request.ts';

export function requireApprovals(standing: Standing, plan: PlanState): readonly Requirement[] {
  const { policy, reviews } = standing;
  const stacks = plan.plan.stacks.map((stack) => policyOfStack(standing, stack));
  const needed = Math.max(...(stacks.length === 0 ? [policy.approvals] : stacks));
  const newest = newestOf(reviews);
  const counting = newest.filter((review) => counts(review, standing, plan));
  return [
    ...(needed === 0 ? [] : [requireCount(needed, newest, counting)]),
    ...(policy.codeowners ? requireOwners(standing, counting) : []),
  ];
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

function counts(review: Review, { pull }: Standing, plan: PlanState): boolean {
  return (
    review.state === 'approved' &&
    review.commit === pull.head &&
    review.by !== pull.author &&
    atLeast(review.role, 'write') &&
    plan.shownAt !== null &&
    review.at >= plan.shownAt
  );
}

function requireCount(needed: number, newest: readonly Review[], counting: readonly Review[]): Requirement {
  const stale = newest.filter((review) => review.state === 'approved').length - counting.length;
  const others =
    stale > 0 ? `; ${stale} more are by the author, without write, or older than the commit or the plan` : '';
  const have = `${counting.length} of ${needed} approvals of this plan are there${others}`;
  return {
    what: 'approvals',
    required: `${needed} of this plan`,
    found: String(counting.length),
    changer: 'a reviewer with write',
    unmet: counting.length >= needed ? [] : [reason('APPROVAL_MISSING', have)],
  };
}

/** Paths with the same owners are asked for once. */
function requireOwners({ owned }: Standing, counting: readonly Review[]): readonly Requirement[] {
  const approvers = new Set(counting.map((review) => review.by.toLowerCase()));
  const groups = Map.groupBy(owned, ({ owners }) => owners.join(' '));
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
      unmet: first ? [reason('APPROVAL_MISSING', message)] : [],
    };
  });
}
