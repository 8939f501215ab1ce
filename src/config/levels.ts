// The three levels that set variables: the stack's defaults, the groups of a host, the host itself.
// Maps are merged key by key, everything else is replaced by the nearer level; two groups of a host must not disagree.
import { canonical } from '../core/json.ts';
import type { Budget } from './bounds.ts';
import type { Tell } from './tell.ts';
import { hasHole, memberOf, membersOf, plainOf } from './tree.ts';
import type { Mapping, Tree } from './tree.ts';
import { interpolate } from './variables.ts';
import type { Lookup } from './variables.ts';

/** Set by Ashore for each host; no level may set them. */
const BUILT_IN = ['host', 'address'] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

/** Variables by their names. */
export type Members = Mapping['members'];

/** What a group sets, and each value in it by its path, to be compared. */
export interface GroupVariables {
  readonly group: string;
  readonly vars: Mapping;
  readonly settings: ReadonlyMap<string, Setting>;
}

export interface Setting {
  readonly path: readonly string[];
  /** Canonical text; the same for all maps, whose members are settings of their own. */
  readonly text: string;
}

export interface Conflict {
  readonly path: string;
  readonly between: readonly [string, string];
}

/** Values of a level as they are: `$${` is `${`, and a variable within a variable is a problem. */
export function parseVariables(tree: Tree | undefined, budget: Budget, tell: Tell): Mapping | undefined {
  if (tree?.is !== 'mapping') return undefined;
  for (const name of BUILT_IN) {
    const member = memberOf(tree, name);
    if (!member) continue;
    tell({ code: 'CONFIG_INVALID', message: `\`${name}\` is set by Ashore itself`, where: member.keyWhere });
  }
  const lookup: Lookup = (name, where) => {
    const message = `a variable cannot hold \`\${${name}}\`; write \`$\${\` for the characters themselves`;
    tell({ code: 'CONFIG_INVALID', message, where });
    return undefined;
  };
  const filled = interpolate(tree, { lookup, tell, budget });
  return filled.is === 'mapping' ? filled : undefined;
}

export function parseGroup(group: string, vars: Mapping | undefined): GroupVariables | undefined {
  return vars && { group, vars, settings: new Map(settingsOf(vars, [])) };
}

/** The nearer level over the farther one. */
export function mergeMembers(far: Members, near: Members): Members {
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

/** Values that two groups of a host set differently while the host itself does not decide; each path once. */
export function findConflicts(
  groups: readonly GroupVariables[],
  host: Mapping | undefined,
): readonly Conflict[] {
  const first = new Map<string, { readonly group: string; readonly text: string }>();
  const conflicts = new Map<string, Conflict>();
  for (const { group, settings } of groups) {
    for (const [key, { path, text }] of settings) {
      const before = first.get(key);
      if (!before) first.set(key, { group, text });
      if (!before || before.text === text || conflicts.has(key) || decides(host, path)) continue;
      conflicts.set(key, { path: path.join('.'), between: [before.group, group] });
    }
  }
  return [...conflicts.values()];
}

function settingsOf(tree: Tree, path: readonly string[]): readonly (readonly [string, Setting])[] {
  if (tree.is !== 'mapping') {
    // What could not be read agrees with everything: it is told already.
    return hasHole(tree) ? [] : [[JSON.stringify(path), { path, text: canonical(plainOf(tree)) }]];
  }
  const inner = membersOf(tree).flatMap(({ key, value }) => settingsOf(value, [...path, key]));
  return path.length === 0 ? inner : [[JSON.stringify(path), { path, text: '{' }], ...inner];
}

/** Whether the host sets the value itself, or something in place of a map that would hold it. */
function decides(host: Mapping | undefined, path: readonly string[]): boolean {
  let at: Tree | undefined = host;
  for (const key of path) {
    if (at?.is !== 'mapping') break;
    at = memberOf(at, key)?.value;
  }
  return at !== undefined;
}
