// Resources as the configuration declares them, with all variables and sources filled in.
import type { Address } from './address.ts';
import type { Target } from './host.ts';
import { fingerprint } from './json.ts';
import type { Verb } from './kind.ts';
import type { Duty } from './plan.ts';
import type { Problem, Where } from './problem.ts';

/** One thing on one host that is declared. `want` is opaque: only its kind knows its shape. */
export interface Resource {
  readonly address: Address;
  readonly stack: string;
  readonly want: unknown;
  readonly where: Where;
  /** Declared for one host of the stack only, which goes alone before or after all others while this is a change there. */
  readonly once?: 'before' | 'after';
}

/** A hook or a check of a stack on one of its hosts, with all variables filled in. */
export interface HostDuty {
  readonly host: string;
  readonly duty: Duty;
  readonly once?: 'before' | 'after';
}

/** What is planned and deployed together: its hosts in the order of hosts.yml. */
export interface Stack {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly where: Where;
  /** Left out where the stack says nothing of it. */
  readonly rollout?: StackRollout;
}

/** Which hosts of a stack go before which. */
export interface StackRollout {
  /** Left out: the first host alone, then all others. */
  readonly waves?: readonly WaveSize[];
  /** Hosts that may fail before no further one is started. */
  readonly stopAfter?: number;
  /** Hosts that go at the same time in a wave. */
  readonly atOnce?: number;
  /** Stacks whose hosts all go before those of this one. */
  readonly after?: readonly string[];
}

/** hosts: so many more · share: until so many percent of the stack's hosts have gone · names: these. */
export type WaveSize =
  | { readonly is: 'hosts'; readonly hosts: number }
  | { readonly is: 'share'; readonly percent: number }
  | { readonly is: 'names'; readonly names: readonly string[] };

/** Who may deploy and how; read from the base branch only. */
export interface Policy {
  readonly on: 'merge' | 'comment' | 'both';
  /** Least repository roles, or teams written as `@org/team`. */
  readonly by: readonly string[];
  readonly approvals: number;
  /** Verbs that need `/deploy <plan>` even after a merge. */
  readonly confirm: readonly string[];
  readonly freeze: readonly Freeze[];
  /** Whether the checks that the base branch requires, our own left out, must have passed. */
  readonly checks: 'required' | 'none';
  /** Whether the branch must hold the newest commit of its base. */
  readonly upToDate: boolean;
  /** Whether each touched path needs the approval of one of its owners in CODEOWNERS. */
  readonly codeowners: boolean;
  /** What else holds for plans that touch a stack, by its name. */
  readonly stacks: Readonly<Record<string, StackPolicy>>;
  /** Who may deploy plans that hold a verb. */
  readonly verbs: Readonly<Partial<Record<Verb, { readonly by: readonly string[] }>>>;
  /** Hours between two looks for drift; null for none but those that are asked for. */
  readonly driftEvery: number | null;
}

/** In the place of the defaults, where it is given. */
export interface StackPolicy {
  readonly by?: readonly string[] | undefined;
  readonly approvals?: number | undefined;
  readonly confirm?: readonly string[] | undefined;
}

/** A window in which nothing is deployed. ISO 8601 times. */
export interface Freeze {
  readonly from: string;
  readonly until: string;
  readonly reason: string;
}

/** Everything that deploy-configs/ says. `digest` is the SHA-256 over all files that were read. */
export interface Config {
  readonly digest: string;
  readonly targets: ReadonlyMap<string, Target>;
  /** Hosts by each name that means some: of a host, of a group, and `all`. */
  readonly meant?: ReadonlyMap<string, readonly string[]>;
  readonly stacks: readonly Stack[];
  /** In the order in which they are done, per host. */
  readonly resources: readonly Resource[];
  /** In the order in which they are done, per host; left out where there are none. */
  readonly duties?: readonly HostDuty[];
  /** Names of the secrets that are used, sorted. */
  readonly secrets: readonly string[];
  readonly policy: Policy;
}

export type ParsedConfig = { readonly config: Config } | { readonly problems: readonly Problem[] };

const BY_HOST = new WeakMap<readonly Resource[], ReadonlyMap<string, readonly Resource[]>>();

/** Those of one host, in their order. All are sorted out once: asked for host by host it would be their number squared. */
export function resourcesOn(host: string, resources: readonly Resource[]): readonly Resource[] {
  const known = BY_HOST.get(resources);
  const byHost = known ?? Map.groupBy(resources, ({ address }) => address.host);
  if (!known) BY_HOST.set(resources, byHost);
  return byHost.get(host) ?? [];
}

const WANTED = new WeakMap<object, string>();

/** Fingerprint of what is wanted; what is the same on many hosts is one value and gone through once. */
export function wantPrint(want: unknown): string {
  if (typeof want !== 'object' || want === null) return fingerprint(want);
  const known = WANTED.get(want) ?? fingerprint(want);
  WANTED.set(want, known);
  return known;
}
