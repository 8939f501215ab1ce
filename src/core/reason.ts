// The catalogue of reasons: a stable code for every failure, refusal and wait, its class, and who can fix it.
// docs/reasons.md is generated from here; codes are never renamed or given a second meaning.
import { z } from 'zod';

/** permanent: the same again fails again · needs-person: somebody must decide or mend · transient: may pass by itself · unknown: not known what is true. */
export type ReasonClass = 'permanent' | 'needs-person' | 'transient' | 'unknown';
export type Fixer = 'author' | 'operator' | 'requester' | 'ashore';

interface Entry {
  readonly class: ReasonClass;
  readonly fixer: Fixer;
  readonly what: string;
  readonly next: string;
}

export const REASONS = {
  CONFIG_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'There is no deploy-configs/ here, or it has no hosts.yml.',
    next: 'Add deploy-configs/hosts.yml and a stack.',
  },
  CONFIG_YAML: {
    class: 'permanent',
    fixer: 'author',
    what: 'A file is not valid YAML.',
    next: 'Fix the line and push.',
  },
  CONFIG_TOO_LARGE: {
    class: 'permanent',
    fixer: 'author',
    what: 'A configuration file is larger than Ashore reads.',
    next: 'Split the file, or ship the bytes another way.',
  },
  CONFIG_INVALID: {
    class: 'permanent',
    fixer: 'author',
    what: 'A value does not have the form that is asked for.',
    next: 'Fix the line and push.',
  },
  KEY_UNKNOWN: {
    class: 'permanent',
    fixer: 'author',
    what: 'A key is not known here.',
    next: 'Fix the key and push.',
  },
  KEY_DUPLICATE: {
    class: 'permanent',
    fixer: 'author',
    what: 'A key stands twice in one mapping.',
    next: 'Remove one of them and push.',
  },
  KIND_UNKNOWN: {
    class: 'permanent',
    fixer: 'author',
    what: 'A resource names no kind that Ashore has.',
    next: 'Use a kind of docs/kinds.md.',
  },
  HOST_UNKNOWN: {
    class: 'permanent',
    fixer: 'author',
    what: 'A host or group is named that hosts.yml does not have.',
    next: 'Fix the name, or add the host.',
  },
  VARIABLE_UNKNOWN: {
    class: 'permanent',
    fixer: 'author',
    what: 'A variable is used that no level sets for this host.',
    next: 'Set it in the stack, a group or the host.',
  },
  ADDRESS_DUPLICATE: {
    class: 'permanent',
    fixer: 'author',
    what: 'The same resource is declared twice for one host.',
    next: 'Remove one of the two declarations.',
  },
  NEEDS_LATER: {
    class: 'permanent',
    fixer: 'author',
    what: 'A resource needs another that is declared after it.',
    next: 'Move the needed resource up.',
  },
  NEEDS_CYCLE: {
    class: 'permanent',
    fixer: 'author',
    what: 'Resources need each other in a circle.',
    next: 'Break the circle.',
  },
  SOURCE_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'A source file is not in the repository.',
    next: 'Add the file under deploy-configs/.',
  },
  OWNER_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'An owner or group exists neither on the host nor in the plan.',
    next: 'Declare the user or group above.',
  },
  UNIT_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'A unit exists neither on the host nor in the plan.',
    next: 'Declare its unit or its package above.',
  },
  PACKAGE_UNKNOWN: {
    class: 'permanent',
    fixer: 'author',
    what: 'apt knows no such package or version.',
    next: 'Fix the name or version, or update the package lists on the host.',
  },
  PACKAGES_BROKEN: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'dpkg was interrupted or apt finds the installed packages broken.',
    next: 'Run `dpkg --configure -a` on the host, then /plan.',
  },
  PACKAGE_HELD: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'A package is held on the host.',
    next: 'Release the hold on the host, or leave the package as it is.',
  },
  PACKAGE_UNSOLVABLE: {
    class: 'permanent',
    fixer: 'author',
    what: 'apt finds no way to do this to the packages of the host.',
    next: "See apt's own words; change the version or what stands against it.",
  },
  UNIT_UNSUITABLE: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A unit cannot be what is declared of it.',
    next: 'Change the declaration, or the unit on the host.',
  },
  ACCOUNT_CONFLICT: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A user or group of the host stands against what is declared.',
    next: 'Change it on the host by hand, or declare what is there.',
  },
  PATH_OCCUPIED: {
    class: 'needs-person',
    fixer: 'author',
    what: 'Something of another type is in the way of what is declared.',
    next: 'Remove it on the host, or declare what is there.',
  },
  PATH_IMMUTABLE: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'The host protects a file from every change.',
    next: 'Take the attribute away with `chattr -i` on the host, or leave the file as it is.',
  },
  PARENT_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'The directory that should hold this exists neither on the host nor in the plan.',
    next: 'Declare the directory above.',
  },
  DIRECTORY_NOT_EMPTY: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A directory that should be absent still holds something.',
    next: 'Empty it on the host, or keep it.',
  },
  READ_FAILED: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'Something could not be read on the host.',
    next: 'See the evidence, then /plan.',
  },
  HOST_UNREACHABLE: {
    class: 'transient',
    fixer: 'operator',
    what: 'No connection to the host came about.',
    next: 'Check the host and the network, then /plan.',
  },
  HOST_KEY_MISMATCH: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'The host showed a key that is not the pinned one.',
    next: 'Find out why; when the new key is right, change host_key by pull request.',
  },
  HOST_AUTH: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'The host refused our key.',
    next: 'Add the public key to the login user on the host.',
  },
  HOST_NO_SHELL: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'The login user has no working shell.',
    next: 'Give the user a POSIX shell.',
  },
  HOST_SUDO: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'sudo did not let us become root without a password.',
    next: 'Add the sudoers line of the evidence.',
  },
  HOST_TIMEOUT: {
    class: 'transient',
    fixer: 'operator',
    what: 'The host did not answer in time.',
    next: 'Check its load, then /plan.',
  },
  CONNECTION_LOST: {
    class: 'transient',
    fixer: 'operator',
    what: 'The connection to the host ended in the middle.',
    next: '/plan shows what is true now.',
  },
  LEDGER_DAMAGED: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'The ledger on the host cannot be read.',
    next: 'Repair or move away the file named in the evidence, then /plan.',
  },
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
  FORK_STATIC_ONLY: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'Pull requests from forks contact no host.',
    next: 'A maintainer can push the branch to this repository.',
  },
  FROZEN: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'Deploys are frozen by policy.',
    next: 'Wait for the end of the freeze, or change policy on the base branch.',
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
  HOST_BUSY: {
    class: 'transient',
    fixer: 'requester',
    what: 'Another deploy holds the host.',
    next: 'Wait for the run named, then repeat.',
  },
  HOST_UNKNOWN_STATE: {
    class: 'unknown',
    fixer: 'operator',
    what: 'An earlier run ended without a known result.',
    next: '/plan looks anew and frees the host.',
  },
  STEP_FAILED: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A command on the host failed.',
    next: 'See its own words; mend and push.',
  },
  UNIT_FAILED: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A unit did not stay up.',
    next: 'See its journal; mend and push.',
  },
  NOT_CONVERGED: {
    class: 'needs-person',
    fixer: 'author',
    what: 'After the deploy the same plan is not empty.',
    next: 'See what is left; /plan.',
  },
  RUN_LOST: {
    class: 'unknown',
    fixer: 'operator',
    what: 'A change was begun and its end is not known.',
    next: '/plan looks anew and shows what is true.',
  },
  RUN_REFUSED: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'The host refused the run before the first write.',
    next: '/plan',
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
} as const satisfies Record<string, Entry>;

export type ReasonCode = keyof typeof REASONS;
export const REASON_CODES: readonly ReasonCode[] = Object.keys(REASONS).filter(isReasonCode);

export function isReasonCode(text: string): text is ReasonCode {
  return Object.hasOwn(REASONS, text);
}

/** What a reason rests on: a command with its exit status and own words, a journal, or other text. */
export const Evidence = z.object({
  command: z.string().optional(),
  status: z.number().nullable().optional(),
  /** stderr or all output, its last part; the tool's own words. */
  output: z.string().optional(),
  journal: z.string().optional(),
});
export type Evidence = z.infer<typeof Evidence>;

/** Why something ended as it did. `next` is the exact next command where it differs from the catalogue's. */
export const Reason = z.object({
  code: z.custom<ReasonCode>((value) => typeof value === 'string' && isReasonCode(value)),
  message: z.string(),
  evidence: Evidence.optional(),
  next: z.string().optional(),
});
export type Reason = z.infer<typeof Reason>;

export function describeReason(reason: Reason): Entry & { readonly next: string } {
  const entry = REASONS[reason.code];
  return { ...entry, next: reason.next ?? entry.next };
}

/** The world failed at a host: it could not be reached, asked, or it broke off. Carries its reason. */
export class HostFailure extends Error {
  override readonly name = 'HostFailure';
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(`${reason.code}: ${reason.message}`);
    this.reason = reason;
  }
}
