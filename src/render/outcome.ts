// What a report comes to: the outcomes counted and in words, hosts that ended alike, and the failures that matter first.
import { shortDigest } from '../core/plan.ts';
import type { Change, HostPlan, Plan } from '../core/plan.ts';
import type { Where } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import { succeeded, takenHosts } from '../core/report.ts';
import type { ChangeReport, HostOutcome, HostReport, Outcome, Report } from '../core/report.ts';
import { clip } from './escape.ts';
import { groupBy } from './group.ts';
import type { Some } from './group.ts';
import { count, list } from './words.ts';

const HOST_MARKS = {
  queued: '⏳',
  running: '🔄',
  done: '✅',
  failed: '❌',
  'put-back': '↩️',
  unknown: '❓',
  refused: '⛔',
  cancelled: '🛑',
  held: '⏸️',
  'not-started': '⬜',
} as const satisfies Record<HostOutcome, string>;

/** Where a change is. What a running host has begun and not ended is running; only an end without a word is unknown. */
export type Stage = Outcome | 'running';

const STAGES = {
  applied: { mark: '✅', word: 'applied' },
  skipped: { mark: '☑️', word: 'already so' },
  running: { mark: '🔄', word: 'running' },
  failed: { mark: '❌', word: 'failed' },
  'put-back': { mark: '↩️', word: 'put back' },
  unknown: { mark: '❓', word: 'unknown' },
  'not-started': { mark: '⬜', word: 'not started' },
} as const satisfies Record<Stage, { mark: string; word: string }>;

export function stageOf(host: Pick<HostReport, 'outcome'>, change: ChangeReport): Stage {
  return host.outcome === 'running' && change.outcome === 'unknown' ? 'running' : change.outcome;
}

export function hostMark(outcome: HostOutcome): string {
  return `${HOST_MARKS[outcome]} ${hostWord(outcome)}`;
}

export function hostWord(outcome: HostOutcome): string {
  return outcome.replace('-', ' ');
}

export function stageMark(stage: Stage): string {
  return STAGES[stage].mark;
}

/** A hook or a check is not applied: it ran, or holds; a check that somebody cancelled is cut short. */
export function stageWord(stage: Stage, { duty }: Pick<ChangeReport, 'duty'> = {}): string {
  if (stage === 'applied' && duty !== undefined) return duty === 'check' ? 'holds' : 'ran';
  if (stage === 'skipped' && duty !== undefined) return 'cut short';
  return STAGES[stage].word;
}

export type StageCounts = ReadonlyMap<Stage, number>;

/** How many changes are at each stage, failed hooks and checks among them; stages without any are left out. */
export function countStages(hosts: readonly HostReport[]): StageCounts {
  const stages = hosts.flatMap((host) => host.changes.filter(counts).map((change) => stageOf(host, change)));
  return new Map([...Map.groupBy(stages, (stage) => stage)].map(([stage, all]) => [stage, all.length]));
}

function counts({ duty, outcome }: ChangeReport): boolean {
  return duty === undefined || outcome === 'failed' || outcome === 'unknown';
}

/** Hosts that share a row: those that ended well or wait, those that failed at the same, each that runs. */
export interface HostGroup {
  readonly outcome: HostOutcome;
  /** Hosts of several waves do not share a row. */
  readonly wave: number | undefined;
  readonly hosts: Some<HostReport>;
}

/** What went wrong first, then what goes on, then what is done. */
const ORDER: readonly HostOutcome[] = [
  'failed',
  'put-back',
  'unknown',
  'refused',
  'cancelled',
  'held',
  'running',
  'queued',
  'not-started',
  'done',
];

const BROKEN: ReadonlySet<HostOutcome> = new Set(['failed', 'put-back', 'unknown', 'refused', 'cancelled']);

const BROKEN_CHANGES: ReadonlySet<Outcome> = new Set(['failed', 'put-back', 'unknown']);

export function groupOutcomes(report: Report): readonly HostGroup[] {
  return groupBy(report.hosts, rowKey)
    .map((hosts) => ({ outcome: hosts[0].outcome, wave: hosts[0].wave, hosts }))
    .toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome) || (a.wave ?? 0) - (b.wave ?? 0));
}

/** The first thing that went wrong on hosts, once for all on which the same went wrong for the same reason. */
export interface Failure {
  readonly hosts: readonly string[];
  readonly outcome: HostOutcome;
  readonly reason: Reason | null;
  /** The change it went wrong at; none when the host as a whole was refused or lost. */
  readonly at: ChangeReport | undefined;
  readonly change: Change | undefined;
  /** The line that declares the change, the hook or the check. */
  readonly where: Where | null;
}

export function failuresOf(report: Report, plan: Plan): readonly Failure[] {
  const broken = report.hosts
    .filter((host) => BROKEN.has(host.outcome) || (host.outcome === 'not-started' && host.reason !== null))
    .toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  const failures = broken.map((host) => toFailure(host, plan));
  return groupBy(failures, ({ outcome, at, reason }) => JSON.stringify([outcome, at?.ref, reason?.code])).map(
    (group) => ({ ...group[0], hosts: group.flatMap((failure) => failure.hosts) }),
  );
}

/** Done wherever nobody held it off, looked at afterwards, and nothing was left. */
export function proven(report: Report): boolean {
  return succeeded(report) && takenHosts(report).every((host) => host.remaining?.length === 0);
}

export function deployMark(report: Report): string {
  if (report.endedAt === null) return HOST_MARKS.running;
  if (proven(report)) return HOST_MARKS.done;
  if (isCancelled(report)) return HOST_MARKS.cancelled;
  return succeeded(report) ? '⚠️' : HOST_MARKS[worstOf(report)];
}

/** Hosts that the plan has something for, or could not look at, and that this deploy was not for: `--only`, `--skip`. */
export function leftOut(report: Report, plan: Plan): readonly HostPlan[] {
  const told = new Set(report.hosts.map(({ host }) => host));
  return plan.hosts.filter(
    ({ host, changes, blocked, failure }) =>
      !told.has(host) && (changes.length > 0 || blocked.length > 0 || failure !== null),
  );
}

/** Plain words for a title: `Failed on db1; 2 of 3 hosts done`. */
export function deployWords(report: Report, plan: Plan): string {
  const taken = takenHosts(report);
  const total = count(taken.length, 'host');
  const done = taken.filter((host) => host.outcome === 'done').length;
  if (proven(report)) return `Deployed to ${total}; ${withoutWords(report, plan)}`;
  if (isCancelled(report)) return `Cancelled; ${done} of ${total} done`;
  if (succeeded(report)) return `Deployed to ${total}; ${leftWords(report)}`;
  const worst = worstOf(report);
  const all = taken.filter((host) => host.outcome === worst);
  const hosts = list(
    all.map((host) => clip(host.host, 20)),
    2,
  );
  const words = `${WORST[worst]} ${hosts}; ${done} of ${total} done`;
  if (report.endedAt !== null) return words;
  return BROKEN.has(worst) ? `Deploying: ${words}` : `Deploying: ${done} of ${total} done`;
}

/** It ended because somebody asked for that, and nothing went wrong. */
export function isCancelled({ endedAt, hosts }: Report): boolean {
  const wrong = hosts.some(({ outcome }) => BROKEN.has(outcome) && outcome !== 'cancelled');
  return endedAt !== null && !wrong && hosts.some(({ reason }) => reason?.code === 'RUN_CANCELLED');
}

/**
 * The plan that was deployed would be refused on a host, or no longer fits it: it moved, or is not known, or what came beside the
 * old version is still there. A host that was not begun is as the plan saw it.
 */
export function wantsNewPlan({ hosts }: Report, plan: Plan): boolean {
  return hosts.some(
    (host) =>
      host.outcome === 'unknown' ||
      host.outcome === 'refused' ||
      (host.outcome === 'failed' && host.changes.some((change) => change.outcome === 'put-back')) ||
      hasMoved(host, plannedFor(plan, host.host)),
  );
}

/** How the rest of the same plan is deployed, where that can succeed: the command as it stands behind `/` or `ashore `. */
export function deployAgain(
  report: Report,
  plan: Plan,
): { readonly words: string; readonly command: string } | undefined {
  if (wantsNewPlan(report, plan)) return undefined;
  const open = report.hosts.filter(({ outcome }) => outcome !== 'done');
  const out = leftOut(report, plan);
  const unplanned = out.filter(({ blocked, failure }) => blocked.length > 0 || failure !== null);
  if (open.length + out.length === unplanned.length) return undefined;
  const skip = unplanned.map(({ host }) => ` --skip ${host}`).join('');
  const words = `deploy what is left of this plan${open.length > 0 ? ', when its cause is gone' : ''}`;
  return { words, command: `deploy ${shortDigest(plan.digest)}${skip}` };
}

/** What is left there begins at another state than the plan saw, as of a unit that failed: its own change moved it. */
function hasMoved({ remaining }: HostReport, planned: ReadonlyMap<string, Change>): boolean {
  return (remaining ?? []).some(({ ref, before }) => (planned.get(ref)?.before ?? before) !== before);
}

/** The change that a running host is at. */
export function currentOf(host: HostReport): ChangeReport | undefined {
  const begun = host.changes.find((change) => stageOf(host, change) === 'running');
  return begun ?? host.changes.find((change) => change.outcome === 'not-started');
}

/** The changes that were planned for a host, by their refs. */
export function plannedFor(plan: Plan, host: string): ReadonlyMap<string, Change> {
  const changes = plan.hosts.find((entry) => entry.host === host)?.changes ?? [];
  return new Map(changes.map((change) => [change.ref, change]));
}

/** What a deploy that is over came to, where it is not all well. */
const WORST = {
  failed: 'Failed on',
  'put-back': 'Put back on',
  unknown: 'Not known what is true on',
  refused: 'Refused on',
  cancelled: 'Cancelled on',
  held: 'Held:',
  running: 'Not ended on',
  queued: 'Not begun on',
  'not-started': 'Not started on',
  done: 'Something is left on',
} as const satisfies Record<HostOutcome, string>;

function worstOf(report: Report): HostOutcome {
  return ORDER.find((outcome) => takenHosts(report).some((host) => host.outcome === outcome)) ?? 'done';
}

/** Of a deploy that did all it was for. */
function withoutWords(report: Report, plan: Plan): string {
  const held = report.hosts.length - takenHosts(report).length;
  const out = leftOut(report, plan).map(({ host }) => clip(host, 20));
  const words = [
    ...(held > 0 ? [`${held} held`] : []),
    ...(out.length > 0 ? [`left out: ${list(out, 2)}`] : []),
  ];
  return words.length === 0 ? 'nothing is left to do' : words.join('; ');
}

function leftWords(report: Report): string {
  const left = report.hosts.filter((host) => hasLeft(host)).length;
  if (left > 0) return `something is left on ${count(left, 'host')}`;
  return `${count(takenHosts(report).filter((host) => host.remaining === null).length, 'host')} not looked at afterwards`;
}

/** The plan made after the deploy still holds something there. */
export function hasLeft({ remaining }: HostReport): boolean {
  return remaining !== null && remaining.length > 0;
}

function toFailure(host: HostReport, plan: Plan): Failure {
  const at = brokenAt(host);
  const change = at && plannedFor(plan, host.host).get(at.ref);
  const duties = plan.hosts.find((entry) => entry.host === host.host)?.duties ?? [];
  const where = change ? change.where : (duties.find(({ ref }) => ref === at?.ref)?.where ?? null);
  return { hosts: [host.host], outcome: host.outcome, reason: reasonFor(host), at, change, where };
}

function rowKey(host: HostReport): string {
  if (host.outcome === 'running') return JSON.stringify([host.outcome, host.host]);
  if (host.outcome === 'held') return JSON.stringify([host.outcome, host.wave, host.reason?.message]);
  if (!BROKEN.has(host.outcome)) return JSON.stringify([host.outcome, host.wave]);
  return JSON.stringify([host.outcome, host.wave, brokenAt(host)?.ref, reasonFor(host)?.code]);
}

function brokenAt(host: HostReport): ChangeReport | undefined {
  // What was put back because of a failure stands before it.
  const failed = host.changes.find(({ outcome }) => outcome === 'failed');
  return failed ?? host.changes.find(({ outcome }) => BROKEN_CHANGES.has(outcome));
}

function reasonFor(host: HostReport): Reason | null {
  return brokenAt(host)?.reason ?? host.reason;
}
