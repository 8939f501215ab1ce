// The parts of a report in markdown: what failed and in whose words, the table of hosts, the proof, what was done.
import type { Change, Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import type { Report, HostReport, ChangeReport } from '../core/report.ts';
import type { Link } from './change.ts';
import { renderWhere } from './change.ts';
import { code, fence, htmlCode, proseWithCode } from './escape.ts';
import { keepWhole } from './fit.ts';
import type { Body, Part } from './fit.ts';
import { groupBy } from './group.ts';
import type { Some } from './group.ts';
import { hostWords } from './host-table.ts';
import {
  countStages,
  currentOf,
  deployAgain,
  failuresOf,
  groupOutcomes,
  hostMark,
  plannedFor,
  proven,
  stageMark,
  stageOf,
  stageWord,
} from './outcome.ts';
import type { Failure, HostGroup, Stage } from './outcome.ts';
import { renderCommandLine, renderEvidence, renderReason, renderWhoAndNext, tailOf } from './reason.ts';
import { count, duration, list, thousands } from './words.ts';

const SHOWN_FAILURES = 3;
/** Bytes for the table of hosts, and for the list of what is true. */
const ROOM = 10_000;
const SHOWN_REFS = 8;
const SHOWN_TORN = 5;
/** Hosts that are spelled out in a command. */
const TYPED_HOSTS = 12;
const COLUMNS = ['applied', 'skipped', 'failed', 'put-back', 'unknown', 'not-started'] as const;
const TITLES = ['Applied', 'Already so', 'Failed', 'Put back', 'Unknown', 'Not started'] as const;
const FIRST_SCREEN_LINES = 20;
const TAIL_LINES = 60;
const FAILED_RANK = 2;
const DONE_RANK = 1;

/** The failures that came first, each with its cause; the others in one line. */
export function renderFailures(report: Report, plan: Plan, link: Link | undefined): readonly string[] {
  const failures = failuresOf(report, plan);
  const more = failures.slice(SHOWN_FAILURES);
  return [
    ...failures
      .slice(0, SHOWN_FAILURES)
      .map((failure) => renderFailure(failure, report.plan, link).join('\n\n')),
    ...(more.length > 0 ? [`Also: ${list(more.map(renderFailureLine), 10)}`] : []),
  ];
}

/** The change, the host, the cause in the tool's own words, where it is declared, and the next move. */
export function renderFailure(failure: Failure, digest: string, link: Link | undefined): readonly string[] {
  const { reason, at, where } = failure;
  const command = reason?.evidence ? renderCommandLine(reason.evidence) : '';
  const from = where ? `declared at ${renderWhere(where, link)}` : '';
  const place = [command, from].filter((words) => words !== '').join(' · ');
  return [
    `### ${renderFailureLine(failure)}`,
    ...(reason ? [renderReason(reason)] : []),
    ...(place === '' ? [] : [place]),
    ...wordsOf(reason, at?.output ?? '', FIRST_SCREEN_LINES),
    ...(reason ? [renderWhoAndNext(reason, digest)] : []),
  ];
}

/** Where each host stands; hosts that stand alike share a row. */
export function renderHostStates(report: Report): string {
  const groups = groupOutcomes(report);
  // What hardly ever happens has a column only where it did.
  const columns = COLUMNS.filter((stage) => stage !== 'put-back' || countStages(report.hosts).has(stage));
  const titles = columns.map((stage) => TITLES[COLUMNS.indexOf(stage)]);
  const rows = keepWhole(
    groups.map((group) => stateRow(group, columns)),
    ROOM,
  );
  const more = groups.slice(rows.length).flatMap((group) => group.hosts);
  return [
    `| | Hosts | ${titles.join(' | ')} | |`,
    `|---|---|${columns.map(() => '--:|').join('')}---|`,
    ...rows,
    ...(more.length > 0
      ? [`| … | ${count(more.length, 'more host')} |${columns.map(() => ' |').join('')} |`]
      : []),
  ].join('\n');
}

/** What is true now on the hosts that did not come through, change by change. */
export function renderTruth(report: Report): string {
  const torn = report.hosts.filter((host) => host.outcome !== 'done' && hasBegun(host));
  const untouched = report.hosts.filter((host) => !hasBegun(host)).map((host) => host.host);
  if (torn.length === 0 && untouched.length === 0) return '';
  const lines = keepWhole(
    torn.slice(0, SHOWN_TORN).map((host) => `- ${code(host.host, 63)}: ${truthOf(host)}`),
    ROOM,
  );
  const more = torn.length - lines.length;
  return [
    '**What is true now**\n',
    ...lines,
    ...(more > 0 ? [`- … and ${count(more, 'more host')}, each below`] : []),
    ...(untouched.length > 0 ? [`- Nothing was written on ${hostWords(untouched)}`] : []),
  ].join('\n');
}

/** Hosts that were left out because somebody holds them: in whose words, and what ends that. */
export function renderHeld(report: Report): string {
  const held = groupOutcomes(report).filter(({ outcome }) => outcome === 'held');
  return held
    .map(({ hosts }) => {
      const [{ reason }] = hosts;
      const words = reason ? ` · ${renderReason(reason)} · ${renderWhoAndNext(reason, report.plan)}` : '';
      return `${hostMark('held')}: ${hostWords(hosts.map(({ host }) => host))}${words}`;
    })
    .join('\n\n');
}

/** What to type next, where not all is well. */
export function renderDeployCommands(report: Report, plan: Plan): string {
  if (report.endedAt === null) return `To stop it at the next safe point: ${code(`/cancel ${report.run}`)}`;
  if (proven(report) && report.hosts.every(({ outcome }) => outcome === 'done')) return '';
  const open = report.hosts.filter((host) => host.outcome !== 'done');
  const names = report.hosts
    .filter((host) => open.includes(host) || host.remaining?.length !== 0)
    .map((host) => host.host);
  const these = names.length > TYPED_HOSTS ? '' : ` ${names.join(' ')}`;
  // Hosts that were left out may have been another deploy's.
  const again = open.length === 0 ? undefined : deployAgain(report, plan);
  const rows = [
    ...(again === undefined ? [] : [`| ${again.words} | ${code(`/${again.command}`, 900)} |`]),
    ...(report.hosts.some(({ reason }) => reason?.code === 'RUN_CANCELLED')
      ? [`| go back to what was deployed before | ${code('/rollback')} |`]
      : []),
    `| look at these hosts again and plan what is left | ${code(`/plan${these}`, 900)} |`,
  ];
  return ['| To | Do |', '|---|---|', ...rows].join('\n');
}

/** Whether the same plan, made again after the deploy, was empty. */
export function renderProof(report: Report): string {
  if (report.endedAt === null) return '';
  const seen = report.hosts.flatMap(({ host, remaining }) =>
    remaining === null ? [] : [{ host, remaining }],
  );
  const clean = seen.filter(({ remaining }) => remaining.length === 0).map(({ host }) => host);
  const left = seen.filter(({ remaining }) => remaining.length > 0);
  return [
    ...(clean.length > 0
      ? [`**Proof**: made again after the deploy, the plan is empty on ${hostWords(clean)}.`]
      : []),
    ...left.slice(0, SHOWN_FAILURES).map((host) => renderLeft(host.host, host.remaining)),
    ...(left.length > SHOWN_FAILURES
      ? [`Something is left on ${count(left.length - SHOWN_FAILURES, 'more host')}.`]
      : []),
  ].join('\n\n');
}

/** A body a host: every change with what became of it and the end of what it printed. */
export function reportBodies(report: Report, plan: Plan, link: Link | undefined): readonly Body[] {
  return report.hosts.map((host) => {
    const planned = plannedFor(plan, host.host);
    const words = [...countStages([host])].map(([stage, n]) => `${n} ${stageWord(stage)}`).join(', ');
    return {
      rank: host.outcome === 'done' ? DONE_RANK : FAILED_RANK,
      open: `<details><summary>${hostMark(host.outcome)}: ${htmlCode(host.host)} · ${words || 'no change'}</summary>`,
      parts: [
        ...host.changes.map((change) =>
          changePart(stageOf(host, change), change, planned.get(change.ref), link),
        ),
        ...(host.remaining ?? []).map(remainingPart),
      ],
      close: '</details>',
    };
  });
}

/** The evidence of a reason; without any, the end of what the change printed. */
function wordsOf(reason: Reason | null, output: string, lines: number): readonly string[] {
  const evidence = renderEvidence(reason?.evidence, lines);
  if (evidence.length > 0 || output.trim() === '') return evidence;
  return [fence(tailOf(output, lines), 'text')];
}

function renderFailureLine({ hosts, outcome, at, change }: Failure): string {
  if (!at) return `${hostMark(outcome)}: ${hostWords(hosts)}`;
  return `${stageMark(at.outcome)} ${hostWords(hosts)}: ${whatOf(at.ref, change)} ${at.outcome === 'unknown' ? 'may be half done' : stageWord(at.outcome, at)}`;
}

function stateRow({ outcome, wave, hosts }: HostGroup, columns: readonly Stage[]): string {
  const counts = countStages(hosts);
  const numbers = columns.map((stage) => {
    const n = counts.get(stage);
    return n === undefined ? '–' : thousands(n);
  });
  const names = hostWords(hosts.map((host) => host.host));
  return `| ${hostMark(outcome).replace(' ', '\u00a0')} | ${wave === undefined ? '' : `wave ${wave}: `}${names} | ${numbers.join(' | ')} | ${stateWords(hosts)} |`;
}

function stateWords([first]: Some<HostReport>): string {
  const current = first.outcome === 'running' ? currentOf(first) : undefined;
  if (current) return `now at ${code(current.ref, 80)}${waitWords(current)}`;
  const reason = first.changes.find((change) => change.reason !== null)?.reason ?? first.reason;
  if (first.outcome === 'held' && reason) return renderReason(reason);
  return reason ? code(reason.code) : '';
}

/** What checks say, and apt while another program holds its lock (apt 2.6 and 3.0). */
const WAITS = /^(?:waiting: |Waiting for cache lock: )/;

/** What the host tells while it waits: for what, what it saw last, and for how long. */
function waitWords({ output }: ChangeReport): string {
  const told = output.trimEnd().split('\n').at(-1) ?? '';
  return WAITS.test(told) ? `: ${code(told, 200)}` : '';
}

function hasBegun(host: HostReport): boolean {
  return host.changes.some((change) => change.outcome !== 'not-started');
}

function truthOf(host: HostReport): string {
  return groupBy(host.changes, (change) => stageWord(stageOf(host, change), change))
    .map((changes) => {
      const stage = stageOf(host, changes[0]);
      const refs = changes.map((change) => code(change.ref, 80));
      return `${stageMark(stage)} ${stageWord(stage, changes[0])}: ${list(refs, SHOWN_REFS)}`;
    })
    .join(' · ');
}

function renderLeft(host: string, remaining: readonly Change[]): string {
  const refs = remaining.map((change) => `${change.verb} ${code(change.ref)}`);
  return `**Still different** on ${code(host)}, made again after the deploy: ${list(refs, SHOWN_REFS)}`;
}

function changePart(
  stage: Stage,
  report: ChangeReport,
  change: Change | undefined,
  link: Link | undefined,
): Part {
  const took = report.seconds === null ? '' : ` in ${duration(report.seconds)}`;
  const brief = `- ${stageMark(stage)} ${stageWord(stage, report)}${took}: ${whatOf(report.ref, change)}`;
  const bad = stage !== 'applied' && stage !== 'skipped' && stage !== 'not-started';
  const from = change?.where ? ` · from ${renderWhere(change.where, link)}` : '';
  const full = () => [`${brief}${from}`, ...renderWords(report)].join('\n\n');
  return { rank: bad ? FAILED_RANK : DONE_RANK, brief, full };
}

/** The verb where the plan is known to have the change. */
function whatOf(ref: string, change: Change | undefined): string {
  return change ? `${change.verb} ${code(ref)}` : code(ref);
}

function renderWords({ output, reason }: ChangeReport): readonly string[] {
  const evidence = [reason?.evidence?.output, reason?.evidence?.journal].filter((text) => text !== undefined);
  // A failing change's evidence is often the end of what it printed; the same words twice help nobody.
  const told = evidence.some((text) => text.trim() !== '' && output.trim().endsWith(text.trim()));
  return [
    ...(reason ? [renderReason(reason), renderWhoAndNext(reason, undefined)] : []),
    ...(told ? [] : renderEvidence(reason?.evidence, TAIL_LINES)),
    ...(output.trim() === '' ? [] : [fence(tailOf(output, TAIL_LINES), 'text')]),
  ];
}

function remainingPart(change: Change): Part {
  const line = `- still to do: ${change.verb} ${code(change.ref)}: ${proseWithCode(change.reason)}`;
  return { rank: FAILED_RANK, brief: line, full: () => line };
}
