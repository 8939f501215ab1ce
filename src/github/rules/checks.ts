// Checks that the base branch requires, ours left out: a check of ours that waits for the deploy must not hold it up.
import { reason } from './request.ts';
import type { RequiredCheck, Requirement, Standing } from './request.ts';

export function requireChecks({ policy, checks }: Standing): readonly Requirement[] {
  if (policy.checks === 'none' || checks.length === 0) return [];
  const failed = checks.filter(({ state }) => state === 'failed');
  const pending = checks.filter(({ state }) => state === 'pending' || state === 'missing');
  const open = [...failed, ...pending];
  return [
    {
      what: 'required checks',
      required: namesOf(checks),
      found: open.length === 0 ? 'passed' : open.map(({ name, state }) => `${name} ${state}`).join(', '),
      changer: 'whoever runs them',
      unmet: [
        ...(failed.length === 0 ? [] : [reason('CHECKS_FAILED', `failed: ${namesOf(failed)}`)]),
        ...(pending.length === 0 ? [] : [reason('CHECKS_PENDING', `not ended: ${namesOf(pending)}`)]),
      ],
    },
  ];
}

function namesOf(checks: readonly RequiredCheck[]): string {
  return checks.map(({ name }) => name).join(', ');
}
