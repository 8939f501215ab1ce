// The parts of a report in markdown: what failed and in whose words, the table of hosts, the proof, what was done.
import type { Change, Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import type { Report, HostReport, ChangeReport } from '../core/report.ts';
import type { Link } from './change.ts';
import { renderWhere } from './change.ts';
import { code, fence, htmlCode, proseWithCode } from './escape.ts';
import { keepWhole } from './fit.ts';
import type { Body, Part } from './fit.ts';
import { hostWords } from './host-table.ts';
import {
  countOutcomes,
  currentOf,
  failuresOf,
  findChange,
  groupOutcomes,
  hostMark,
  outcomeMark,
  outcomeWord,
} from './outcome.ts';
import type { Failure, HostGroup } from './outcome.ts';
import { renderCommandLine, renderEvidence, renderReason, renderWhoAndNext, tailOf } from './reason.ts';
import { count, duration, list } from './words.ts';

const SHOWN_FAILURES = 3;
/** Bytes for the table of hosts, and for the list of what is true. */
const ROOM = 10_000;
const SHOWN_REFS = 8;
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
  const { reason, at, change } = failure;
  const command = reason?.evidence ? renderCommandLine(reason.evidence) : '';
  const from = change?.where ? `declared at ${renderWhere(change.where, link)}` : '';
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
  const rows = keepWhole(groups.map(stateRow), ROOM);
  const more = groups.slice(rows.length).flatMap((group) => group.hosts);
  return [
    '| | Hosts | Applied | Already so | Failed | Unknown | Not started | |',
    '|---|---|--:|--:|--:|--:|--:|---|',
    ...rows,
    ...(more.length > 0 ? [`| … | ${count(more.length, 'more host')} | | | | | | |`] : []),
  ].join('\n');
}

/** What is true now on the hosts that did not come through, change by change. */
export function renderTruth(report: Report): string {
  const torn = report.hosts.filter((host) => host.outcome === 'failed' || host.outcome === 'unknown');
  if (torn.length === 0) return '';
  const lines = keepWhole(
    torn.slice(0, 5).map((host) => `- ${code(host.host, 63)}: ${truthOf(host)}`),
    ROOM,
  );
  const more = torn.length - lines.length;
  return [
    '**What is true now**\n',
    ...lines,
    ...(more > 0 ? [`- … and ${count(more, 'more host')}, below`] : []),
  ].join('\n');
}

/** Whether the same plan, made again after the deploy, was empty. */
export function renderProof(report: Report): string {
  if (report.endedAt === null) return '';
  const seen = report.hosts.filter((host) => host.remaining !== null);
  const clean = seen.filter((host) => host.remaining?.length === 0).map((host) => host.host);
  const left = seen.filter((host) => (host.remaining?.length ?? 0) > 0);
  return [
    ...(clean.length > 0
      ? [
          `**Proof**: made again after the deploy, the plan is empty on ${hostWords(clean, count(clean.length, 'host'))}.`,
        ]
      : []),
    ...left.slice(0, SHOWN_FAILURES).map((host) => renderLeft(host)),
    ...(left.length > SHOWN_FAILURES
      ? [`Something is left on ${count(left.length - SHOWN_FAILURES, 'more host')}.`]
      : []),
  ].join('\n\n');
}

/** A body a host: every change with what became of it and the end of what it printed. */
export function reportBodies(report: Report, plan: Plan, link: Link | undefined): readonly Body[] {
  return report.hosts.map((host) => {
    const counts = [...countOutcomes(host.changes)].filter(([, n]) => n > 0);
    const words = counts.map(([outcome, n]) => `${n} ${outcomeWord(outcome)}`).join(', ');
    return {
      rank: host.outcome === 'done' ? DONE_RANK : FAILED_RANK,
      open: `<details><summary>${hostMark(host.outcome)}: ${htmlCode(host.host)} · ${words || 'no change'}</summary>`,
      parts: [
        ...host.changes.map((change) => changePart(host, change, plan, link)),
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
  const where = hostWords(hosts, count(hosts.length, 'host'));
  if (!at) return `${hostMark(outcome)}: ${where}`;
  return `${outcomeMark(at.outcome)} ${where}: ${change ? `${change.verb} ` : ''}${code(at.ref)} ${outcomeWord(at.outcome)}`;
}

function stateRow({ outcome, hosts, counts }: HostGroup): string {
  const numbers = [...counts.values()].map((n) => n.toLocaleString('en-US'));
  const names = hostWords(
    hosts.map((host) => host.host),
    count(hosts.length, 'host'),
  );
  return `| ${hostMark(outcome)} | ${names} | ${numbers.join(' | ')} | ${stateWords(hosts)} |`;
}

function stateWords(hosts: readonly HostReport[]): string {
  const [first] = hosts;
  if (!first) return '';
  const current = first.outcome === 'running' ? currentOf(first) : undefined;
  if (current) return `now at ${code(current.ref)}`;
  return first.reason && hosts.every((host) => host.reason?.code === first.reason?.code)
    ? code(first.reason.code)
    : '';
}

function truthOf(host: HostReport): string {
  const groups = [...Map.groupBy(host.changes, (change) => change.outcome)];
  return groups
    .map(([outcome, changes]) => {
      const refs = list(
        changes.map((change) => code(change.ref, 80)),
        SHOWN_REFS,
      );
      return `${outcomeMark(outcome)} ${outcomeWord(outcome)}: ${refs}`;
    })
    .join(' · ');
}

function renderLeft({ host, remaining }: HostReport): string {
  const changes = remaining ?? [];
  const refs = changes.map((change) => `${change.verb} ${code(change.ref)}`);
  return `**Still different** on ${code(host)}, made again after the deploy: ${list(refs, SHOWN_REFS)}`;
}

function changePart(host: HostReport, report: ChangeReport, plan: Plan, link: Link | undefined): Part {
  const change = findChange(plan, host.host, report.ref);
  const took = report.seconds === null ? '' : ` in ${duration(report.seconds)}`;
  const what = `${change ? `${change.verb} ` : ''}${code(report.ref)}`;
  const brief = `- ${outcomeMark(report.outcome)} ${outcomeWord(report.outcome)}${took}: ${what}`;
  const bad = report.outcome === 'failed' || report.outcome === 'unknown';
  const from = change?.where ? ` · from ${renderWhere(change.where, link)}` : '';
  const full = () => [`${brief}${from}`, ...renderWords(report)].join('\n\n');
  return { rank: bad ? FAILED_RANK : DONE_RANK, brief, full };
}

function renderWords({ output, reason }: ChangeReport): readonly string[] {
  return [
    ...(reason ? [renderReason(reason), renderWhoAndNext(reason, undefined)] : []),
    ...renderEvidence(reason?.evidence, TAIL_LINES),
    ...(output.trim() === '' ? [] : [fence(tailOf(output, TAIL_LINES), 'text')]),
  ];
}

function remainingPart(change: Change): Part {
  const line = `- still to do: ${change.verb} ${code(change.ref)}: ${proseWithCode(change.reason)}`;
  return { rank: FAILED_RANK, brief: line, full: () => line };
}
