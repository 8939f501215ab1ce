// A host's report while it grows: each event of the run's journal folded into it, and its end. No clock, no host.
import type { RunEvent } from '../core/run.ts';
import type { HostPlan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import type { ChangeReport, HostReport, Outcome } from '../core/report.ts';
import { startDuties } from './duties.ts';

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
  const ran = new Set<number>();
  for await (const event of events) {
    report = foldEvent(report, event, planned, ran);
    emit(report);
  }
  return report;
}

/** A report that ends by a failure from outside: what was running is unknown, what had not begun is not started. */
export function finishReport(report: HostReport, reason: Reason): HostReport {
  const begun = report.outcome === 'running';
  return { ...report, outcome: begun ? 'unknown' : 'failed', reason };
}

/** `ran` collects the changes that have begun a command. */
function foldEvent(report: HostReport, event: RunEvent, planned: HostPlan, ran: Set<number>): HostReport {
  switch (event.is) {
    case 'begin':
      // Until its end is seen, a change that was begun is unknown: it may be half done.
      return withChange(report, event.index, (change) => ({ ...change, outcome: 'unknown' }));
    case 'command':
      ran.add(event.index);
      return report;
    case 'output':
      return withChange(report, event.index, (change) => {
        return { ...change, output: (change.output + event.text).slice(-OUTPUT_KEPT) };
      });
    case 'end': {
      const { index, status, seconds } = event;
      const outcome = status === 0 ? succeededAs(planned, index, ran.has(index)) : 'failed';
      return withChange(report, index, (change) => ({ ...change, outcome, seconds }));
    }
    case 'finished':
      return finishRun(report, event);
    default:
      return event satisfies never;
  }
}

/** A change whose steps were left out because the host was already as wanted is skipped, not applied. */
function succeededAs({ changes }: HostPlan, index: number, ran: boolean): Outcome {
  const change = changes[index];
  return ran || !change || change.steps.length === 0 ? 'applied' : 'skipped';
}

function finishRun(
  report: HostReport,
  { outcome, reason }: Extract<RunEvent, { is: 'finished' }>,
): HostReport {
  switch (outcome) {
    case 'done': {
      const changes = report.changes.filter(({ duty }) => duty !== 'on-failure');
      return { ...report, outcome, changes, reason };
    }
    case 'refused':
      return { ...report, outcome, reason };
    case 'cancelled': {
      const begun = report.changes.some((change) => change.outcome !== 'not-started');
      return { ...report, outcome: begun ? 'cancelled' : 'not-started', reason };
    }
    case 'failed': {
      const changes = report.changes.map((change) =>
        change.outcome === 'failed' && change.duty !== 'on-failure' ? { ...change, reason } : change,
      );
      return { ...report, outcome, changes, reason };
    }
    case 'broken':
      return { ...report, outcome: 'unknown', reason };
    default:
      return outcome satisfies never;
  }
}

function withChange(
  report: HostReport,
  index: number,
  edit: (change: ChangeReport) => ChangeReport,
): HostReport {
  return { ...report, changes: report.changes.map((change, at) => (at === index ? edit(change) : change)) };
}
