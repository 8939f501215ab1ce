// Drift for a terminal: per stack what its hosts left, what they never got, and what could not be looked at.
import type { Differing, StackDrift } from '../core/drift.ts';
import type { Sighted } from '../core/plan.ts';
import { paintWith } from './ansi.ts';
import type { Paint } from './ansi.ts';
import { driftWords } from './drift.ts';
import { oneLine } from './escape.ts';
import type { Look } from './terminal.ts';
import { renderChangeTerminal } from './terminal-change.ts';
import { shortCommit, time } from './words.ts';

export function renderDriftTerminal(drifts: readonly StackDrift[], look: Look): string {
  const paint = paintWith(look.color);
  const blocks = drifts.map((drift) => renderStack(drift, look, paint).join('\n'));
  const differing = drifts.filter(({ drifted, undeployed }) => drifted.length + undeployed.length > 0);
  const next =
    differing.length === 0 ? [] : ['put back what is declared: ashore plan --all, then ashore deploy <plan>'];
  return [...blocks, '', paint('bold', verdictOf(drifts, differing)), ...next].join('\n');
}

/** Of what could not be looked at nothing is said but that. */
function verdictOf(drifts: readonly StackDrift[], differing: readonly StackDrift[]): string {
  const unread = [...new Set(drifts.flatMap((drift) => drift.unread.map(({ host }) => oneLine(host))))];
  const of = unread.length === 0 ? '' : `; not all of ${unread.join(', ')} could be looked at`;
  if (differing.length === 0) return `no drift${of === '' ? '' : ` was found${of}`}`;
  const verb = differing.length === 1 ? 'differs' : 'differ';
  return `${differing.map(({ stack }) => oneLine(stack)).join(', ')} ${verb}${of}`;
}

function renderStack(drift: StackDrift, look: Look, paint: Paint): readonly string[] {
  const title = `${paint('bold', oneLine(drift.stack))}: ${driftWords(drift)}`;
  return [
    title,
    ...renderDiffering('left after it was deployed', drift.drifted, look, paint),
    ...renderDiffering('declared and never deployed', drift.undeployed, look, paint),
    ...drift.unread.map(({ host, ref, reason }) => {
      const what = oneLine(ref === null ? host : `${host}/${ref}`);
      return `  ${paint('red', `${what} could not be looked at`)}: ${reason.code}: ${oneLine(reason.message)}`;
    }),
  ];
}

/** Each as the change that would put it back: from what was found to what is declared. */
function renderDiffering(
  title: string,
  all: readonly Differing[],
  look: Look,
  paint: Paint,
): readonly string[] {
  if (all.length === 0) return [];
  const lines = all.flatMap(({ host, change }, index) => {
    const { applied } = change;
    const when = applied
      ? `deployed ${time(applied.at)} by ${applied.by}, commit ${shortCommit(applied.commit)}`
      : 'never deployed here by Ashore';
    const found = change.sighted ? `; found: ${sightedWords(change.sighted)}` : '';
    return [
      `  ${paint('bold', oneLine(host))} ${paint('dim', oneLine(`${when}${found}`))}`,
      ...renderChangeTerminal(change, index + 1, { ...look, paint }),
    ];
  });
  return [`  ${title}`, ...lines];
}

function sightedWords({ at, by, how }: Sighted): string {
  const who = by === undefined ? '' : ` by ${by}`;
  return `last changed there ${time(at)}${who}${how === undefined ? '' : ` with "${how}"`}`;
}
