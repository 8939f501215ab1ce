// What goes wrong at a host: reaching it, reading it, carrying out a run on it.
import type { ReasonEntry } from './entry.ts';

export const HOST_REASONS = {
  READ_FAILED: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'Something could not be read on the host.',
    next: 'See the evidence, then /plan.',
  },
  HOST_NOT_PERMITTED: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'The server does not let this repository reach the address.',
    next: 'Whoever runs the server can add the address to its file of repositories.',
  },
  HOST_UNCONFIRMED: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'Only this pull request says where the host is, so it is not contacted before somebody who may says so.',
    next: '/plan with the newest commit, by somebody with write, once the hosts of the change were read.',
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
  HOOK_FAILED: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A hook failed.',
    next: 'See its own words; mend and push.',
  },
  HEALTH_SILENT: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A check got no answer within its time.',
    next: 'See what listens and the journal; mend and push.',
  },
  HEALTH_WRONG: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A check got another answer than it must be, until its time was over.',
    next: 'See the last answer; mend and push.',
  },
  CRASH_LOOP: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A unit died and was started again three times.',
    next: 'See its journal; mend and push.',
  },
  BAKE_FAILED: {
    class: 'needs-person',
    fixer: 'author',
    what: 'After the change a number of the service passed its declared limit.',
    next: 'Compare the numbers; mend and push.',
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
  RUN_CANCELLED: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'Somebody asked the run to stop; what had begun was finished, and nothing after it was begun.',
    next: 'Deploy the plan again for what is left, or `/rollback`.',
  },
  RUN_REFUSED: {
    class: 'needs-person',
    fixer: 'requester',
    what: 'The host refused the run before the first write.',
    next: '/plan',
  },
} as const satisfies Record<string, ReasonEntry>;
