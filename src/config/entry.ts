// One entry of `resources`: which kind it names, and what is wanted on each host. An entry without variables is checked
// once, whatever the number of hosts.
import { z } from 'zod';
import { suggest } from '../core/problem.ts';
import type { Where } from '../core/problem.ts';
import type { AnyKind, Unresolved } from '../core/kind.ts';
import type { Resource } from '../core/resource.ts';
import { check } from './check.ts';
import { keysAt } from './keys.ts';
import { Selector } from './selector.ts';
import { keyOf } from './tell.ts';
import type { Found, Tell } from './tell.ts';
import { LARGEST, OVERSIZE, RESOURCE_UNITS } from './bounds.ts';
import type { Budget } from './bounds.ts';
import type { Sources } from './sources.ts';
import { indexed, locate, memberOf, membersOf, weigh } from './tree.ts';
import type { Mapping, Member, Tree } from './tree.ts';
import { interpolate, lookupIn, mentionsVariables } from './variables.ts';
import type { Bindings } from './variables.ts';

/** Limits an entry to some of the stack's hosts; a word of every entry, whatever its kind. */
const ON = 'on';
/** Declares it for one host of the stack, which goes alone before or after the others; a word of every entry, too. */
const ONCE = 'once';

export const Once = z
  .enum(['before', 'after'])
  .describe(
    'Done on one host only, which goes alone before or after all others of the stack: that of `on`; else the first one for `before`, the last one for `after`.',
  );

/** The keys of every entry, for docs and editors. */
export const ENTRY_KEYS = {
  [ON]: Selector.describe('Limits it to some hosts of the stack: a host, a group, a list of them, or `all`.'),
  [ONCE]: Once,
};

export interface Entry {
  readonly kind: AnyKind;
  readonly kinds: readonly AnyKind[];
  /** The key that names the kind, with the id as its value. */
  readonly id: Member;
  readonly spec: Mapping;
  readonly on: Tree | undefined;
  readonly once: z.infer<typeof Once> | undefined;
}

export interface Expansion {
  readonly stack: string;
  readonly hosts: readonly Bindings[];
  /** The hosts are not the ones that were meant: only what is wrong on all of them is told. */
  readonly guessed: boolean;
  readonly sources: Sources;
  readonly budget: Budget;
}

/** The first key that names a kind gives kind and id; all others are its spec. */
export function parseEntry(tree: Mapping, kinds: readonly AnyKind[], tell: Tell): Entry | undefined {
  const members = membersOf(tree).filter(({ key }) => key !== ON && key !== ONCE);
  const index = members.findIndex(({ key }) => kinds.some((kind) => kind.name === key));
  const id = members[index];
  const kind = kinds.find(({ name }) => name === id?.key);
  const stranger = strangerIn(members.slice(0, Math.max(index, 0)), kind);
  if (!id || !kind || stranger) {
    tellKind(stranger ? [stranger] : members, tree.where, kinds, tell);
    return undefined;
  }
  return {
    kind,
    kinds,
    id,
    spec: { ...tree, members: indexed(members.filter((member) => member !== id)) },
    on: memberOf(tree, ON)?.value,
    once: onceOf(memberOf(tree, ONCE), tell),
  };
}

export function expandEntry(entry: Entry, expansion: Expansion, tell: Tell): readonly Resource[] {
  const { stack, hosts, budget, guessed } = expansion;
  if (budget.exhausted) return [];
  const shared = usesVariables(entry) ? undefined : settle(entry, undefined, expansion);
  const own = shared ? 0 : weigh(entry.id.value) + weigh(entry.spec);
  const outcomes = hosts.map((bindings) => {
    const settled = budget.spend(RESOURCE_UNITS + own) && (shared ?? settle(entry, bindings, expansion));
    return { host: bindings.host, ...(settled || NOTHING) };
  });
  if (budget.exhausted) tell({ ...OVERSIZE, where: entry.spec.where });
  // Without any host there is still the entry itself to be checked.
  const checked = hosts.length === 0 && shared ? [{ host: '', ...shared }] : outcomes;
  tellOutcomes(checked, guessed || budget.exhausted, tell);
  if (guessed) return [];
  return outcomes.flatMap(({ host, wanted }) => {
    if (!wanted) return [];
    const address = { host, kind: entry.kind.name, id: wanted.id };
    const once = entry.once === undefined ? {} : { once: entry.once };
    return [{ address, stack, want: wanted.want, where: entry.spec.where, ...once }];
  });
}

function onceOf(member: Member | undefined, tell: Tell): Entry['once'] {
  return member && check(Once, member.value, tell, { root: '`once`' })?.value;
}

/** A key before the kind's own that the kind does not know: more likely a kind that was misspelt. */
function strangerIn(before: readonly Member[], kind: AnyKind | undefined): Member | undefined {
  if (!kind || before.length === 0) return undefined;
  const known = keysAt(kind.spec, []);
  return before.find(({ key }) => !known.includes(key));
}

function tellKind(members: readonly Member[], where: Where, kinds: readonly AnyKind[], tell: Tell): void {
  const names = kinds.map((kind) => kind.name);
  const nears = members.map((member) => ({ member, near: suggest(member.key, names) }));
  const best = nears.find(({ near }) => near !== undefined) ?? nears[0];
  const found = best ? `\`${best.member.key}\` is not a kind of resource` : 'the entry names no resource';
  tell({
    code: 'KIND_UNKNOWN',
    message: `${found}; an entry begins with one of ${names.join(', ')}`,
    where: best?.member.keyWhere ?? where,
    near: () => best?.near,
  });
}

function usesVariables({ id, spec }: Entry): boolean {
  return mentionsVariables(id.value) || mentionsVariables(spec);
}

interface Settled {
  readonly wanted: { readonly id: string; readonly want: unknown } | undefined;
  readonly problems: readonly Found[];
}

const NOTHING: Settled = { wanted: undefined, problems: [] };

/** The entry with its variables filled in, checked, and its sources resolved. */
function settle(entry: Entry, bindings: Bindings | undefined, expansion: Expansion): Settled {
  const { sources, budget } = expansion;
  const problems: Found[] = [];
  const tell: Tell = (problem) => void problems.push(problem);
  const fill = (tree: Tree): Tree =>
    bindings ? interpolate(tree, { lookup: lookupIn(bindings, tell), tell, budget }) : tree;
  const { kind } = entry;
  const id = check(kind.id, fill(entry.id.value), tell, { root: `\`${kind.name}\`` });
  const tree = fill(entry.spec);
  const explainKey = (key: string): string | undefined => explainSecondKind(key, entry);
  const spec = check(kind.spec, tree, tell, { root: `\`${kind.name}\``, explainKey });
  if (!id || !spec) return { wanted: undefined, problems };
  const resolved = kind.resolve?.(spec.value, sources) ?? { want: spec.value };
  if ('want' in resolved) return { wanted: { id: id.value, want: resolved.want }, problems };
  tell(unresolvedProblem(resolved.unresolved, tree, sources));
  return { wanted: undefined, problems };
}

function explainSecondKind(key: string, { kind, kinds }: Entry): string | undefined {
  return kinds.some(({ name }) => name === key)
    ? `an entry declares one resource: \`${kind.name}\` has no key \`${key}\`, begin a new entry with \`- ${key}:\``
    : undefined;
}

function unresolvedProblem({ path, message, code }: Unresolved, tree: Tree, sources: Sources): Found {
  const { node, where } = locate(tree, path);
  const named = node?.is === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
  if (named !== undefined && sources.isTooLarge(named)) {
    const tooLarge = `the source \`${named}\` is larger than ${LARGEST} bytes`;
    return { code: 'CONFIG_TOO_LARGE', message: tooLarge, where };
  }
  const near = code && named !== undefined ? () => suggest(named, sources.paths) : undefined;
  return { code: code ?? 'CONFIG_INVALID', message, where, near };
}

/** What was found to be wrong with an entry for one host. */
export interface Outcome {
  readonly host: string;
  readonly problems: readonly Found[];
}

/** Each problem once, with its hosts where it is not the same on all of them. */
export function tellOutcomes(outcomes: readonly Outcome[], guessed: boolean, tell: Tell): void {
  const told = outcomes.flatMap(({ host, problems }) => problems.map((problem) => ({ host, problem })));
  const same = Map.groupBy(told, ({ problem }) => keyOf(problem));
  for (const group of same.values()) {
    const hosts = [...new Set(group.map(({ host }) => host))];
    const everywhere = hosts.length === outcomes.length;
    const [first] = group;
    if (!first || (guessed && !everywhere)) continue;
    const on = everywhere ? '' : ` (on ${namesOf(hosts)})`;
    tell({ ...first.problem, message: `${first.problem.message}${on}` });
  }
}

/** A few names, then how many more. */
export function namesOf(hosts: readonly string[]): string {
  return hosts.length <= 3
    ? hosts.join(', ')
    : `${hosts.slice(0, 3).join(', ')} and ${hosts.length - 3} more`;
}
