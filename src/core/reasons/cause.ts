// Why something failed on a host, where the tool's own words say it. engine/cause.ts tells which words mean which.
import type { ReasonEntry } from './entry.ts';

export const CAUSE_REASONS = {
  EXEC_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'A program that should be started is not there.',
    next: 'Bring the program with the configuration, or mend its path; push.',
  },
  IMAGE_UNKNOWN: {
    class: 'permanent',
    fixer: 'author',
    what: 'The registry has no image of this name with this digest.',
    next: 'Mend the name or the digest; push.',
  },
  IMAGE_FOREIGN: {
    class: 'permanent',
    fixer: 'author',
    what: 'An image is for machines of another architecture, and the host cannot run what is in it.',
    next: 'Take the digest of the image for this architecture (docs/containers.md); push.',
  },
  REGISTRY_REFUSED: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'The registry of an image does not let this host pull.',
    next: 'Give the host its credentials (docs/containers.md), then /deploy.',
  },
  EXEC_FORMAT: {
    class: 'permanent',
    fixer: 'author',
    what: 'A file that should be started is no program for this machine.',
    next: 'Take the build for this architecture, or mend the first line of the script; push.',
  },
  PORT_IN_USE: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'Another process has the port already.',
    next: 'See who listens (`ss -ltnp` on the host); stop that or take another port.',
  },
  PERMISSION_DENIED: {
    class: 'needs-person',
    fixer: 'author',
    what: 'The host did not let a program do what it tried.',
    next: 'Mend owner, mode or user where the words point; push.',
  },
  DISK_FULL: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'A file system of the host is full.',
    next: 'Make room on the host (`df -h`, `df -i`), then deploy again.',
  },
  APT_LOCKED: {
    class: 'transient',
    fixer: 'operator',
    what: 'Another program holds the lock of apt or dpkg.',
    next: 'Wait until it has ended, then deploy again.',
  },
  DEPENDENCY_UNMET: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A package needs another one that cannot be had.',
    next: 'Declare what it needs, or another version; push.',
  },
  UNIT_MASKED: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'A unit is masked, so nothing can start it.',
    next: 'Find out why; `systemctl unmask` it on the host, then /plan.',
  },
  USER_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'A user or group that is named is not on the host.',
    next: 'Declare it above, or mend the name; push.',
  },
  DNS_FAILED: {
    class: 'transient',
    fixer: 'operator',
    what: 'A name could not be resolved on the host.',
    next: 'Check the name, and the resolver of the host; then deploy again.',
  },
  TLS_FAILED: {
    class: 'needs-person',
    fixer: 'operator',
    what: 'A certificate was not accepted.',
    next: 'Mend the certificate, the trusted ones, or the clock of the host.',
  },
  OOM_KILLED: {
    class: 'needs-person',
    fixer: 'author',
    what: 'The kernel ended a process because memory ran out.',
    next: 'Give it more memory or a smaller load; push.',
  },
} as const satisfies Record<string, ReasonEntry>;
