// Plans, problems and reports for a terminal. Text from hosts can neither move the cursor nor colour a line.
import type { Plan } from '../core/plan.ts';
import { countChanges, isComplete, shortDigest } from '../core/plan.ts';
import { formatWhere, sortProblems } from '../core/problem.ts';
import type { Problem } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import type { HostReport, Report } from '../core/report.ts';
import { paintWith } from './ansi.ts';
import type { Paint } from './ansi.ts';
import { dutyWords, groupDuties, TIMES } from './duties.ts';
import { oneLine, visible } from './escape.ts';
import { groupHosts } from './group.ts';
import type { BlockedGroup, ChangeGroup, FailureGroup, Groups, RowGroup } from './group.ts';
import {
  countStages,
  currentOf,
  deployAgain,
  deployWords,
  failuresOf,
  hostWord,
  leftOut,
  proven,
  stageOf,
  stageWord,
} from './outcome.ts';
import type { Failure, Stage } from './outcome.ts';
import { atTerminal, fixerWords, nextOf, tailOf } from './reason.ts';
import { placeOf, renderChangeTerminal } from './terminal-change.ts';
import type { ChangeLook } from './terminal-change.ts';
import { verdictWords } from './verdict.ts';
import { stopWords } from './waves.ts';
import { count, duration, list, shortCommit, time } from './words.ts';

export interface Look {
  readonly color: boolean;
  readonly width: number;
  /** Every command, and every line that differs. */
  readonly verbose: boolean;
}

const STYLES = {
  applied: 'green',
  skipped: 'green',
  running: 'cyan',
  failed: 'red',
  'put-back': 'red',
  unknown: 'red',
  'not-started': 'dim',
} as const satisfies Record<Stage, Parameters<Paint>[0]>;
const SHOWN_HOSTS = 8;
const EVIDENCE_LINES = 20;

export function renderPlanTerminal(plan: Plan, look: Look): string {
  const paint = paintWith(look.color);
  const groups = groupHosts(plan);
  // The riskiest comes last: in a terminal the end is what stands on the screen.
  const bodies = groups.rows.toReversed().flatMap((row) => renderRow(row, { ...look, paint }));
  return [
    `${paint('bold', `Plan ${shortDigest(plan.digest)}`)} · commit ${oneLine(shortCommit(plan.commit))} · hosts looked at ${oneLine(time(plan.at))}`,
    ...bodies,
    ...renderSame(groups),
    ...groups.blocked.flatMap((group) => renderBlocked(group, plan, paint)),
    ...groups.failed.flatMap((group) => renderFailed(group, plan, paint)),
    ...renderWaves(plan),
    ...renderDuties(plan),
    '',
    paint('bold', verdictWords(plan).join(', ')),
    ...renderNextCommand(plan),
  ].join('\n');
}

/** `file:line:column CODE message`, with the line and a caret under the place when the line can be read. */
export function renderProblemsTerminal(
  problems: readonly Problem[],
  readLine?: (file: string, line: number) => string | undefined,
): string {
  const lines = sortProblems(problems).flatMap((problem) => {
    const hint = problem.suggestion === undefined ? '' : `; did you mean ${oneLine(problem.suggestion)}?`;
    const title = `${oneLine(formatWhere(problem.where))} ${problem.code} ${oneLine(problem.message)}${hint}`;
    const source = readLine?.(problem.where.file, problem.where.line);
    return source === undefined ? [title] : [title, ...pointAt(source, problem.where.column)];
  });
  return [...lines, `${count(problems.length, 'problem')}; no host was asked`].join('\n');
}

export function renderReportTerminal(report: Report, plan: Plan, { color }: Pick<Look, 'color'>): string {
  const paint = paintWith(color);
  const hosts = report.hosts.flatMap((host) => [
    `${paint('bold', oneLine(host.host))}: ${hostWord(host.outcome)}${waveWord(host)}`,
    ...host.changes.map((change) => {
      const stage = stageOf(host, change);
      const took = change.seconds === null ? '' : ` in ${duration(change.seconds)}`;
      return `  ${paint(STYLES[stage], stageWord(stage, change))}${took}: ${oneLine(change.ref)}`;
    }),
    ...(host.remaining ?? []).map(
      (change) => `  ${paint('yellow', 'still to do')}: ${change.verb} ${oneLine(change.ref)}`,
    ),
  ]);
  const failures = failuresOf(report, plan).flatMap((failure) => renderFailure(failure, report, paint));
  return [
    ...hosts,
    ...failures,
    '',
    paint(proven(report) ? 'green' : 'red', oneLine(deployWords(report, plan))),
    ...renderNext(report, plan),
  ].join('\n');
}

/** What to type next, where something is left. */
function renderNext(report: Report, plan: Plan): readonly string[] {
  if (report.endedAt === null || (proven(report) && leftOut(report, plan).length === 0)) return [];
  const again = deployAgain(report, plan);
  return [
    ...(again === undefined ? [] : [oneLine(`${again.words}: ashore ${again.command}`)]),
    'look again and plan what is left: ashore plan',
  ];
}

/** Where a deploy is, on one line. */
export function renderProgressLine(report: Report, plan: Plan): string {
  const done = report.hosts.filter((host) => !['queued', 'running'].includes(host.outcome)).length;
  const running = report.hosts
    .filter((host) => host.outcome === 'running')
    .map((host) => {
      const of = plan.hosts.find((entry) => entry.host === host.host)?.changes.length ?? host.changes.length;
      const counts = countStages([host]);
      const ended = (counts.get('applied') ?? 0) + (counts.get('skipped') ?? 0);
      const current = currentOf(host);
      return `${host.host} ${ended}/${of}${current ? ` ${current.ref}` : ''}`;
    });
  return oneLine([`${done} of ${count(report.hosts.length, 'host')} ended`, ...running].join(' · '));
}

function waveWord({ wave }: HostReport): string {
  return wave === undefined ? '' : ` (wave ${wave})`;
}

/** What is done to these hosts; where values differ from host to host, in brief those of the first. */
function renderRow({ groups }: RowGroup, look: ChangeLook): readonly string[] {
  const [first, ...others] = groups;
  if (look.verbose || others.length === 0) return groups.flatMap((group) => renderGroup(group, look));
  const hosts = others.flatMap((group) => group.hosts);
  return [
    ...renderGroup(first, look),
    `  the same on ${hostNames(hosts)}, with values of their own, which --verbose shows`,
  ];
}

function renderGroup({ hosts, changes }: ChangeGroup, look: ChangeLook): readonly string[] {
  const order = changes.length > 1 ? ' in this order' : '';
  return [
    '',
    `${look.paint('bold', hostNames(hosts, 'same plan'))}: ${count(changes.length, 'change')}${order}`,
    ...changes.flatMap((change, index) => renderChangeTerminal(change, index + 1, look)),
  ];
}

function hostNames(hosts: readonly string[], shared?: string): string {
  const names = list(hosts.map(oneLine), SHOWN_HOSTS);
  return hosts.length > 1 && shared !== undefined ? `${names} (${shared})` : names;
}

function renderBlocked(
  { hosts, ref, reason, where }: BlockedGroup,
  plan: Plan,
  paint: Paint,
): readonly string[] {
  const from = where === null ? '' : paint('dim', `  ${placeOf(where)}`);
  const title = `${hostNames(hosts, 'same reason')}: ${oneLine(ref)} cannot be planned`;
  return ['', `${paint('red', title)}${from}`, ...renderReason(reason, plan.digest)];
}

function renderFailed({ failures }: FailureGroup, plan: Plan, paint: Paint): readonly string[] {
  return failures.flatMap(({ host, reason }) => [
    '',
    paint('red', `${oneLine(host)} cannot be planned`),
    ...renderReason(reason, plan.digest),
  ]);
}

function renderReason(reason: Reason, digest: string): readonly string[] {
  const { command, status, output = '', journal = '' } = reason.evidence ?? {};
  return [
    `  ${reason.code}: ${oneLine(reason.message)}`,
    ...(command === undefined ? [] : [`  $ ${oneLine(command)}`]),
    ...[output, journal].flatMap((text) => indentTail(text)),
    ...(status === undefined ? [] : [`  exit status ${status ?? 'none'}`]),
    `  next, for ${fixerWords(reason)}: ${oneLine(atTerminal(nextOf(reason, digest)))}`,
  ];
}

function indentTail(text: string): readonly string[] {
  if (text.trim() === '') return [];
  return tailOf(text, EVIDENCE_LINES)
    .split('\n')
    .map((line) => `    ${line}`);
}

function renderSame({ unchanged }: Groups): readonly string[] {
  if (unchanged.length === 0) return [];
  const resources = unchanged.reduce((sum, host) => sum + host.unchanged, 0);
  return [
    '',
    `${hostNames(
      unchanged.map((host) => host.host),
      'all as declared',
    )}: ${count(resources, 'resource')} as declared`,
  ];
}

function renderWaves({ rollout }: Plan): readonly string[] {
  if (!rollout || rollout.waves.length === 0) return [];
  const waves = rollout.waves.map((wave, index) => `  ${index + 1}. ${hostNames(wave)}`);
  return ['', `waves: ${stopWords(rollout)}`, ...waves];
}

function renderDuties(plan: Plan): readonly string[] {
  const groups = groupDuties(plan);
  if (groups.length === 0) return [];
  const lines = groups.map(({ duty, hosts }) => {
    return `  ${TIMES[duty.when]}: ${dutyWords(duty).map(oneLine).join(', ')} (${hostNames(hosts)})`;
  });
  return ['', 'around the changes of each host:', ...lines];
}

function renderNextCommand(plan: Plan): readonly string[] {
  if (countChanges(plan) === 0) return [];
  const deploy = `ashore deploy ${shortDigest(plan.digest)}`;
  if (isComplete(plan)) return [`deploy exactly this plan: ${deploy}`];
  const broken = plan.hosts.filter((host) => host.failure !== null || host.blocked.length > 0);
  const skip = broken.map((host) => `--skip ${host.host}`).join(' ');
  return broken.length === plan.hosts.length ? [] : [`deploy the rest: ${oneLine(`${deploy} ${skip}`)}`];
}

function pointAt(source: string, column: number): readonly string[] {
  // Pictures and control characters are both one column wide, so the caret stays under its place.
  const line = source.replaceAll('\t', ' ').replaceAll('\r', '');
  return [`  ${visible(line)}`, `  ${' '.repeat(Math.max(0, column - 1))}^`];
}

function renderFailure(
  { hosts, reason, at, change, where }: Failure,
  report: Report,
  paint: Paint,
): readonly string[] {
  const verb = change ? `${change.verb} ` : '';
  const what = at ? `${verb}${oneLine(at.ref)} ${stageWord(at.outcome, at)}` : 'stopped';
  const from = where ? paint('dim', `  ${placeOf(where)}`) : '';
  const title = `${paint('red', `${hostNames(hosts, 'same failure')}: ${what}`)}${from}`;
  const output = reason?.evidence === undefined ? indentTail(at?.output ?? '') : [];
  return ['', title, ...output, ...(reason ? renderReason(reason, report.plan) : [])];
}
