// Problems of the configuration in markdown: all of them by file, each at its line.
import type { Problem } from '../core/problem.ts';
import { sortProblems } from '../core/problem.ts';
import type { Link } from './change.ts';
import { code, proseWithCode, renderLink } from './escape.ts';
import { keepWhole } from './fit.ts';
import { groupBy } from './group.ts';
import { count } from './words.ts';

export const NO_PLAN =
  'The configuration is not valid, so no host was asked and nothing can be deployed. Mend the lines and push; the plan is then made by itself.';

export function problemsTitle(problems: readonly Problem[]): string {
  const files = new Set(problems.map((problem) => problem.where.file)).size;
  return `${count(problems.length, 'problem')} in ${count(files, 'file')}`;
}

/** All problems by file, as far as `room` bytes go; each is there whole or counted in the last line. */
export function renderProblemList(
  problems: readonly Problem[],
  link: Link | undefined,
  room: number,
): string {
  const files = groupBy(sortProblems(problems), (problem) => problem.where.file);
  const lines = files.flatMap(([first, ...others]) => [
    `\n**${code(first.where.file)}**\n\n${problemLine(first, link)}`,
    ...others.map((problem) => problemLine(problem, link)),
  ]);
  const kept = keepWhole(lines, room);
  const more = lines.length - kept.length;
  const left = `\n*${count(more, 'more problem')}: \`ashore validate\` shows all of them in a terminal.*`;
  return (more === 0 ? kept : [...kept, left]).join('\n').trim();
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
