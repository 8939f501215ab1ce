// Why a request is not carried out, and failures on our side of the hosts.
import type { ReasonEntry } from './entry.ts';

export const REQUEST_REASONS = {
  PLAN_UNKNOWN: { class: 'permanent', fixer: 'requester', what: 'No plan has this digest.', next: '/plan' },
  PLAN_SUPERSEDED: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'The plan was made for another commit or replaced by a newer plan.',
    next: 'Use the newest plan, or /plan.',
  },
  PLAN_STALE: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'The host has moved since the plan was made.',
    next: '/plan, then deploy the new one.',
  },
  PLAN_CHANGED: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'The plan at the merge commit is not the one that was reviewed.',
    next: 'Look at the new plan and /deploy it.',
  },
  PLAN_USED: {
    class: 'permanent',
    fixer: 'requester',
    what: 'The plan has been deployed already.',
    next: '/plan shows whether anything is left.',
  },
  PLAN_INCOMPLETE: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'A part of the plan could not be made.',
    next: 'Mend it and /plan, or leave the host out with --skip.',
  },
  PLAN_AMBIGUOUS: {
    class: 'permanent',
    fixer: 'requester',
    what: 'There is not exactly one current plan that a bare /deploy could mean.',
    next: '/deploy <plan>',
  },
  CONFIG_MOVED: {
    class: 'permanent',
    fixer: 'requester',
    what: 'The configuration here is not the one the plan was made from.',
    next: 'Check out the commit of the plan, or plan again.',
  },
  CONFIRMATION_NEEDED: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'The plan holds changes that policy wants confirmed by name.',
    next: '/deploy <plan>',
  },
  NOT_ALLOWED: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'This account may not do that.',
    next: 'Ask somebody with the permission named.',
  },
  APPROVAL_MISSING: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'Policy asks for reviews that are not there.',
    next: 'Get the reviews, then repeat the command.',
  },
  CHECKS_PENDING: {
    class: 'transient',
    fixer: 'requester',
    what: 'A check that the base branch requires has not ended.',
    next: 'Wait for it, then repeat the command.',
  },
  CHECKS_FAILED: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A check that the base branch requires has failed.',
    next: 'Mend it, or run it again.',
  },
  FORK_STATIC_ONLY: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'Pull requests from forks contact no host unless somebody with write names the commit.',
    next: 'Somebody with write reads the commit and comments /plan with its name.',
  },
  FROZEN: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'Deploys are frozen.',
    next: 'Wait for the end of the freeze, or lift it.',
  },
  HELD: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'A host is held and left out of deploys.',
    next: 'Wait for the end of the hold, or /release it.',
  },
  MODE_MERGE_ONLY: {
    class: 'permanent',
    fixer: 'requester',
    what: 'Policy deploys at the merge, not by comment before it.',
    next: 'Merge the pull request.',
  },
  BRANCH_BEHIND: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'The base branch has configuration that this branch lacks.',
    next: 'Update the branch; the plan is made again by itself.',
  },
  COMMAND_UNKNOWN: { class: 'permanent', fixer: 'requester', what: 'This is not a command.', next: '/help' },
  COMMAND_INVALID: {
    class: 'permanent',
    fixer: 'requester',
    what: 'The command is not written as it must be.',
    next: '/help',
  },
  HOST_NOT_IN_PLAN: {
    class: 'permanent',
    fixer: 'requester',
    what: 'The plan has no such host.',
    next: 'Name a host of the plan.',
  },
  GITHUB_FAILED: {
    class: 'transient',
    fixer: 'operator',
    what: 'GitHub did not answer as it should.',
    next: 'Repeat the command.',
  },
  BUG: {
    class: 'unknown',
    fixer: 'ashore',
    what: 'Ashore itself failed.',
    next: 'Report it with the delivery id.',
  },
} as const satisfies Record<string, ReasonEntry>;
