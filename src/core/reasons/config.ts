// What can be wrong with the configuration as it is written. Found without asking a host.
import type { ReasonEntry } from './entry.ts';

export const CONFIG_REASONS = {
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
  OWNED_TWICE: {
    class: 'permanent',
    fixer: 'author',
    what: 'Two resources of one host own the same path or unit.',
    next: 'Keep one of the two declarations, or give one of them another name.',
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
  STACK_UNKNOWN: {
    class: 'permanent',
    fixer: 'author',
    what: 'A stack is named that is not there.',
    next: 'Fix the name: a stack is named by its file.',
  },
  WAVES_CONFLICT: {
    class: 'permanent',
    fixer: 'author',
    what: 'Stacks or their waves cannot all come after each other as they say.',
    next: 'Take one of the orders away that the message names.',
  },
  SOURCE_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'A source file is not in the repository.',
    next: 'Add the file under deploy-configs/.',
  },
  SECRET_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'A secret is used that is neither in the repository nor on the server.',
    next: 'Add deploy-configs/secrets/<name>.age, encrypted with age for the server, or fix the name.',
  },
  SECRET_UNREADABLE: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'A secret is there and cannot be opened or used.',
    next: 'Encrypt it anew for the identity of the server, or mend what the message names.',
  },
} as const satisfies Record<string, ReasonEntry>;
