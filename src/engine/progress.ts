// A host's report while it grows: each event of the run's journal folded into it, and its end. No clock, no host.
import type { RunEvent } from '../core/run.ts';
import type { Change, HostPlan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import type { ChangeReport, HostReport, Outcome } from '../core/report.ts';
import { commandsOf } from '../core/step.ts';

/** Characters of a change's output that are kept; the last ones, where tools say why. */
const OUTPUT_KEPT = 16_384;

export function startReport(planned: HostPlan): HostReport {
  const changes = planned.changes.map(({ ref }) => {
    return { ref, outcome: 'not-started' as const, seconds: null, output: '', reason: null };
  });
  return { host: planned.host, outcome: 'queued', changes, reason: null, remaining: null };
}

/** Follows the events to their end; `emit` sees each new report, the last one finished. */
export async function followRun(
  events: AsyncIterable<RunEvent>,
  planned: HostPlan,
  start: HostReport,
  emit: (report: HostReport) => void,
): Promise<HostReport> {
  let report: HostReport = { ...start, outcome: 'running' };
  const commands: Commands = new Map();
  for await (const event of events) {
    report = foldEvent(report, event, planned, commands);
    emit(report);
  }
  return report;
}

/** A report that ends by a failure from outside: what was running is unknown, what had not begun is not started. */
export function finishReport(report: HostReport, reason: Reason): HostReport {
  const begun = report.outcome === 'running';
  return { ...report, outcome: begun ? 'unknown' : 'failed', reason };
}

/** How many commands each change has begun, and the last of them. */
type Commands = Map<number, { readonly count: number; readonly text: string }>;

function foldEvent(report: HostReport, event: RunEvent, planned: HostPlan, commands: Commands): HostReport {
  switch (event.is) {
    case 'begin':
      // Until its end is seen, a change that was begun is unknown: it may be half done.
      return withChange(report, event.index, (change) => ({ ...change, outcome: 'unknown' }));
    case 'command': {
      const count = (commands.get(event.index)?.count ?? 0) + 1;
      commands.set(event.index, { count, text: event.command });
      return report;
    }
    case 'output':
      return withChange(report, event.index, (change) => {
        return { ...change, output: (change.output + event.text).slice(-OUTPUT_KEPT) };
      });
    case 'end':
      return endChange(report, event, planned, commands);
    case 'finished':
      return finishRun(report, event);
    default:
      return event satisfies never;
  }
}

function endChange(
  report: HostReport,
  event: Extract<RunEvent, { is: 'end' }>,
  planned: HostPlan,
  commands: Commands,
): HostReport {
  const change = planned.changes[event.index];
  const last = commands.get(event.index);
  const outcome = event.status === 0 ? succeededAs(change, last !== undefined) : 'failed';
  return withChange(report, event.index, (one) => ({
    ...one,
    outcome,
    seconds: event.seconds,
    reason: change && event.status !== 0 ? stepReason(change, one, event.status, last) : null,
  }));
}

/** A change whose steps were left out because the host was already as wanted is skipped, not applied. */
function succeededAs(change: Change | undefined, ran: boolean): Outcome {
  return ran || change?.steps.length === 0 ? 'applied' : 'skipped';
}

function stepReason(
  change: Change,
  report: ChangeReport,
  status: number,
  last: { readonly count: number; readonly text: string } | undefined,
): Reason {
  const command = change.steps.flatMap(commandsOf)[(last?.count ?? 1) - 1];
  const output = report.output.trim();
  if (command && 'settle' in command) {
    return {
      code: 'UNIT_FAILED',
      message: `${command.settle} did not stay up for ${command.seconds} s`,
      evidence: { command: `systemctl status ${command.settle}`, journal: output },
    };
  }
  const evidence = { command: last?.text ?? '', status, output };
  return { code: 'STEP_FAILED', message: `${change.ref}: a command ended with status ${status}`, evidence };
}

function finishRun(report: HostReport, event: Extract<RunEvent, { is: 'finished' }>): HostReport {
  switch (event.outcome) {
    case 'done':
      return { ...report, outcome: 'done' };
    case 'refused':
      return { ...report, outcome: 'refused', reason: event.reason };
    case 'failed': {
      const failed = report.changes.find((change) => change.outcome === 'failed');
      return { ...report, outcome: 'failed', reason: failed?.reason ?? event.reason };
    }
    case 'broken':
      return { ...report, outcome: 'unknown', reason: event.reason };
    default:
      return event.outcome satisfies never;
  }
}

function withChange(
  report: HostReport,
  index: number,
  edit: (change: ChangeReport) => ChangeReport,
): HostReport {
  return { ...report, changes: report.changes.map((change, at) => (at === index ? edit(change) : change)) };
}
