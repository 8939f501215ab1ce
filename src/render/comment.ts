// The comments of a pull request in markdown: the sticky plan, problems, refusals, help, the short word after a deploy.
// No comment is longer than 60,000 UTF-16 units; GitHub takes 65,536.
import { shortDigest } from '../core/plan.ts';
import type { Plan } from '../core/plan.ts';
import type { Problem } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import type { Report } from '../core/report.ts';
import type { Link } from './change.ts';
import { code, prose, proseWithCode, renderLink } from './escape.ts';
import { renderDuties } from './duties.ts';
import { block, fit } from './fit.ts';
import { groupHosts } from './group.ts';
import { renderBlockedTable, renderHostTable, renderSame } from './host-table.ts';
import { deployMark, deployWords, failuresOf } from './outcome.ts';
import { planBodies, renderLeftOut } from './plan-bodies.ts';
import { NO_PLAN, problemsTitle, renderProblemList } from './problems.ts';
import { renderEvidence, renderReason, renderWhoAndNext } from './reason.ts';
import { renderDeployCommands, renderFailure, renderHeld, renderProof } from './report.ts';
import { renderBlockers, renderCommands, renderVerdict } from './verdict.ts';
import type { PlanView } from './verdict.ts';
import { renderWaves } from './waves.ts';
import { count, time } from './words.ts';

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
const HEAD = 9;
const HISTORY = 0;
const SHOWN_REASONS = 10;
const SHOWN_REQUIREMENTS = 40;
const EVIDENCE_LINES = 15;

export function renderPlanComment(input: PlanComment): string {
  const groups = groupHosts(input.plan);
  const fitted = fit(
    [
      block(HEAD, renderVerdict(input)),
      block(HEAD, renderHostTable(groups)),
      block(HEAD, renderBlockedTable(groups, input.link)),
      block(HEAD, renderSame(groups)),
      block(HEAD - 1, renderWaves(input.plan)),
      block(HEAD - 1, renderDuties(input.plan)),
      block(HEAD, renderBlockers(input)),
      block(HEAD, renderCommands(input)),
      ...planBodies(groups, input.link),
      block(HISTORY, renderHistory(input.history ?? [])),
    ],
    LIMIT - NOTICE,
    (text) => text.length,
  );
  return joinBlocks([fitted.text, renderLeftOut(fitted)]);
}

/** The configuration is not valid: the sticky comment then says what to mend, all of it. */
export function renderProblems(problems: readonly Problem[], link?: Link): string {
  const head = `## No plan · ${problemsTitle(problems)}\n\n${NO_PLAN}`;
  return joinBlocks([head, renderProblemList(problems, link, LIMIT - head.length - NOTICE)]);
}

/** What somebody asked for. */
export interface Request {
  /** As it was written, or what the merge or the button stood for. */
  readonly text: string;
  readonly by: string;
  /** Digest of the plan that was meant, where it is known. */
  readonly plan?: string;
  /** All that was asked for, met or not. */
  readonly requirements?: readonly RequirementRow[];
}

export interface RequirementRow {
  readonly what: string;
  readonly required: string;
  readonly found: string;
  /** Who can change what was found. */
  readonly changer: string;
  readonly unmet: readonly Reason[];
}

/** Why a request was not carried out: every reason, each with its next move. */
export function renderRefusal(reasons: readonly Reason[], request: Request): string {
  const shown = reasons.slice(0, SHOWN_REASONS);
  const more = reasons.length - shown.length;
  const why = shown.flatMap((reason) => [
    renderReason(reason),
    ...(reason.evidence ? renderEvidence(reason.evidence, EVIDENCE_LINES) : []),
    renderWhoAndNext(reason, request.plan),
  ]);
  return joinBlocks([
    `⛔ ${code(request.text)}, asked for by ${code(request.by)}, was **refused**. Nothing was written to any host.`,
    ...why,
    more > 0 ? `… and ${count(more, 'more reason')}.` : '',
    renderRequirements(request.requirements ?? []),
  ]);
}

function renderRequirements(rows: readonly RequirementRow[]): string {
  if (rows.length === 0) return '';
  const cell = (text: string): string => prose(text, 200);
  return [
    '| | Asked for | Required | Found | Who can change it |',
    '|---|---|---|---|---|',
    ...rows.slice(0, SHOWN_REQUIREMENTS).map(({ what, required, found, changer, unmet }) => {
      return `| ${unmet.length === 0 ? '✅' : '⛔'} | ${cell(what)} | ${cell(required)} | ${cell(found)} | ${cell(changer)} |`;
    }),
  ].join('\n');
}

export interface CommandHelp {
  /** `/deploy [plan] [--only host…]`. */
  readonly usage: string;
  readonly about: string;
}

export function renderHelp(commands: readonly CommandHelp[]): string {
  return joinBlocks([
    'A command stands at the beginning of a line of a comment; the first one counts.',
    [
      '| Command | What it does |',
      '|---|---|',
      ...commands.map(({ usage, about }) => `| ${code(usage)} | ${proseWithCode(about)} |`),
    ].join('\n'),
  ]);
}

/** The short word after a deploy; all of it is in the check run. */
export function renderDeployComment(report: Report, plan: Plan, checkUrl?: string): string {
  const check =
    checkUrl === undefined ? 'The check run `ashore/deploy`' : renderLink('The check run', checkUrl);
  const [first, ...more] = failuresOf(report, plan);
  const of = `plan ${code(shortDigest(report.plan))}, asked for by ${code(report.by)}`;
  const blocks = [
    block(HEAD, `${deployMark(report)} **${prose(deployWords(report, plan))}** · ${of}`),
    ...(first ? renderFailure(first, report.plan, undefined).map((text) => block(HEAD, text)) : []),
    block(HEAD, more.length === 0 ? '' : `And ${count(more.length, 'more failure')} of another sort.`),
    block(HEAD, renderHeld(report)),
    block(HEAD, renderProof(report)),
    block(HEAD, renderDeployCommands(report, plan)),
    block(HEAD, `${check} says what is true on each host now.`),
  ];
  return fit(blocks, LIMIT, (text) => text.length).text;
}

function renderHistory(past: readonly PastPlan[]): string {
  if (past.length === 0) return '';
  const lines = past
    .slice(0, SHOWN_HISTORY)
    .map(({ digest, at, note }) => `- ${code(shortDigest(digest))} ${prose(time(at))}: ${prose(note, 200)}`);
  const more = past.length - lines.length;
  return [
    '<details><summary>Earlier plans</summary>',
    [...lines, ...(more > 0 ? [`- … and ${more} before`] : [])].join('\n'),
    '</details>',
  ].join('\n\n');
}

function joinBlocks(blocks: readonly string[]): string {
  return blocks.filter((text) => text !== '').join('\n\n');
}
