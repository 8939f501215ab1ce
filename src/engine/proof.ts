// Checks that are due though nothing else is: what was changed counts as deployed, and its checks were not seen to hold. Pure.
// In a plan that is one change without steps, so that it is confirmed, deployed and reported as any other.
import { fingerprint } from '../core/json.ts';
import type { Ledger, LedgerLine, Unproven } from '../core/ledger.ts';
import type { Change, Duty } from '../core/plan.ts';
import type { Where } from '../core/problem.ts';
import type { RunProof } from '../core/run.ts';
import { dutyWords } from './duties.ts';

/** No kind has this name. */
const KIND = 'checks';

type Order = Pick<Unproven, 'commit' | 'plan' | 'run' | 'by' | 'at'>;

/** What is found of them, by ref, as of resources. */
export function unprovenStates({ unproven }: Ledger): ReadonlyMap<string, unknown> {
  return new Map([...unproven].map(([stack, mark]) => [refOf(stack), mark]));
}

/** Of stacks that have duties here and nothing else to do: where they have, their checks are due with that. */
export function planProofs(
  { unproven }: Ledger,
  duties: readonly Duty[],
  changes: readonly Change[],
  stackWhere: (stack: string) => Where | null,
): readonly Change[] {
  return [...unproven.values()]
    .filter(({ unproven: stack }) => duties.some((duty) => duty.stack === stack && proves(duty)))
    .filter(({ unproven: stack }) => !changes.some((change) => change.stack === stack))
    .map((mark) => {
      const { unproven: stack, commit, by, run, at } = mark;
      return {
        ref: refOf(stack),
        stack,
        verb: 'run',
        causes: ['undeployed'],
        reason: explain(mark),
        fields: [],
        steps: [],
        before: fingerprint(mark),
        want: 'held',
        origin: 'created',
        applied: { commit, by, run, at },
        interrupts: [],
        notes: ['hooks and checks of the stack run; nothing else is done'],
        where: stackWhere(stack),
      };
    });
}

/** What the ledger is told around a run, for each stack whose checks are in it. */
export function runProofs(
  duties: readonly Duty[],
  { unproven }: Pick<Ledger, 'unproven'>,
  order: Order,
): readonly RunProof[] {
  const stacks = [...new Set(duties.filter(proves).map(({ stack }) => stack))];
  return stacks.map((stack) => ({
    due: markOf(stack, order),
    held: { proven: stack, run: order.run },
    ...(unproven.has(stack) ? { overdue: stack } : {}),
  }));
}

/** What the ledger is told when a duty fails; a hook that comes before all changes leaves nothing to be proven. */
export function failedLine(duty: Duty, order: Order): LedgerLine | undefined {
  if (!proves(duty)) return undefined;
  const what = duty.when === 'check' ? 'check did not hold' : 'hook failed';
  return { ...markOf(duty.stack, order), failed: `${what}: ${dutyWords(duty)}` };
}

/** The record of the change itself: the checks are still due while it is done. */
export function proofLine({ ref, stack }: Change, order: Order): LedgerLine | undefined {
  return ref === refOf(stack) ? markOf(stack, order) : undefined;
}

function proves({ when }: Duty): boolean {
  return when === 'check' || when === 'after';
}

function markOf(stack: string, { commit, plan, run, by, at }: Order): Unproven {
  return { unproven: stack, commit, plan, run, by, at };
}

function refOf(stack: string): string {
  return `${KIND}/${stack}`;
}

function explain({ failed }: Unproven): string {
  return failed === undefined
    ? 'the last deploy ended before its checks held'
    : `the last deploy’s ${failed}`;
}
