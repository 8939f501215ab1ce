// Plans, reports and events without the secrets of this plan or deploy: everything that comes back from a host passes
// here before anybody is shown it, and before it is stored or logged.
import type { Change, Sighted, HostPlan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import { HostFailure } from '../core/reason.ts';
import type { Redactor } from '../core/redact.ts';
import type { HostReport } from '../core/report.ts';
import type { CarryOut, RunEvent } from '../core/run.ts';
import type { Recorded } from '../core/status.ts';

/** Steps stay as they are: they come from the configuration, hold no value, and are what will be done. */
export function redactPlan({ redact }: Redactor, plan: HostPlan): HostPlan {
  return {
    ...plan,
    changes: plan.changes.map((change) => redactChange(redact, change)),
    blocked: plan.blocked.map((entry) => ({ ...entry, reason: redactReason(redact, entry.reason) })),
    failure: plan.failure && redactReason(redact, plan.failure),
  };
}

/** Anybody with rights on a host may have written into its ledger. */
export function redactRecorded({ redact }: Redactor, all: readonly Recorded[]): readonly Recorded[] {
  return all.map(({ resources, ...words }) => ({
    stack: redact(words.stack),
    commit: redact(words.commit),
    plan: redact(words.plan),
    run: redact(words.run),
    by: redact(words.by),
    at: redact(words.at),
    resources,
  }));
}

export function redactReport({ redact }: Redactor, report: HostReport): HostReport {
  return {
    ...report,
    changes: report.changes.map((change) => ({
      ...change,
      output: redact(change.output),
      reason: change.reason && redactReason(redact, change.reason),
    })),
    reason: report.reason && redactReason(redact, report.reason),
    remaining: report.remaining && report.remaining.map((change) => redactChange(redact, change)),
  };
}

/** Output comes in pieces that may tear a secret in two: what may be the beginning of one waits for the next event. */
export function redactRun(redactor: Redactor, carryOut: CarryOut): CarryOut {
  return async function* (session, run, begun) {
    let waiting: { readonly index: number; readonly text: string } | undefined;
    for await (const event of carryOut(session, run, begun)) {
      const goesOn = event.is === 'output' && event.index === waiting?.index;
      if (waiting && waiting.text !== '' && !goesOn) {
        yield { is: 'output', index: waiting.index, text: redactor.redact(waiting.text) };
      }
      if (event.is === 'output') {
        const before = goesOn && waiting ? waiting.text : '';
        const { said, rest } = redactor.split(before + event.text);
        waiting = { index: event.index, text: rest };
        if (said !== '') yield { ...event, text: said };
        continue;
      }
      waiting = undefined;
      yield redactEvent(redactor, event);
    }
  };
}

/** What nobody expected may say anything. */
export function redactError({ redact }: Redactor, error: unknown): unknown {
  if (error instanceof HostFailure) return new HostFailure(redactReason(redact, error.reason));
  if (!(error instanceof Error)) return new Error(redact(String(error)));
  const clean = new Error(redact(error.message));
  clean.name = error.name;
  if (error.stack !== undefined) clean.stack = redact(error.stack);
  return clean;
}

type Redact = Redactor['redact'];

function redactEvent({ redact }: Redactor, event: Exclude<RunEvent, { is: 'output' }>): RunEvent {
  switch (event.is) {
    case 'begin':
    case 'awaiting':
    case 'confirmed':
      return event;
    case 'command':
      return { ...event, command: redact(event.command) };
    case 'end':
      return event.reason ? { ...event, reason: redactReason(redact, event.reason) } : event;
    case 'finished':
      return { ...event, reason: event.reason && redactReason(redact, event.reason) };
    default:
      return event satisfies never;
  }
}

function redactChange(redact: Redact, change: Change): Change {
  return {
    ...change,
    reason: redact(change.reason),
    notes: change.notes.map(redact),
    ...(change.sighted ? { sighted: redactSighted(redact, change.sighted) } : {}),
    fields: change.fields.map((field) => ({
      ...field,
      before: field.before && redact(field.before),
      after: field.after && redact(field.after),
    })),
  };
}

function redactSighted(redact: Redact, { how, ...sighted }: Sighted): Sighted {
  return { ...sighted, ...(how === undefined ? {} : { how: redact(how) }) };
}

function redactReason(redact: Redact, reason: Reason): Reason {
  const { message, evidence } = reason;
  if (!evidence) return { ...reason, message: redact(message) };
  const { command, output, journal } = evidence;
  return {
    ...reason,
    message: redact(message),
    evidence: {
      ...evidence,
      ...(command === undefined ? {} : { command: redact(command) }),
      ...(output === undefined ? {} : { output: redact(output) }),
      ...(journal === undefined ? {} : { journal: redact(journal) }),
    },
  };
}
