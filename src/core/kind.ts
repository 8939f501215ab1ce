// The contract of a kind: what sort of thing a resource is, how it is read, and what change it needs.
// A kind reads through a Reader and returns steps; it never writes.
import type { z } from 'zod';
import type { Ref } from './address.ts';
import type { Guard } from './guard.ts';
import type { Reader } from './host.ts';
import type { Json } from './json.ts';
import type { Reason } from './reason.ts';
import type { Seal, SecretSources } from './secret.ts';
import type { Step } from './step.ts';

export const VERBS = [
  'create',
  'update',
  'reload',
  'restart',
  'replace',
  'delete',
  'adopt',
  'forget',
  'run',
] as const;
export type Verb = (typeof VERBS)[number];

/** One property before and after; null is absent. `text` fields are shown as a unified diff. */
export interface Field {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly as?: 'text';
}

/** Something that a change stops or starts anew for its users. */
export interface Interruption {
  readonly what: string;
  readonly how: 'restart' | 'reload' | 'stop';
}

/** When what was found came about, as the host itself remembers it; who and how only where it wrote that down. */
export interface Sighting {
  /** ISO 8601. */
  readonly at: string;
  readonly by?: string;
  readonly how?: string;
}

/** What one resource needs. `reason` says why in words; `notes` are further lines for the reader of the plan. */
export interface KindChange {
  readonly verb: Verb;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly steps: readonly Step[];
  readonly data?: 'kept' | 'lost';
  readonly interrupts?: readonly Interruption[];
  readonly notes?: readonly string[];
  /** It may cut off our own way to the host. */
  readonly guard?: Guard;
  /** Of what was found; shown where it is drift. Nothing is decided by it. */
  readonly sighted?: Sighting;
}

/** A resource that cannot be planned, and why. */
export interface Blocked {
  readonly blocked: Reason;
}

/** What the plan so far makes true on this host, and what the configuration declares there. */
export interface World {
  /** The verb planned so far for a resource of this host, in this plan. */
  planned(kind: string, id: string): Verb | undefined;
  /** All resources of a kind for which one of the verbs is planned so far. */
  plannedIds(kind: string, verbs: readonly Verb[]): readonly string[];
  /** Whether the resource is declared above on this host, changed or not. */
  declared(kind: string, id: string): boolean;
  /** Users as whom we log in to this host. */
  readonly logins: readonly string[];
}

/** Files of the repository below deploy-configs/, by their path from there; and its secrets, where there may be any. */
export interface SourceFiles {
  read(path: string): Uint8Array | undefined;
  readonly secrets?: SecretSources;
}

/** Why a declaration cannot be resolved, at a path of keys within it. */
export interface Unresolved {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly code?: 'SOURCE_MISSING' | 'SECRET_MISSING' | 'SECRET_UNREADABLE';
}

/**
 * Key of a member of a State that helps to show or judge a change and is not state itself: old bytes, what stands around.
 * It is not fingerprinted, because canonical JSON leaves symbols out.
 */
export const ASIDE: unique symbol = Symbol('aside');

/** By name, what of a resource was found; undefined: it was not looked at. */
export type Members = Readonly<Record<string, unknown>>;

/** Ids of one kind in groups, each in the order of the host. */
export type Rows = readonly (readonly string[])[];

/** Refs that can be asked for. */
export type Since = Pick<ReadonlySet<string>, 'has'>;

/** What is asked of a kind for one resource. `want` undefined: no longer declared; `have` undefined: not there. */
export interface ChangeRequest<Want, State> {
  readonly id: string;
  readonly want: Want | undefined;
  readonly have: State | undefined;
  /** What the kind asked the ledger to remember when this was last applied. */
  readonly last: Json | undefined;
  /** Refs (`kind/id`) that were applied after this one last was, by the ledger's order; all of them when it never was. */
  readonly since?: Since;
  readonly world: World;
}

/**
 * A kind. Spec is how it is written, Want how it is wanted (Spec with its sources resolved), State how it was found.
 * State must hold only what a decision depends on: it is fingerprinted whole, and a deploy refuses when it moved.
 */
export interface Kind<Spec, State, Want = Spec> {
  /** The YAML key, the file's name, and the middle of the address. */
  readonly name: string;
  /** One sentence for docs/kinds.md. */
  readonly about: string;
  /** What an id may look like, with a description. */
  readonly id: z.ZodType<string>;
  /** A plain, strict object without transforms, every field described: docs and JSON Schema come from it. */
  readonly spec: z.ZodType<Spec>;
  /** Pure: what is wanted, from what is written. Left out when both are the same. */
  resolve?(spec: Spec, sources: SourceFiles): { readonly want: Want } | { readonly unresolved: Unresolved };
  /**
   * All resources of this kind on one host at once; `want` undefined where only the ledger knows the id. Absent = left out.
   * A digest of what may be a secret is no part of a State but through `seal`, which is there where secrets can be opened.
   * `rows`: ids that are declared directly below each other on this host, by one stack, with nothing of another kind between;
   * what they need may be done as one, by the first of them.
   */
  read(
    host: Reader,
    wanted: ReadonlyMap<string, Want | undefined>,
    seal?: Seal,
    rows?: Rows,
  ): Promise<ReadonlyMap<string, State>>;
  /** Pure. undefined = in sync. */
  change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined;
  /**
   * Pure. What of a State does not follow from what is wanted, by name, also for a resource that is not there. Drift is told by it where the
   * declaration is another one than at the last look: by the members that both looks have, so what was not looked at is left out,
   * not empty. Without it the whole State must be the same whatever is wanted.
   */
  apart?(have: State | undefined): Members;
  /** What this resource alone says how it is: paths, and units as `unit x.service`. Two owners of one are a problem. */
  owns?(id: string, want: Want): readonly string[];
  /** Resources of the same host that must come before this one, where they are declared. */
  needs?(id: string, want: Want): readonly Ref[];
  /** What the ledger keeps for a later plan in which this is no longer declared. */
  remember?(want: Want): Json;
}

/** A kind as the engine sees it: specs and states are opaque and go back only to the kind that made them. */
export type AnyKind = Kind<unknown, unknown, unknown>;

/** Closes over the types of a kind: what the engine hands back to it is what it got from it. */
export function defineKind<Spec, State, Want = Spec>(kind: Kind<Spec, State, Want>): AnyKind {
  return kind;
}
