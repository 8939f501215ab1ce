// What stands where: of each stack on each host what the ledger says was applied there last, and how far the host is from
// what is declared. A host that was not read is said to be so.
import type { StackDrift } from './drift.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import type { Plan } from './plan.ts';
import type { Reason } from './reason.ts';

/** What a host remembers of a stack: its newest line, and how many resources it has there. */
export interface Recorded {
  readonly stack: string;
  readonly commit: string;
  /** Digest. */
  readonly plan: string;
  readonly run: string;
  /** A GitHub login or local user. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  readonly resources: number;
}

/** By host; one that was not read is left out. */
export type RecordedOn = ReadonlyMap<string, readonly Recorded[]>;

export interface HostStatus {
  readonly host: string;
  /** null: nothing of the stack was ever applied there, or the host was not read. */
  readonly recorded: Recorded | null;
  /** Resources that left what was applied, that were never applied, and that nobody could look at. */
  readonly drifted: number;
  readonly undeployed: number;
  readonly unread: number;
  /** Why nobody could look at the host. */
  readonly failure: Reason | null;
  /** The run that was begun there last and never ended. */
  readonly torn: string | null;
}

export interface StackStatus {
  readonly stack: string;
  /** false: only hosts know it; nothing declares it any more. */
  readonly declared: boolean;
  readonly hosts: readonly HostStatus[];
}

/** What one ledger holds, by its stacks. */
export function recordedIn({ entries }: Ledger): readonly Recorded[] {
  const newest = new Map<string, LedgerEntry>();
  const resources = new Map<string, number>();
  for (const entry of entries.values()) {
    resources.set(entry.stack, (resources.get(entry.stack) ?? 0) + 1);
    if (entry.line >= (newest.get(entry.stack)?.line ?? 0)) newest.set(entry.stack, entry);
  }
  return [...newest.values()].map(({ stack, commit, plan, run, by, at }) => {
    return { stack, commit, plan, run, by, at, resources: resources.get(stack) ?? 0 };
  });
}

/** A stack that hosts remember and nothing declares any more: it stays there until its removal is planned and deployed. */
export interface GoneStack {
  readonly stack: string;
  readonly hosts: readonly string[];
  readonly resources: number;
  /** The newest that was deployed of it, which still declares it. */
  readonly commit: string;
}

/** On the hosts that were looked at; `declared` are those that a configuration has, or a plan removes. */
export function goneStacks(recorded: RecordedOn, declared: ReadonlySet<string>): readonly GoneStack[] {
  const all = [...recorded].flatMap(([host, found]) => found.map((each) => ({ host, ...each })));
  const gone = Map.groupBy(
    all.filter(({ stack }) => !declared.has(stack)),
    ({ stack }) => stack,
  );
  return [...gone].map(([stack, found]) => {
    const [newest] = found.toSorted((a, b) => b.at.localeCompare(a.at));
    const resources = found.reduce((sum, each) => sum + each.resources, 0);
    return { stack, hosts: found.map(({ host }) => host), resources, commit: newest?.commit ?? '' };
  });
}

/** Of a plan of all stacks against themselves, with the drift read out of it; `hostsOf` a stack by its name. */
export function stackStatuses(
  plan: Plan,
  recorded: RecordedOn,
  drifts: readonly StackDrift[],
  hostsOf: (stack: string) => readonly string[],
): readonly StackStatus[] {
  const looked = plan.hosts.map(({ host }) => host);
  const known = [...recorded.values()].flatMap((all) => all.map(({ stack }) => stack));
  const gone = [...new Set(known)].filter((stack) => !plan.stacks.includes(stack)).toSorted();
  return [...plan.stacks, ...gone].map((stack) => {
    const own = new Set(hostsOf(stack));
    const drift = drifts.find((each) => each.stack === stack);
    const hosts = looked.filter((host) => own.has(host) || find(recorded, host, stack) !== null);
    return {
      stack,
      declared: plan.stacks.includes(stack),
      hosts: hosts.map((host) => statusOn(plan, host, find(recorded, host, stack), drift)),
    };
  });
}

/** As declared and as deployed, as far as a look says. */
export function isInOrder({ drifted, undeployed, unread, failure, torn }: HostStatus): boolean {
  return drifted + undeployed + unread === 0 && failure === null && torn === null;
}

function statusOn(
  { hosts }: Plan,
  host: string,
  recorded: Recorded | null,
  drift: StackDrift | undefined,
): HostStatus {
  const here = (each: { readonly host: string }): boolean => each.host === host;
  const found = hosts.find(here);
  return {
    host,
    recorded,
    drifted: drift?.drifted.filter(here).length ?? 0,
    undeployed: drift?.undeployed.filter(here).length ?? 0,
    unread: drift?.unread.filter((each) => here(each) && each.ref !== null).length ?? 0,
    failure: found?.failure ?? null,
    torn: found?.torn ?? null,
  };
}

function find(recorded: RecordedOn, host: string, stack: string): Recorded | null {
  return recorded.get(host)?.find((each) => each.stack === stack) ?? null;
}
