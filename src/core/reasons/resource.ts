// Why a resource cannot be planned against the host as it was found.
import type { ReasonEntry } from './entry.ts';

export const RESOURCE_REASONS = {
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
  CUTS_OFF: {
    class: 'permanent',
    fixer: 'author',
    what: 'It would take away our own way to the host, and nothing could be put back from here.',
    next: 'Let Ashore log in another way first (hosts.yml), or do it by hand on the host.',
  },
  DIRECTORY_NOT_EMPTY: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A directory that should be absent still holds something.',
    next: 'Empty it on the host, or keep it.',
  },
  CONTENT_REFUSED: {
    class: 'permanent',
    fixer: 'author',
    what: 'The program that would read a file does not take the bytes that it is to have.',
    next: 'See its own words; mend and push.',
  },
  PROGRAM_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'A program that this needs is neither on the host nor in the plan.',
    next: 'Declare its package above.',
  },
  IMAGE_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'What the image of a container should be loaded from is neither on the host nor in the plan.',
    next: 'Declare the `file` or `release` that brings it above.',
  },
  CONTAINER_TAKEN: {
    class: 'needs-person',
    fixer: 'author',
    what: 'A container of that name is on the host already, and Ashore did not make it.',
    next: 'Remove it with `podman rm` on the host, or give the container another name.',
  },
  SWAP_UNSUITABLE: {
    class: 'permanent',
    fixer: 'author',
    what: 'The host cannot have swap space there.',
    next: 'Choose a path on another file system, or leave the host out.',
  },
  SETTING_MISSING: {
    class: 'permanent',
    fixer: 'author',
    what: 'The kernel of the host has no such setting.',
    next: 'Fix the name, or load the module that has it.',
  },
} as const satisfies Record<string, ReasonEntry>;
