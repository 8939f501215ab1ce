// A YAML document as plain nodes that know where they stand. Everything in this folder after document.ts works on
// these, so a problem found at any later point still has its line and column.
import type { Where } from '../core/problem.ts';

/** Where a value that took the place of `${name}` was set. */
export interface Origin {
  readonly name: string;
  readonly where: Where;
}

interface Placed {
  readonly where: Where;
  readonly from?: Origin;
}

export interface Scalar extends Placed {
  readonly is: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it was written, so that a version 1.10 within a text stays 1.10. */
  readonly source: string;
}

export interface List extends Placed {
  readonly is: 'list';
  readonly entries: readonly Tree[];
}

export interface Mapping extends Placed {
  readonly is: 'mapping';
  /** By their keys, in the order of the file. */
  readonly members: ReadonlyMap<string, Member>;
}

export interface Member {
  readonly key: string;
  readonly keyWhere: Where;
  readonly value: Tree;
}

/** Stands for a value that could not be read; its problem is told already. */
export interface Hole extends Placed {
  readonly is: 'hole';
}

export type Tree = Scalar | List | Mapping | Hole;

/** The node at a path of keys. A `missing` one has the place of the nearest node that would hold it. */
export interface Spot {
  readonly node: Tree | undefined;
  readonly where: Where;
  /** The key that names the node, or the node itself where no key does. */
  readonly named: Where;
  readonly from: Origin | undefined;
}

/** The values alone. A hole is undefined. Keys such as `__proto__` become own properties. */
export function plainOf(tree: Tree): unknown {
  switch (tree.is) {
    case 'scalar':
      return tree.value;
    case 'list':
      return tree.entries.map(plainOf);
    case 'mapping':
      return Object.fromEntries(membersOf(tree).map(({ key, value }) => [key, plainOf(value)]));
    case 'hole':
      return undefined;
    default:
      return tree satisfies never;
  }
}

export function locate(tree: Tree, path: readonly PropertyKey[]): Spot {
  let spot: Spot = { node: tree, where: tree.where, named: tree.where, from: tree.from };
  for (const step of path) {
    const member = spot.node && memberAt(spot.node, step);
    if (!member) return { ...spot, node: undefined, where: spot.named };
    const { value, keyWhere } = member;
    // Within a value that came from a variable, the place that counts is the one that used the variable.
    spot = spot.from
      ? { ...spot, node: value }
      : { node: value, where: value.where, named: keyWhere, from: value.from };
  }
  return spot;
}

export function memberOf(tree: Tree | undefined, key: string): Member | undefined {
  return tree?.is === 'mapping' ? tree.members.get(key) : undefined;
}

export function membersOf(tree: Tree | undefined): readonly Member[] {
  return tree?.is === 'mapping' ? [...tree.members.values()] : [];
}

/** A text alone or the texts of a list, with their places; whatever is not text is left out. */
export function textsOf(tree: Tree | undefined): readonly { text: string; where: Where }[] {
  if (tree?.is === 'list') return tree.entries.flatMap(textsOf);
  return tree?.is === 'scalar' && typeof tree.value === 'string'
    ? [{ text: tree.value, where: tree.where }]
    : [];
}

export function hasHole(tree: Tree): boolean {
  return someNode(tree, (node) => node.is === 'hole');
}

export function someNode(tree: Tree, test: (node: Tree) => boolean): boolean {
  return test(tree) || childrenOf(tree).some((child) => someNode(child, test));
}

export function countNodes(tree: Tree): number {
  return childrenOf(tree).reduce((sum, child) => sum + countNodes(child), 1);
}

/** A value is some times as costly to go through as a character. */
const NODE_UNITS = 8;

/** What it costs to go through all of it. */
export function weigh(tree: Tree): number {
  const own = tree.is === 'scalar' ? tree.source.length : 0;
  return childrenOf(tree).reduce((sum, child) => sum + weigh(child), NODE_UNITS + own);
}

/** Members by their keys. */
export function indexed(members: readonly Member[]): ReadonlyMap<string, Member> {
  return new Map(members.map((member) => [member.key, member]));
}

function childrenOf(tree: Tree): readonly Tree[] {
  switch (tree.is) {
    case 'list':
      return tree.entries;
    case 'mapping':
      return membersOf(tree).map((member) => member.value);
    case 'scalar':
    case 'hole':
      return [];
    default:
      return tree satisfies never;
  }
}

function memberAt(tree: Tree, step: PropertyKey): Omit<Member, 'key'> | undefined {
  if (tree.is === 'list') {
    const value = typeof step === 'number' ? tree.entries[step] : undefined;
    return value && { value, keyWhere: value.where };
  }
  return memberOf(tree, String(step));
}
