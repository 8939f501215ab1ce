// A tree against a zod schema: the checked value, or problems in plain words, each at the line that is meant.
import { z } from 'zod';
import { suggest } from '../core/problem.ts';
import type { Tell } from './document.ts';
import { hasHole, locate, memberOf, plainOf } from './tree.ts';
import type { Spot, Tree } from './tree.ts';

export interface CheckOptions {
  /** What to call the root where no key names it. */
  readonly root: string;
  /** A better message for some keys that the schema does not know. */
  readonly explainKey?: (key: string) => string | undefined;
}

/** undefined: something is wrong and has been told. */
export function check<T>(
  schema: z.ZodType<T>,
  tree: Tree,
  tell: Tell,
  options: CheckOptions,
): { readonly value: T } | undefined {
  const checked = schema.safeParse(plainOf(tree), { error: () => UNSAID });
  const holes = hasHole(tree);
  if (checked.success) return holes ? undefined : { value: checked.data };
  for (const issue of checked.error.issues) {
    if (!followsFromHole(issue, tree, holes)) tellIssue(issue, { schema, tree, tell, options });
  }
  return undefined;
}

/** Keys that a schema knows at a path, for "did you mean". */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here: readonly JsonSchema[] = alternatives(
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
  );
  for (const step of path) here = here.flatMap((at) => below(at, step)).flatMap(alternatives);
  return here.flatMap((at) => Object.keys(at.properties ?? {}));
}

/** Marks the messages that a schema leaves to us; those it brings itself stay. */
const UNSAID = '\0';

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

interface Context {
  readonly schema: z.ZodType;
  readonly tree: Tree;
  readonly tell: Tell;
  readonly options: CheckOptions;
}

/** A hole has been told already, and rules over several keys cannot be judged while one of them is a hole. */
function followsFromHole(issue: Issue, tree: Tree, holes: boolean): boolean {
  if (!holes || issue.code === 'unrecognized_keys') return false;
  const { node } = locate(tree, issue.path);
  return issue.code === 'custom' || (node !== undefined && hasHole(node));
}

function tellIssue(issue: Issue, context: Context): void {
  const spot = locate(context.tree, issue.path);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) tellKey(key, issue.path, spot, context);
    return;
  }
  const nearest = issue.code === 'invalid_union' ? nearestForm(issue) : undefined;
  if (nearest) {
    for (const inner of nearest) tellIssue({ ...inner, path: [...issue.path, ...inner.path] }, context);
    return;
  }
  const { message, suggestion } = say(issue, spot.node);
  const from =
    spot.from && ` (from \`\${${spot.from.name}}\`, set in ${spot.from.where.file}:${spot.from.where.line})`;
  const name = subjectOf(issue.path, context.options.root);
  context.tell({
    code: 'CONFIG_INVALID',
    message: `${name}${message}${from ?? ''}`,
    where: issue.code === 'invalid_key' ? spot.named : spot.where,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}

function tellKey(key: string, path: readonly PropertyKey[], spot: Spot, context: Context): void {
  const member = spot.node && memberOf(spot.node, key);
  const where = spot.from || !member ? spot.where : member.keyWhere;
  const special = path.length === 0 ? context.options.explainKey?.(key) : undefined;
  const near = special === undefined ? suggest(key, keysAt(context.schema, path)) : undefined;
  const holder = path.length === 0 ? context.options.root : `\`${String(path.at(-1))}\``;
  context.tell({
    code: 'KEY_UNKNOWN',
    message: special ?? `${holder} has no key \`${key}\``,
    where,
    ...(near === undefined ? {} : { suggestion: near }),
  });
}

/** `port: ` or, for an entry of a list, `by, entry 2: `. */
function subjectOf(path: readonly PropertyKey[], root: string): string {
  const last = path.at(-1);
  if (last === undefined) return `${root}: `;
  if (typeof last !== 'number') return `\`${String(last)}\`: `;
  const list = path.at(-2);
  return list === undefined ? `entry ${last + 1}: ` : `\`${String(list)}\`, entry ${last + 1}: `;
}

interface Said {
  readonly message: string;
  readonly suggestion?: string;
}

function say(issue: Issue, node: Tree | undefined): Said {
  if (issue.message !== UNSAID) return { message: issue.message };
  switch (issue.code) {
    case 'invalid_type':
      return sayType(issue.expected, node);
    case 'invalid_value':
      return sayValue(issue.values, node);
    case 'invalid_union':
      return sayUnion(issue, node);
    case 'invalid_key':
      return { message: sayKey(issue) };
    case 'invalid_format':
      return { message: `${describe(node)} has not the form that is asked for${formOf(issue)}` };
    case 'too_small':
      return { message: saySize(issue.origin, 'at least', Number(issue.minimum)) };
    case 'too_big':
      return { message: saySize(issue.origin, 'at most', Number(issue.maximum)) };
    case 'not_multiple_of':
      return { message: `must be a multiple of ${issue.divisor}` };
    case 'invalid_element':
    case 'unrecognized_keys':
    case 'custom':
      return { message: `${describe(node)} is not valid here` };
    default:
      return issue satisfies never;
  }
}

function sayKey({ issues }: z.core.$ZodIssueInvalidKey): string {
  const own = issues.find((issue) => issue.message !== UNSAID);
  return own?.message ?? 'this key has not the form that is asked for';
}

function sayType(expected: string, node: Tree | undefined): Said {
  if (node === undefined) return { message: `missing; expected ${wordFor(expected)}` };
  const message = `expected ${wordFor(expected)}, got ${describe(node)}`;
  if (node.is !== 'scalar') return { message };
  if (expected === 'string' && node.value !== null) {
    return { message: `${message}; put it in quotes`, suggestion: `"${node.source}"` };
  }
  const meant = expected === 'boolean' ? BOOLEANS[node.source.toLowerCase()] : undefined;
  return meant === undefined ? { message } : { message, suggestion: meant };
}

/** What YAML 1.1 took for booleans, and people still write. */
const BOOLEANS: Readonly<Record<string, string>> = {
  yes: 'true',
  on: 'true',
  true: 'true',
  no: 'false',
  off: 'false',
  false: 'false',
};

function sayValue(values: readonly unknown[], node: Tree | undefined): Said {
  const known = values.map(String);
  const list = known.length === 1 ? `\`${known[0]}\`` : `one of ${known.join(', ')}`;
  if (node === undefined) return { message: `missing; expected ${list}` };
  const near = node.is === 'scalar' ? suggest(node.source, known) : undefined;
  const message = `expected ${list}, got ${describe(node)}`;
  return near === undefined ? { message } : { message, suggestion: near };
}

/** What is wrong with the form that was nearest to fit; undefined when not even the type fits one of them. */
function nearestForm(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const fitting = issue.errors.filter((issues) => !issues.some(isWrongType));
  return fitting.toSorted((a, b) => a.length - b.length)[0];
}

function sayUnion(issue: z.core.$ZodIssueInvalidUnion, node: Tree | undefined): Said {
  const expected = issue.errors.flatMap((issues) => issues.filter(isWrongType).map((each) => each.expected));
  const words = [...new Set(expected.map(wordFor))].join(' or ');
  return {
    message: node === undefined ? `missing; expected ${words}` : `expected ${words}, got ${describe(node)}`,
  };
}

function isWrongType(issue: Issue): issue is z.core.$ZodIssueInvalidType {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

function saySize(origin: string, bound: 'at least' | 'at most', size: number): string {
  if (origin === 'number' || origin === 'int') return `must be ${bound} ${size}`;
  if (bound === 'at least' && size === 1) return 'must not be empty';
  return origin === 'string'
    ? `must have ${bound} ${size} characters`
    : `must have ${bound} ${size} ${size === 1 ? 'entry' : 'entries'}`;
}

function formOf(issue: z.core.$ZodIssueInvalidStringFormat): string {
  return issue.pattern === undefined ? ` (${issue.format})` : `: ${issue.pattern}`;
}

function wordFor(type: string): string {
  return TYPE_WORDS[type] ?? type;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'nothing',
};

function describe(node: Tree | undefined): string {
  switch (node?.is) {
    case 'mapping':
      return 'a mapping';
    case 'list':
      return 'a list';
    case 'scalar':
      return describeScalar(node.value, node.source);
    case 'hole':
    case undefined:
      return 'nothing';
    default:
      return node satisfies never;
  }
}

function describeScalar(value: unknown, source: string): string {
  if (value === null) return 'nothing';
  const short = source.length > 40 ? `${source.slice(0, 40)}…` : source;
  return typeof value === 'string' ? `the text ${JSON.stringify(short)}` : `the ${typeof value} ${short}`;
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...inner.filter(isSchema).flatMap(alternatives)];
}

function below(schema: JsonSchema, step: PropertyKey): readonly JsonSchema[] {
  const named = typeof step === 'string' ? schema.properties?.[step] : undefined;
  const found = typeof step === 'number' ? schema.items : (named ?? schema.additionalProperties);
  return [found].flat().filter(isSchema);
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null;
}
