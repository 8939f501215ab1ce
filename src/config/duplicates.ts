// Resources of one host that stand against each other: one declared twice, and two that own the same path or unit.
import type { AnyKind } from '../core/kind.ts';
import { formatWhere } from '../core/problem.ts';
import type { ReasonCode } from '../core/reason.ts';
import type { Resource } from '../core/resource.ts';
import { namesOf } from './entry.ts';
import type { Tell } from './tell.ts';

/** Each at the line of the later one, once for all hosts. */
export function tellDuplicates(resources: readonly Resource[], kinds: readonly AnyKind[], tell: Tell): void {
  const kindOf = new Map(kinds.map((kind) => [kind.name, kind]));
  const first = new Map<string, Resource>();
  const clashes: Clash[] = [];
  for (const resource of resources) {
    const clash = claim(resource, claimsOf(resource, kindOf.get(resource.address.kind)), first);
    if (clash) clashes.push(clash);
  }
  const same = Map.groupBy(clashes, ({ resource: { address, where }, before, owned }) =>
    JSON.stringify([address.kind, address.id, where, before.where, owned]),
  );
  for (const group of same.values()) tellClash(group, tell);
}

interface Clash {
  readonly resource: Resource;
  readonly before: Resource;
  /** What both own; undefined: it is the same resource. */
  readonly owned: string | undefined;
}

interface Claim {
  readonly key: string;
  readonly owned: string | undefined;
}

function claimsOf({ address, want }: Resource, kind: AnyKind | undefined): readonly Claim[] {
  const { host, kind: name, id } = address;
  const owned = kind?.owns?.(id, want) ?? [];
  return [
    { key: `${host} ${name}/${id}`, owned: undefined },
    ...owned.map((one) => ({ key: `${host}  ${one}`, owned: one })),
  ];
}

/** The first of its claims that another resource has already. */
function claim(
  resource: Resource,
  claims: readonly Claim[],
  first: Map<string, Resource>,
): Clash | undefined {
  const taken = claims.map(({ key, owned }) => ({ before: first.get(key), owned }));
  for (const { key } of claims) if (!first.has(key)) first.set(key, resource);
  const clash = taken.find(({ before }) => before !== undefined);
  return clash?.before && { resource, before: clash.before, owned: clash.owned };
}

function tellClash(clashes: readonly Clash[], tell: Tell): void {
  const [clash] = clashes;
  if (!clash) return;
  const { resource, before, owned } = clash;
  const { address, where } = resource;
  const hosts = namesOf(clashes.map((one) => one.resource.address.host));
  const place = formatWhere(before.where);
  const code: ReasonCode = owned === undefined ? 'ADDRESS_DUPLICATE' : 'OWNED_TWICE';
  const message =
    owned === undefined
      ? `${address.kind} ${address.id} is declared for ${hosts} already, in ${place}`
      : `${owned} belongs on ${hosts} to ${before.address.kind} ${before.address.id} already, in ${place}`;
  tell({ code, message, where });
}
