// What a report comes to: the outcomes counted and in words, hosts that ended alike, and the failures that matter first.
import type { Change, Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import { OUTCOMES, succeeded } from '../core/report.ts';
import type { ChangeReport, HostOutcome, HostReport, Outcome, Report } from '../core/report.ts';
import { clip } from './escape.ts';
import { groupBy } from './group.ts';
import { count, list } from './words.ts';

const HOST_MARKS = {
  queued: '⏳',
  running: '🔄',
  done: '✅',
  failed: '❌',
  unknown: '❓',
  refused: '⛔',
  'not-started': '⬜',
} as const satisfies Record<HostOutcome, string>;

const MARKS = {
  applied: '✅',
  skipped: '☑️',
  failed: '❌',
  unknown: '❓',
  'not-started': '⬜',
} as const satisfies Record<Outcome, string>;

const WORDS = {
  applied: 'applied',
  skipped: 'already so',
  failed: 'failed',
  unknown: 'unknown',
  'not-started': 'not started',
} as const satisfies Record<Outcome, string>;

export function hostMark(outcome: HostOutcome): string {
  return `${HOST_MARKS[outcome]} ${hostWord(outcome)}`;
}

export function hostWord(outcome: HostOutcome): string {
  return outcome === 'not-started' ? 'not started' : outcome;
}

export function outcomeMark(outcome: Outcome): string {
  return MARKS[outcome];
}

export function outcomeWord(outcome: Outcome): string {
  return WORDS[outcome];
}

export type OutcomeCounts = ReadonlyMap<Outcome, number>;

export function countOutcomes(changes: readonly ChangeReport[]): OutcomeCounts {
  return new Map(
    OUTCOMES.map((outcome) => [outcome, changes.filter((change) => change.outcome === outcome).length]),
  );
}

/** Hosts that stand alike. */
export interface HostGroup {
  readonly outcome: HostOutcome;
  readonly hosts: readonly HostReport[];
  readonly counts: OutcomeCounts;
}

/** What went wrong first, then what goes on, then what is done. */
const ORDER: readonly HostOutcome[] = [
  'failed',
  'unknown',
  'refused',
  'running',
  'queued',
  'not-started',
  'done',
];

export function groupOutcomes(report: Report): readonly HostGroup[] {
  const groups = groupBy(report.hosts, (host) => JSON.stringify([host.outcome, ...countsKey(host)]));
  return groups
    .flatMap((hosts) =>
      hosts.slice(0, 1).map(({ outcome, changes }) => ({ outcome, hosts, counts: countOutcomes(changes) })),
    )
    .toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
}

/** The first thing that went wrong on hosts, once for all on which the same went wrong for the same reason. */
export interface Failure {
  readonly hosts: readonly string[];
  readonly outcome: HostOutcome;
  readonly reason: Reason | null;
  /** The change it went wrong at; none when the host as a whole was refused or lost. */
  readonly at: ChangeReport | undefined;
  readonly change: Change | undefined;
}

export function failuresOf(report: Report, plan: Plan): readonly Failure[] {
  const broken = report.hosts
    .filter((host) => ['failed', 'unknown', 'refused'].includes(host.outcome))
    .toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  const failures = broken.map((host) => toFailure(host, plan));
  return groupBy(failures, (failure) =>
    JSON.stringify([failure.outcome, failure.at?.ref, failure.reason?.code]),
  ).flatMap((group) =>
    group.slice(0, 1).map((first) => ({ ...first, hosts: group.flatMap((failure) => failure.hosts) })),
  );
}

/** Done everywhere, looked at afterwards, and nothing was left. */
export function proven(report: Report): boolean {
  return succeeded(report) && report.hosts.every((host) => host.remaining?.length === 0);
}

export function deployMark(report: Report): string {
  if (report.endedAt === null) return HOST_MARKS.running;
  return proven(report) ? HOST_MARKS.done : HOST_MARKS[worstOf(report)];
}

/** Plain words for a title: `failed on db1; 2 of 3 hosts done`. */
export function deployWords(report: Report): string {
  const total = count(report.hosts.length, 'host');
  const done = report.hosts.filter((host) => host.outcome === 'done').length;
  if (report.endedAt === null) return `deploying: ${done} of ${total} done`;
  if (proven(report)) return `deployed to ${total}; nothing is left to do`;
  if (succeeded(report)) return `deployed to ${total}; ${leftWords(report)}`;
  const worst = worstOf(report);
  const hosts = report.hosts.filter((host) => host.outcome === worst).map((host) => clip(host.host, 20));
  return `${WORST[worst]} ${list(hosts, 2)}; ${done} of ${total} done`;
}

/** The change that a running host is at. */
export function currentOf(host: HostReport): ChangeReport | undefined {
  return host.changes.find((change) => change.outcome === 'not-started');
}

export function findChange(plan: Plan, host: string, ref: string): Change | undefined {
  return plan.hosts.find((entry) => entry.host === host)?.changes.find((change) => change.ref === ref);
}

/** What a deploy that is over came to, where it is not all well. */
const WORST = {
  failed: 'failed on',
  unknown: 'not known what is true on',
  refused: 'refused on',
  running: 'not ended on',
  queued: 'not begun on',
  'not-started': 'not started on',
  done: 'something is left on',
} as const satisfies Record<HostOutcome, string>;

function worstOf(report: Report): HostOutcome {
  return ORDER.find((outcome) => report.hosts.some((host) => host.outcome === outcome)) ?? 'done';
}

function leftWords(report: Report): string {
  const left = report.hosts.filter((host) => (host.remaining?.length ?? 0) > 0).length;
  if (left > 0) return `something is left on ${count(left, 'host')}`;
  return `${count(report.hosts.filter((host) => host.remaining === null).length, 'host')} not looked at afterwards`;
}

function toFailure(host: HostReport, plan: Plan): Failure {
  const at = host.changes.find((change) => change.outcome === 'failed' || change.outcome === 'unknown');
  const change = at && findChange(plan, host.host, at.ref);
  return { hosts: [host.host], outcome: host.outcome, reason: at?.reason ?? host.reason, at, change };
}

function countsKey(host: HostReport): readonly (number | string)[] {
  // A running host has a row of its own, for the change it is at.
  if (host.outcome === 'running') return [host.host];
  return [...countOutcomes(host.changes).values()];
}
