// What the catalogue says of one reason.

/** permanent: the same again fails again · needs-person: somebody must decide or mend · transient: may pass by itself · unknown: not known what is true. */
export type ReasonClass = 'permanent' | 'needs-person' | 'transient' | 'unknown';
export type Fixer = 'author' | 'operator' | 'requester' | 'ashore';

export interface ReasonEntry {
  readonly class: ReasonClass;
  readonly fixer: Fixer;
  readonly what: string;
  readonly next: string;
}
