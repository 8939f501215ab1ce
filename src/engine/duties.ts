// What a run does around its changes: which hooks and checks a plan holds for a host, and how a report begins with them. Pure.
import { commandsOf, formatCommand } from '../core/step.ts';
import type { Change, Duty, HostPlan } from '../core/plan.ts';
import type { Ledger, LedgerLine } from '../core/ledger.ts';
import type { ChangeReport } from '../core/report.ts';
import type { RunDuty } from '../core/run.ts';
import type { Step } from '../core/step.ts';
import { fillKeeping, isKeeping, keptChanges, keptLines } from './keeping.ts';

/** Those of the stacks that change here. Checks watch the units that the stack keeps up, so that a crash loop is seen. */
export function dutiesFor(duties: readonly Duty[], changes: readonly Change[]): readonly Duty[] {
  return duties
    .filter(({ stack }) => changes.some((change) => change.stack === stack))
    .flatMap((duty) => (isKeeping(duty) ? fillKeeping(duty, changes) : [duty]))
    .map((duty) => {
      const settled = changes.filter(({ stack }) => stack === duty.stack).flatMap(({ steps }) => steps);
      const checked = duties.filter(({ stack }) => stack === duty.stack).flatMap(({ steps }) => steps);
      const units = [...new Set([...settled, ...checked].flatMap(unitOf))];
      return { ...duty, steps: duty.steps.map((step) => watching(step, units)) };
    });
}

/** In the order of the indexes of a run: they come after its changes. `failed`: what the ledger is told when one fails. */
export function runDuties(
  { duties = [], changes }: HostPlan,
  ledger: Ledger,
  { run, at }: { readonly run: string; readonly at: string },
  failed: (duty: Duty) => LedgerLine | undefined,
): readonly RunDuty[] {
  return duties.map((duty) => {
    const { ref, when, steps, stack } = duty;
    const kept = keptChanges(stack, changes);
    const back = isKeeping(duty, true) ? keptLines(kept, ledger, at) : [];
    // Where all of the stack is as it was, its checks are due as they were.
    const whole =
      back.length > 0 && kept.length === changes.filter((change) => change.stack === stack).length;
    const mark: LedgerLine = ledger.unproven.get(stack) ?? { proven: stack, run };
    const lines = whole ? [...back, mark] : back;
    const line = failed(duty);
    return {
      ref,
      when,
      steps,
      ...(lines.length === 0 ? {} : { ledger: lines }),
      ...(line ? { failed: line } : {}),
    };
  });
}

/** What it does or looks for, in words. */
export function dutyWords({ steps }: Duty): string {
  const words = steps.flatMap(commandsOf).map((command) => formatCommand(command).replace(/^# then /, ''));
  return words.join(', ');
}

export function startDuties({ duties = [] }: HostPlan): readonly ChangeReport[] {
  return duties.map(({ ref, when }) => {
    return { ref, duty: when, outcome: 'not-started', seconds: null, output: '', reason: null };
  });
}

function unitOf(step: Step): readonly string[] {
  if (step.do === 'settle') return [step.unit];
  return step.do === 'check' && step.probe.is === 'unit' ? [step.probe.unit] : [];
}

/** What is measured before the changes may be broken, and be what the changes are to mend. */
function watching(step: Step, units: readonly string[]): Step {
  return step.do === 'check' && step.probe.is !== 'measure' ? { ...step, watch: [...units] } : step;
}
