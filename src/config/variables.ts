// `${name}`: the only thing that is computed in a configuration. A whole value is replaced and keeps its type; within
// a text the value stands as it was written. Three levels: the stack's defaults, groups, the host.
import { suggest } from '../core/problem.ts';
import type { Where } from '../core/problem.ts';
import { fingerprint } from '../core/json.ts';
import type { Budget } from './bounds.ts';
import type { Tell } from './tell.ts';
import { hasHole, indexed, memberOf, membersOf, plainOf, someNode, weigh } from './tree.ts';
import type { Mapping, Member, Scalar, Tree } from './tree.ts';

/** Set by Ashore for each host; no level may set them. */
const BUILT_IN = ['host', 'address'] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

export interface GroupVariables {
  readonly group: string;
  readonly vars: Mapping;
}

export interface Levels {
  readonly stack: Mapping | undefined;
  readonly groups: readonly GroupVariables[];
  readonly host: Mapping | undefined;
}

/** Values of a level as they are: `$${` is `${`, and a variable within a variable is a problem. */
export function parseVariables(tree: Tree | undefined, budget: Budget, tell: Tell): Mapping | undefined {
  if (tree?.is !== 'mapping') return undefined;
  for (const { key, keyWhere } of tree.members.values()) {
    if (!BUILT_IN.some((name) => name === key)) continue;
    tell({ code: 'CONFIG_INVALID', message: `\`${key}\` is set by Ashore itself`, where: keyWhere });
  }
  const lookup: Lookup = (name, where) => {
    const message = `a variable cannot hold \`\${${name}}\`; write \`$\${\` for the characters themselves`;
    tell({ code: 'CONFIG_INVALID', message, where });
    return undefined;
  };
  const filled = interpolate(tree, { lookup, tell, budget });
  return filled.is === 'mapping' ? filled : undefined;
}

/** Maps are merged key by key, everything else is replaced by the nearer level. */
export function mergeLevels({ stack, groups, host }: Levels): ReadonlyMap<string, Tree> {
  const levels = [stack, ...groups.map(({ vars }) => vars), host];
  const merged = levels.reduce<Members>(
    (far, near) => (near ? mergeMembers(far, near.members) : far),
    new Map(),
  );
  return new Map([...merged].map(([key, { value }]) => [key, value]));
}

/** Variables that two groups of a host set to different values while the host itself does not decide. */
export function findConflicts(
  groups: readonly GroupVariables[],
  host: Mapping | undefined,
): readonly { readonly path: string; readonly between: readonly [string, string] }[] {
  return groups.flatMap((later, index) =>
    groups.slice(0, index).flatMap((earlier) =>
      conflictsOf(earlier.vars, later.vars, host).map((path) => ({
        path: path.join('.'),
        between: [earlier.group, later.group] as const,
      })),
    ),
  );
}

export function mentionsVariables(tree: Tree): boolean {
  return someNode(
    tree,
    (node) =>
      (node.is === 'scalar' && node.source.includes('${')) ||
      membersOf(node).some((member) => member.key.includes('${')),
  );
}

/** The value of a variable; undefined when there is none, which the lookup tells itself. */
export type Lookup = (name: string, where: Where) => Tree | undefined;

export function lookupIn(variables: ReadonlyMap<string, Tree>, tell: Tell): Lookup {
  return (name, where) => {
    const value = variables.get(name);
    if (value) return value;
    const message = `no level sets the variable \`${name}\`: neither the stack, nor a group, nor the host`;
    tell({ code: 'VARIABLE_UNKNOWN', message, where, near: () => nearVariable(name, variables) });
    return undefined;
  };
}

function nearVariable(name: string, variables: ReadonlyMap<string, Tree>): string | undefined {
  const near = suggest(name, [...variables.keys()]);
  return near === undefined ? undefined : `\${${near}}`;
}

export interface Filling {
  readonly lookup: Lookup;
  readonly tell: Tell;
  readonly budget: Budget;
}

export function interpolate(tree: Tree, filling: Filling): Tree {
  switch (tree.is) {
    case 'scalar':
      return typeof tree.value === 'string' ? fill(tree, tree.value, filling) : tree;
    case 'list':
      return { ...tree, entries: tree.entries.map((entry) => interpolate(entry, filling)) };
    case 'mapping':
      return { ...tree, members: indexed(membersOf(tree).map((member) => fillMember(member, filling))) };
    case 'hole':
      return tree;
    default:
      return tree satisfies never;
  }
}

function fillMember(member: Member, filling: Filling): Member {
  const value = interpolate(member.value, filling);
  if (!member.key.includes('${')) return { ...member, value };
  const parts = partsOf(member.key);
  if (parts.some((part) => part.is !== 'text')) {
    const message = 'a key cannot hold a variable; write `$${` for the characters themselves';
    filling.tell({ code: 'CONFIG_INVALID', message, where: member.keyWhere });
  }
  return { ...member, key: parts.map((part) => part.text).join(''), value };
}

function fill(scalar: Scalar, text: string, filling: Filling): Tree {
  if (!text.includes('${')) return scalar;
  const parts = partsOf(text);
  const [only] = parts;
  if (parts.length === 1 && only?.is === 'variable') return replace(scalar, only.text, filling);
  const hole: Tree = { is: 'hole', where: scalar.where };
  const texts = parts.map((part) => textFor(part, scalar.where, filling));
  if (texts.includes(undefined)) return hole;
  const length = texts.reduce((sum, each) => sum + (each?.length ?? 0), 0);
  if (!filling.budget.spend(length)) return hole;
  const filled = texts.join('');
  return { ...scalar, value: filled, source: filled };
}

function replace({ where }: Scalar, name: string, { lookup, budget }: Filling): Tree {
  const value = lookup(name, where);
  return value && budget.spend(weigh(value))
    ? { ...value, where, from: { name, where: value.where } }
    : { is: 'hole', where };
}

function textFor(part: Part, where: Where, { lookup, tell }: Filling): string | undefined {
  if (part.is === 'text') return part.text;
  if (part.is === 'broken') {
    const message = `\`${part.text}\` names no variable; write \`$\${\` for the characters themselves`;
    tell({ code: 'CONFIG_INVALID', message, where });
    return undefined;
  }
  const value = lookup(part.text, where);
  if (value === undefined || value.is === 'hole') return undefined;
  if (value.is === 'scalar' && value.value !== null) return value.source;
  const what = value.is === 'scalar' ? 'nothing' : `a ${value.is}`;
  const message = `\`${part.text}\` holds ${what}, which cannot stand within a text`;
  tell({ code: 'CONFIG_INVALID', message, where });
  return undefined;
}

interface Part {
  /** `text`: the characters · `variable`: its name · `broken`: what stands there instead. */
  readonly is: 'text' | 'variable' | 'broken';
  readonly text: string;
}

function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(/\$\$\{|\$\{[^}\n]*\}?/g)) {
    if (match.index > end) parts.push({ is: 'text', text: text.slice(end, match.index) });
    parts.push(partFor(match[0]));
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ is: 'text', text: text.slice(end) });
  return parts;
}

function partFor(found: string): Part {
  if (found === '$${') return { is: 'text', text: '${' };
  const name = /^\$\{([A-Za-z_][A-Za-z0-9_-]*)\}$/.exec(found)?.[1];
  return name === undefined ? { is: 'broken', text: found } : { is: 'variable', text: name };
}

type Members = Mapping['members'];

function mergeMembers(far: Members, near: Members): Members {
  const merged = new Map(far);
  for (const [key, member] of near) {
    const before = merged.get(key)?.value;
    const both = before?.is === 'mapping' && member.value.is === 'mapping';
    const value = both
      ? { ...member.value, members: mergeMembers(before.members, member.value.members) }
      : member.value;
    merged.set(key, { ...member, value });
  }
  return merged;
}

function conflictsOf(
  earlier: Mapping,
  later: Mapping,
  host: Tree | undefined,
): readonly (readonly string[])[] {
  return membersOf(later).flatMap(({ key, value }) => {
    const other = memberOf(earlier, key)?.value;
    const decided = memberOf(host, key)?.value;
    if (!other || (decided && decided.is !== 'mapping')) return [];
    if (other.is === 'mapping' && value.is === 'mapping') {
      return conflictsOf(other, value, decided).map((path) => [key, ...path]);
    }
    return decided || isSame(other, value) ? [] : [[key]];
  });
}

function isSame(one: Tree, other: Tree): boolean {
  if (hasHole(one) || hasHole(other)) return true;
  return fingerprint(plainOf(one)) === fingerprint(plainOf(other));
}
