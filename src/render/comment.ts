// The comments of a pull request in markdown: the sticky plan, problems, refusals, help, the short word after a deploy.
// No comment is longer than 60,000 UTF-16 units; GitHub takes 65,536.
import { shortDigest } from '../core/plan.ts';
import { code, prose } from './escape.ts';
import { fit } from './fit.ts';
import { groupHosts } from './group.ts';
import { renderHostTable } from './host-table.ts';
import { planBodies, renderLeftOut } from './plan-bodies.ts';
import { renderBlockers, renderCommands, renderVerdict } from './verdict.ts';
import type { PlanView } from './verdict.ts';
import { time } from './words.ts';

/** A plan that this one came after. */
export interface PastPlan {
  readonly digest: string;
  readonly at: string;
  readonly note: string;
}

export interface PlanComment extends PlanView {
  /** Newest first. */
  readonly history?: readonly PastPlan[];
}

const LIMIT = 60_000;
const SHOWN_HISTORY = 20;
/** Room for the line that says what was left out. */
const NOTICE = 300;

export function renderPlanComment(input: PlanComment): string {
  const groups = groupHosts(input.plan);
  const head = [
    renderVerdict(input),
    renderHostTable(groups, input.link),
    renderBlockers(input),
    renderCommands(input),
  ];
  const history = renderHistory(input.history ?? []);
  const used = joinBlocks([...head, history]).length;
  const fitted = fit(planBodies(groups, input.link), LIMIT - used - NOTICE, (text) => text.length);
  return joinBlocks([...head, fitted.text, renderLeftOut(fitted), history]);
}

function renderHistory(past: readonly PastPlan[]): string {
  if (past.length === 0) return '';
  const lines = past
    .slice(0, SHOWN_HISTORY)
    .map(({ digest, at, note }) => `- ${code(shortDigest(digest))} ${prose(time(at))}: ${prose(note)}`);
  const more = past.length - lines.length;
  return [
    '<details><summary>Earlier plans of this pull request</summary>',
    [...lines, ...(more > 0 ? [`- … and ${more} before`] : [])].join('\n'),
    '</details>',
  ].join('\n\n');
}

function joinBlocks(blocks: readonly string[]): string {
  return blocks.filter((block) => block !== '').join('\n\n');
}
