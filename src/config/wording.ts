// The plain words for what zod finds: what was expected, what is there, and what was probably meant.
import type { z } from 'zod';
import { suggest } from '../core/problem.ts';
import type { Found } from './tell.ts';
import type { Tree } from './tree.ts';

/** Marks the messages that a schema leaves to us; those it brings itself stay. */
export const UNSAID = '\0';

export type Issue = z.core.$ZodIssue;

/** What a path of keys is called: `port` or, for an entry of a list, `by`, entry 2. */
export function nameOf(path: readonly PropertyKey[], root: string): string {
  const last = path.at(-1);
  if (last === undefined) return root;
  return typeof last === 'number'
    ? `${nameOf(path.slice(0, -1), root)}, entry ${last + 1}`
    : `\`${String(last)}\``;
}

/** What is wrong, and how to work out what was probably meant. */
type Said = Pick<Found, 'message' | 'near'>;

export function say(issue: Issue, node: Tree | undefined): Said {
  if (issue.message !== UNSAID) {
    const missing = node === undefined && issue.code === 'invalid_type';
    return { message: missing ? `missing; ${issue.message}` : issue.message };
  }
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
  if (expected === 'tuple') return { message, near: () => wordsFrom(node.source) };
  if (expected === 'string' && node.value !== null) {
    return { message: `${message}; put it in quotes`, near: () => `"${node.source}"` };
  }
  const meant = expected === 'boolean' ? BOOLEANS[node.source.toLowerCase()] : undefined;
  return { message, near: () => meant };
}

/** A command as it would be typed, as the list that is asked for. */
function wordsFrom(source: string): string | undefined {
  const text = source.trim();
  if (text === '') return undefined;
  // What only a shell understands.
  const words = /[|&;<>$`*?'"\\]/.test(text) ? ['sh', '-c', text] : text.split(/\s+/);
  return JSON.stringify(words).replaceAll('","', '", "');
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
  const message = `expected ${list}, got ${describe(node)}`;
  return node.is === 'scalar' ? { message, near: () => suggest(node.source, known) } : { message };
}

function sayUnion(issue: z.core.$ZodIssueInvalidUnion, node: Tree | undefined): Said {
  const expected = issue.errors.flatMap((issues) => issues.filter(isWrongType).map((each) => each.expected));
  const words = [...new Set(expected.map(wordFor))].join(' or ');
  return {
    message: node === undefined ? `missing; expected ${words}` : `expected ${words}, got ${describe(node)}`,
  };
}

export function isWrongType(issue: Issue): issue is z.core.$ZodIssueInvalidType {
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
  tuple: 'a list of words',
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
