// A tree against a zod schema: the checked value, or problems in plain words, each at the line that is meant.
import type { z } from 'zod';
import { suggest } from '../core/problem.ts';
import { keysAt } from './keys.ts';
import type { Tell } from './tell.ts';
import { hasHole, locate, memberOf, plainOf } from './tree.ts';
import type { Spot, Tree } from './tree.ts';
import { isWrongType, nameOf, say, UNSAID } from './wording.ts';
import type { Issue } from './wording.ts';

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
  const { message, near } = say(issue, spot.node);
  const from =
    spot.from && ` (from \`\${${spot.from.name}}\`, set in ${spot.from.where.file}:${spot.from.where.line})`;
  const name = nameOf(issue.path, context.options.root);
  context.tell({
    code: 'CONFIG_INVALID',
    message: `${name}: ${message}${from ?? ''}`,
    where: issue.code === 'invalid_key' ? spot.named : spot.where,
    near,
  });
}

function tellKey(key: string, path: readonly PropertyKey[], spot: Spot, context: Context): void {
  const member = spot.node && memberOf(spot.node, key);
  const where = spot.from || !member ? spot.where : member.keyWhere;
  const special = path.length === 0 ? context.options.explainKey?.(key) : undefined;
  context.tell({
    code: 'KEY_UNKNOWN',
    message: special ?? `${nameOf(path, context.options.root)} has no key \`${key}\``,
    where,
    near: special === undefined ? () => suggest(key, keysAt(context.schema, path)) : undefined,
  });
}

/** What is wrong with the form that was nearest to fit; undefined when not even the type fits one of them. */
function nearestForm(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const fitting = issue.errors.filter((issues) => !issues.some(isWrongType));
  return fitting.toSorted((a, b) => a.length - b.length)[0];
}
