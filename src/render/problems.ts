// Problems of the configuration in markdown: all of them by file, each at its line.
import type { Problem } from '../core/problem.ts';
import { sortProblems } from '../core/problem.ts';
import type { Link } from './change.ts';
import { code, proseWithCode, renderLink } from './escape.ts';
import type { Body, Fitted } from './fit.ts';
import { groupBy } from './group.ts';
import { count } from './words.ts';

export const NO_PLAN =
  'The configuration is not valid, so no host was asked and nothing can be deployed. Mend the lines and push; the plan is then made by itself.';

export function problemsTitle(problems: readonly Problem[]): string {
  const files = new Set(problems.map((problem) => problem.where.file)).size;
  return `${count(problems.length, 'problem')} in ${count(files, 'file')}`;
}

/** A list a file; each problem is there whole or not at all. */
export function problemBodies(problems: readonly Problem[], link: Link | undefined): readonly Body[] {
  const files = groupBy(sortProblems(problems), (problem) => problem.where.file);
  return files.map((all) => ({
    rank: 1,
    open: `**${code(all[0].where.file)}**`,
    parts: all.map((problem) => ({ rank: 1, brief: '', full: () => problemLine(problem, link) })),
    close: '',
    between: '\n',
  }));
}

/** Says what had no room; empty when all of it is there. */
export function renderProblemsLeft({ bodies, parts }: Fitted): string {
  if (bodies === 0 && parts === 0) return '';
  return `*${count(parts, 'more problem')}${bodies > 0 ? ` and ${count(bodies, 'more file')}` : ''}: \`ashore validate\` shows all of them in a terminal.*`;
}

function problemLine(
  { code: reasonCode, message, where, suggestion }: Problem,
  link: Link | undefined,
): string {
  const place = `line ${where.line}, column ${where.column}`;
  const at = link ? renderLink(place, link(where)) : place;
  const hint = suggestion === undefined ? '' : ` — did you mean ${code(suggestion)}?`;
  return `- ${at}: ${code(reasonCode)} ${proseWithCode(message)}${hint}`;
}
