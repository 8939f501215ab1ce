// Checks that every resource comes after what it needs, and puts the stacks of one host in such an order.
// Pure. Within a stack nothing is ever reordered: a need that stands below is a problem at its line. The one exception
// is said in the plan: what may cut us off from the host is done last there.
import { formatRef } from '../core/address.ts';
import { CONFIRM_WITHIN } from '../core/guard.ts';
import type { AnyKind } from '../core/kind.ts';
import type { Change } from '../core/plan.ts';
import type { Problem } from '../core/problem.ts';
import type { Resource, Stack } from '../core/resource.ts';
import { stacksBefore } from './waves.ts';

export type Ordered = { readonly resources: readonly Resource[] } | { readonly problems: readonly Problem[] };

export function orderResources(
  resources: readonly Resource[],
  kinds: readonly AnyKind[],
  stacks: readonly Stack[] = [],
): Ordered {
  const before = new Map(stacks.map(({ name }) => [name, stacksBefore(name, stacks)]));
  const hosts = Map.groupBy(resources, (resource) => resource.address.host);
  const ordered: Resource[] = [];
  const problems = new Map<string, Problem>();
  for (const onHost of hosts.values()) {
    const edges = needsOf(onHost, kinds);
    const found = [
      ...findLater(onHost, edges),
      ...findAcross(onHost, edges, before),
      ...findCycles(onHost, edges),
    ];
    // The same lines go to many hosts; one problem a line is enough.
    for (const problem of found) problems.set(`${problem.code} ${JSON.stringify(problem.where)}`, problem);
    ordered.push(...orderStacks(onHost, edges, before));
  }
  return problems.size > 0 ? { problems: [...problems.values()] } : { resources: ordered };
}

/** Guarded changes, and those that need them, behind all others; each says so. Among each other they stay as they are. */
export function placeGuardedLast(
  changes: readonly Change[],
  resources: readonly Resource[],
  kinds: readonly AnyKind[],
): readonly Change[] {
  if (changes.every(({ guard }) => guard === undefined)) return changes;
  const needs = needRefs(resources, kinds);
  const last = new Map<string, string | null>();
  for (const { ref, guard } of changes) {
    const followed = needs.get(ref)?.find((need) => last.has(need));
    if (guard) last.set(ref, null);
    else if (followed !== undefined) last.set(ref, followed);
  }
  const guarded = changes.filter(({ ref }) => last.has(ref));
  return [
    ...changes.filter(({ ref }) => !last.has(ref)),
    ...guarded.map((change) => noteGuard(change, last.get(change.ref) ?? null)),
  ];
}

/** By `kind/id`, what each needs of what is declared on the same host. */
export function needRefs(
  resources: readonly Resource[],
  kinds: readonly AnyKind[],
): ReadonlyMap<string, readonly string[]> {
  const edges = needsOf(resources, kinds);
  const refOf = ({ address }: Resource): string => formatRef(address);
  return new Map([...edges].map(([resource, needed]) => [refOf(resource), needed.map(refOf)]));
}

function noteGuard(change: Change, follows: string | null): Change {
  const guard = change.guard ?? { why: `it follows ${follows}`, paths: [], units: [] };
  const note =
    `done last on this host, under guard: ${guard.why}; ` +
    `the host puts the old state back unless a new connection comes about within ${CONFIRM_WITHIN} s`;
  return { ...change, guard, notes: [...change.notes, note] };
}

/** For each resource, the resources of the same host that it needs and that are declared. */
type Edges = ReadonlyMap<Resource, readonly Resource[]>;

function needsOf(onHost: readonly Resource[], kinds: readonly AnyKind[]): Edges {
  const byRef = new Map(onHost.map((resource) => [formatRef(resource.address), resource]));
  const kindOf = new Map(kinds.map((kind) => [kind.name, kind]));
  return new Map(
    onHost.map((resource) => {
      const { kind, id } = resource.address;
      const needs = kindOf.get(kind)?.needs?.(id, resource.want) ?? [];
      const declared = needs.map((ref) => byRef.get(formatRef(ref))).filter((need) => need !== undefined);
      return [resource, declared.filter((need) => need !== resource)];
    }),
  );
}

function findLater(onHost: readonly Resource[], edges: Edges): Problem[] {
  const position = new Map(onHost.map((resource, index) => [resource, index]));
  return onHost.flatMap((resource) =>
    (edges.get(resource) ?? [])
      .filter((need) => need.stack === resource.stack)
      .filter((need) => (position.get(need) ?? 0) > (position.get(resource) ?? 0))
      .filter((need) => !reaches(need, resource, edges))
      .map((need) => ({
        code: 'NEEDS_LATER' as const,
        where: resource.where,
        message: `${formatRef(resource.address)} needs ${formatRef(need.address)}, which is declared below it at line ${need.where.line}`,
      })),
  );
}

/** Stacks that go before each one, as the stacks say. */
type Before = ReadonlyMap<string, ReadonlySet<string>>;

function findAcross(onHost: readonly Resource[], edges: Edges, before: Before): Problem[] {
  return onHost.flatMap((resource) =>
    (edges.get(resource) ?? [])
      .filter((need) => before.get(need.stack)?.has(resource.stack))
      .map((need) => ({
        code: 'WAVES_CONFLICT' as const,
        where: resource.where,
        message: `${formatRef(resource.address)} needs ${formatRef(need.address)} of the stack ${need.stack}, which goes after ${resource.stack}`,
      })),
  );
}

function findCycles(onHost: readonly Resource[], edges: Edges): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<Resource>();
  for (const resource of onHost) {
    if (done.has(resource)) continue;
    const path = cycleThrough(resource, edges);
    if (path.length === 0) continue;
    for (const member of path) done.add(member);
    const circle = [...path, resource].map(({ address }) => formatRef(address)).join(' → ');
    problems.push({
      code: 'NEEDS_CYCLE',
      where: resource.where,
      message: `these need each other: ${circle}`,
    });
  }
  return problems;
}

/** The resources on a way from `start` back to itself, or none. */
function cycleThrough(start: Resource, edges: Edges): readonly Resource[] {
  const seen = new Set<Resource>();
  const walk = (at: Resource, path: readonly Resource[]): readonly Resource[] => {
    for (const need of edges.get(at) ?? []) {
      if (need === start) return path;
      if (seen.has(need)) continue;
      seen.add(need);
      const found = walk(need, [...path, need]);
      if (found.length > 0) return found;
    }
    return [];
  };
  return walk(start, [start]);
}

function reaches(from: Resource, to: Resource, edges: Edges): boolean {
  const seen = new Set<Resource>([from]);
  for (const at of seen) {
    if (at === to) return true;
    for (const need of edges.get(at) ?? []) seen.add(need);
  }
  return false;
}

/** Stacks in the order of their names, but after the stacks that they come after or need something of. */
function orderStacks(onHost: readonly Resource[], edges: Edges, before: Before): Resource[] {
  const groups = Map.groupBy(onHost, (resource) => resource.stack);
  const placed = new Set<string>();
  const ordered: Resource[] = [];
  const place = (stack: string): void => {
    if (placed.has(stack)) return;
    placed.add(stack);
    const members = groups.get(stack) ?? [];
    const needed = members.flatMap((member) => edges.get(member) ?? []).map((need) => need.stack);
    for (const other of [...new Set([...needed, ...(before.get(stack) ?? [])])].toSorted()) place(other);
    ordered.push(...members);
  };
  for (const stack of [...groups.keys()].toSorted()) place(stack);
  return ordered;
}
