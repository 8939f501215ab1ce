// `${name}`: the only thing that is computed in a configuration. A whole value is replaced and keeps its type; within
// a text the value stands as it was written.
import { suggest } from '../core/problem.ts';
import type { Where } from '../core/problem.ts';
import type { Budget } from './bounds.ts';
import type { Tell } from './tell.ts';
import { indexed, membersOf, someNode, weigh } from './tree.ts';
import type { Mapping, Member, Scalar, Tree } from './tree.ts';

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

/** A host, and what each variable is for it in one stack. */
export interface Bindings {
  readonly host: string;
  readonly builtIn: ReadonlyMap<string, Tree>;
  readonly variables: Mapping['members'];
}

export function lookupIn(bindings: Bindings, tell: Tell): Lookup {
  return (name, where) => {
    const value = bindings.builtIn.get(name) ?? bindings.variables.get(name)?.value;
    if (value) return value;
    const message = `no level sets the variable \`${name}\`: neither the stack, nor a group, nor the host`;
    tell({ code: 'VARIABLE_UNKNOWN', message, where, near: () => nearVariable(name, bindings) });
    return undefined;
  };
}

function nearVariable(name: string, { builtIn, variables }: Bindings): string | undefined {
  const near = suggest(name, [...variables.keys(), ...builtIn.keys()]);
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
