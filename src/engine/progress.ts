// A host's report while it grows: each event of the run's journal folded into it, and its end. No clock, no host.
import type { RunEvent } from '../core/run.ts';
import type { HostPlan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import type { ChangeReport, HostReport, Outcome } from '../core/report.ts';
import { recogniseCause } from './cause.ts';
import { startDuties } from './duties.ts';
import { isKeeping, keptChanges } from './keeping.ts';

/** Characters of a change's output that are kept; the last ones, where tools say why. */
const OUTPUT_KEPT = 16_384;

export function startReport(planned: HostPlan): HostReport {
  const changes = planned.changes.map(({ ref }) => {
    return { ref, outcome: 'not-started' as const, seconds: null, output: '', reason: null };
  });
  const all = [...changes, ...startDuties(planned)];
  return { host: planned.host, outcome: 'queued', changes: all, reason: null, remaining: null };
}

/** Follows the events to their end; `emit` sees each new report, the last one finished. */
export async function followRun(
  events: AsyncIterable<RunEvent>,
  planned: HostPlan,
  start: HostReport,
  emit: (report: HostReport) => void,
): Promise<HostReport> {
  let report: HostReport = { ...start, outcome: 'running' };
  const from = planned.changes.findIndex(({ guard }) => guard !== undefined);
  const seen: Seen = { ran: new Set(), unconfirmed: new Map(), guardedFrom: from < 0 ? Infinity : from };
  for await (const event of events) {
    report = foldEvent(report, event, planned, seen);
    emit(report);
  }
  return report;
}

/**
 * A report that ends by a failure from outside: what was running is unknown, what had not begun is not started. A run
 * whose end was seen stays what it was, though nobody could look afterwards.
 */
export function finishReport(report: HostReport, reason: Reason): HostReport {
  switch (report.outcome) {
    case 'running':
      return { ...report, outcome: 'unknown', reason };
    case 'queued':
    case 'not-started':
      return { ...report, outcome: 'failed', reason };
    case 'done':
    case 'failed':
    case 'put-back':
    case 'unknown':
    case 'refused':
    case 'cancelled':
    case 'held':
      return { ...report, reason: report.reason ?? reason };
    default:
      return report.outcome satisfies never;
  }
}

/** Of a run that somebody may have begun nothing could be seen: all of it is unknown. */
export function loseReport(report: HostReport, reason: Reason): HostReport {
  return { ...withOutcomes(report, () => 'unknown'), outcome: 'unknown', reason };
}

interface Seen {
  /** Changes that have begun a command. */
  readonly ran: Set<number>;
  /** What guarded changes come to when the run is done; until then nobody knows. */
  readonly unconfirmed: Map<number, Outcome>;
  readonly guardedFrom: number;
}

function foldEvent(report: HostReport, event: RunEvent, planned: HostPlan, seen: Seen): HostReport {
  switch (event.is) {
    case 'begin':
      // Until its end is seen, a change that was begun is unknown: it may be half done.
      return withChange(report, event.index, (change) => ({ ...change, outcome: 'unknown' }));
    case 'command':
      seen.ran.add(event.index);
      return report;
    case 'output':
      return withChange(report, event.index, (change) => {
        return { ...change, output: (change.output + event.text).slice(-OUTPUT_KEPT) };
      });
    case 'end': {
      const { index, status, seconds } = event;
      const outcome = status === 0 ? succeededAs(planned, index, seen.ran.has(index)) : 'failed';
      const reason = event.reason === undefined ? null : recogniseCause(event.reason);
      const sure = index < seen.guardedFrom || index >= planned.changes.length;
      if (!sure) seen.unconfirmed.set(index, outcome);
      const ended = withChange(report, index, (change) => {
        const why = isLate(change) ? null : reason;
        return { ...change, ...(sure ? { outcome, reason: why } : {}), seconds };
      });
      return withPutBack(ended, planned, index);
    }
    case 'awaiting':
      return report;
    case 'confirmed':
      return withOutcomes(report, (index) => seen.unconfirmed.get(index));
    case 'finished':
      return finishRun(report, event, planned, seen);
    default:
      return event satisfies never;
  }
}

/** What is done when the rest has ended is not why it ended so. */
function isLate({ duty }: ChangeReport): boolean {
  return duty === 'on-failure' || duty === 'always';
}

/** When the duty at `index` has put back what its stack changed here, that is what became of these changes. */
function withPutBack(report: HostReport, { changes, duties = [] }: HostPlan, index: number): HostReport {
  const duty = duties[index - changes.length];
  if (!duty || !isKeeping(duty, true) || report.changes[index]?.outcome !== 'applied') return report;
  const kept = new Set(keptChanges(duty.stack, changes).map(({ ref }) => ref));
  return withOutcomes(report, (at, was) => {
    const ref = changes[at]?.ref;
    return (was === 'applied' || was === 'skipped') && ref !== undefined && kept.has(ref)
      ? 'put-back'
      : undefined;
  });
}

/** A change whose steps were left out because the host was already as wanted is skipped, not applied. */
function succeededAs({ changes }: HostPlan, index: number, ran: boolean): Outcome {
  const change = changes[index];
  return ran || !change || change.steps.length === 0 ? 'applied' : 'skipped';
}

function finishRun(
  report: HostReport,
  { outcome, reason: said }: Extract<RunEvent, { is: 'finished' }>,
  planned: HostPlan,
  { guardedFrom }: Seen,
): HostReport {
  const reason = said && recogniseCause(said);
  switch (outcome) {
    case 'done': {
      const changes = report.changes.filter(({ duty }) => duty !== 'on-failure');
      return { ...report, outcome, changes, reason };
    }
    case 'refused':
      return { ...report, outcome, reason };
    case 'cancelled': {
      const begun = report.changes.some((change) => change.outcome !== 'not-started');
      // What is cancelled was between two changes, or in a check, which is then cut short.
      const changes = report.changes.map((change) =>
        change.duty && change.outcome === 'unknown'
          ? { ...change, outcome: 'skipped' as const, reason }
          : change,
      );
      return { ...report, outcome: begun ? 'cancelled' : 'not-started', changes, reason };
    }
    case 'failed': {
      const changes = report.changes.map((change) =>
        change.outcome === 'failed' && !isLate(change)
          ? { ...change, reason: change.reason ?? reason }
          : change,
      );
      return { ...report, outcome, changes, reason };
    }
    case 'put-back': {
      const undone = (index: number, was: Outcome): Outcome | undefined =>
        index >= guardedFrom && index < planned.changes.length && was !== 'not-started'
          ? 'put-back'
          : undefined;
      return { ...withOutcomes(report, undone), outcome, reason };
    }
    case 'broken':
      return { ...report, outcome: 'unknown', reason };
    default:
      return outcome satisfies never;
  }
}

/** Undefined leaves a change as it is. */
function withOutcomes(
  report: HostReport,
  outcomeOf: (index: number, was: Outcome) => Outcome | undefined,
): HostReport {
  const changes = report.changes.map((change, index) => {
    return { ...change, outcome: outcomeOf(index, change.outcome) ?? change.outcome };
  });
  return { ...report, changes };
}

function withChange(
  report: HostReport,
  index: number,
  edit: (change: ChangeReport) => ChangeReport,
): HostReport {
  return { ...report, changes: report.changes.map((change, at) => (at === index ? edit(change) : change)) };
}
