// Check runs: what GitHub's `output`, `conclusion` and `actions` are given for a plan, for problems and for a deploy.
// summary and text keep to 65,535 bytes, the title to about 70 characters, actions to the lengths that GitHub allows.
import type { Plan } from '../core/plan.ts';
import { isComplete, isEmpty, mayLose, shortDigest } from '../core/plan.ts';
import type { Problem } from '../core/problem.ts';
import { takenHosts } from '../core/report.ts';
import type { Report } from '../core/report.ts';
import { annotatePlan, annotateProblems, annotateReport } from './annotation.ts';
import type { Annotation } from './annotation.ts';
import type { Link } from './change.ts';
import { clip, code, prose, visible } from './escape.ts';
import { renderDuties } from './duties.ts';
import { block, byteSize, fit } from './fit.ts';
import type { Body, Fitted } from './fit.ts';
import { groupHosts } from './group.ts';
import { renderBlockedTable, renderHostTable, renderSame } from './host-table.ts';
import { deployMark, deployWords, isCancelled, proven, wantsNewPlan } from './outcome.ts';
import { planBodies, renderLeftOut } from './plan-bodies.ts';
import { NO_PLAN, problemsTitle, renderProblemList } from './problems.ts';
import {
  renderDeployCommands,
  renderFailures,
  renderHostStates,
  renderProof,
  renderTruth,
  reportBodies,
} from './report.ts';
import { renderBlockers, renderCommands, renderVerdict, verdictWords } from './verdict.ts';
import type { PlanView } from './verdict.ts';
import { renderWaves } from './waves.ts';
import { count, shortCommit, time } from './words.ts';

export interface CheckAction {
  readonly label: string;
  readonly description: string;
  readonly identifier: 'plan' | 'deploy' | 'retry' | 'cancel';
}

export interface CheckOutput {
  readonly title: string;
  readonly summary: string;
  readonly text: string;
  /** Left out while the run goes on. */
  readonly conclusion?: 'success' | 'failure' | 'action_required' | 'neutral' | 'cancelled';
  /** All of them; GitHub takes 50 a request. */
  readonly annotations: readonly Annotation[];
  readonly actions: readonly CheckAction[];
}

const LIMIT = 65_535;
const NOTICE = 300;
const HEAD = 9;

export function renderPlanCheck(view: PlanView): CheckOutput {
  const groups = groupHosts(view.plan);
  const { text } = fitBlocks([
    block(HEAD, renderVerdict(view)),
    block(HEAD, renderHostTable(groups)),
    block(HEAD, renderBlockedTable(groups, view.link)),
    block(HEAD, renderSame(groups)),
    block(HEAD - 1, renderWaves(view.plan)),
    block(HEAD - 1, renderDuties(view.plan)),
    block(HEAD, renderBlockers(view)),
    block(HEAD, renderCommands(view)),
  ]);
  return {
    title: planTitle(view.plan),
    summary: text,
    text: fitText(planBodies(groups, view.link), renderLeftOut),
    conclusion: concludePlan(view),
    annotations: annotatePlan(view.plan),
    actions: planActions(view),
  };
}

export function renderProblemsCheck(problems: readonly Problem[], link?: Link): CheckOutput {
  const head = NO_PLAN;
  return {
    title: problemsTitle(problems),
    summary: `${head}\n\n${renderProblemList(problems, link, LIMIT - byteSize(head) - NOTICE)}`,
    text: '',
    conclusion: 'failure',
    annotations: annotateProblems(problems),
    actions: [],
  };
}

/** A deploy while it goes on, and when it has ended: the cause of a failure stands first. */
export function renderDeployCheck(report: Report, plan: Plan, link?: Link): CheckOutput {
  const ended = report.endedAt !== null;
  const { text } = fitBlocks([
    block(HEAD, renderDeployHead(report, plan)),
    ...renderFailures(report, plan, link).map((failure) => block(HEAD - 1, failure)),
    block(HEAD, renderHostStates(report)),
    block(HEAD - 2, ended ? renderTruth(report) : ''),
    block(HEAD - 1, renderProof(report)),
    block(HEAD, renderDeployCommands(report, plan)),
  ]);
  return {
    title: clipTitle(deployWords(report, plan)),
    summary: text,
    text: fitText(reportBodies(report, plan, link), renderOutputLeft),
    ...(ended ? { conclusion: concludeDeploy(report) } : {}),
    annotations: ended ? annotateReport(report, plan) : [],
    actions: ended ? deployActions(report, plan) : [CANCEL],
  };
}

function fitBlocks(bodies: readonly Body[]): Fitted {
  return fit(bodies, LIMIT, byteSize);
}

function fitText(bodies: readonly Body[], renderLeft: (fitted: Fitted) => string): string {
  const fitted = fit(bodies, LIMIT - NOTICE, byteSize);
  return [fitted.text, renderLeft(fitted)].filter((text) => text !== '').join('\n\n');
}

function planTitle(plan: Plan): string {
  const same = plan.hosts.filter(
    (host) => host.changes.length === 0 && host.blocked.length === 0 && !host.failure,
  );
  const words = [...verdictWords(plan), ...(same.length > 0 ? [`${same.length} as declared`] : [])];
  const title = words.join(', ');
  return clipTitle(`${title.slice(0, 1).toUpperCase()}${title.slice(1)}`);
}

function clipTitle(title: string): string {
  return title.length <= 70 ? visible(title) : `${visible(title).slice(0, 69).toWellFormed()}…`;
}

/** Changes are no failure; what cannot be planned is, and what waits for a person asks for one. */
function concludePlan({ plan, blockers }: PlanView): NonNullable<CheckOutput['conclusion']> {
  const codes = blockers.map((blocker) => blocker.reason.code);
  if (codes.includes('FORK_STATIC_ONLY')) return 'neutral';
  if (!isComplete(plan)) return 'failure';
  // The plan is named only once it is merged or deployed: a required check that waited for that would never pass.
  return codes.some((each) => each !== 'CONFIRMATION_NEEDED') ? 'action_required' : 'success';
}

function concludeDeploy(report: Report): NonNullable<CheckOutput['conclusion']> {
  if (proven(report)) return 'success';
  if (isCancelled(report)) return 'cancelled';
  const untouched = takenHosts(report).every(
    (host) => host.outcome === 'refused' || host.outcome === 'not-started',
  );
  return untouched ? 'action_required' : 'failure';
}

function planActions({ plan, blockers, mode, merged }: PlanView): readonly CheckAction[] {
  const again = { label: 'Plan again', description: 'Look at the hosts again', identifier: 'plan' } as const;
  const commentable = mode !== 'merge' || merged === true;
  const clear = blockers.every(({ reason }) => reason.code === 'CONFIRMATION_NEEDED');
  // A button carries no token.
  const typed = plan.hosts.some(({ changes }) => changes.some(mayLose));
  if (isEmpty(plan) || !isComplete(plan) || !commentable || !clear || typed) return [again];
  const hosts = count(plan.hosts.filter((host) => host.changes.length > 0).length, 'host');
  const description = clip(`Deploy plan ${shortDigest(plan.digest)} to ${hosts}`, 40);
  return [again, { label: 'Deploy', description, identifier: 'deploy' }];
}

const CANCEL = {
  label: 'Cancel',
  description: 'Stop before the next change',
  identifier: 'cancel',
} as const satisfies CheckAction;

/** What was refused or is unknown wants a new look first; anything else may be tried again as it was confirmed. */
function deployActions(report: Report, plan: Plan): readonly CheckAction[] {
  const again = { label: 'Plan again', description: 'Look at the hosts again', identifier: 'plan' } as const;
  if (wantsNewPlan(report, plan) || report.hosts.every((host) => host.outcome === 'done')) return [again];
  return [{ label: 'Retry', description: 'Deploy what is left of this plan', identifier: 'retry' }, again];
}

/** The page shows the title above this; the words stand here again only where the title had no room for them. */
function renderDeployHead(report: Report, plan: Plan): string {
  const words = deployWords(report, plan);
  const ended = report.endedAt === null ? '' : `, ended ${prose(time(report.endedAt))}`;
  return [
    ...(clipTitle(words) === visible(words) ? [] : [`${deployMark(report)} ${prose(words)}`]),
    `Plan ${code(shortDigest(report.plan))} of commit ${code(shortCommit(report.commit))} · asked for by ${code(report.by)} · begun ${prose(time(report.startedAt))}${ended} · run ${code(report.run)}`,
  ].join('\n\n');
}

function renderOutputLeft({ bodies, parts }: Fitted): string {
  if (bodies === 0 && parts === 0) return '';
  const left = [
    ...(parts > 0 ? [`the output of ${count(parts, 'change')}`] : []),
    ...(bodies > 0 ? [`${count(bodies, 'host')} whole`] : []),
  ];
  return `*Left out for want of room, what went well first: ${left.join(' and ')}. All output is kept on the hosts.*`;
}
