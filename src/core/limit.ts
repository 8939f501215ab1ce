// How long a run may take before its host takes it for hung and ends it. Pure.
import { CONFIRM_WITHIN } from './guard.ts';
import type { Step } from './step.ts';

/** Whatever its steps say: most have no limit of their own, such as what apt does. */
const LEAST = 4 * 3600;

/** What steps without a limit may add to those that have one. */
const MARGIN = 3600;

/** A unit may take its time before it settles. */
export const SETTLE_MORE = 90;

interface Stepped {
  readonly steps: readonly Step[];
}

/** What is run on a host, or planned to be. */
export interface Limited {
  readonly changes: readonly Stepped[];
  readonly duties?: readonly Stepped[] | undefined;
}

/** Seconds. A declared limit, however long, is never cut short by that of the run. */
export function runLimit({ changes, duties = [] }: Limited): number {
  const seconds = [...changes, ...duties].flatMap(({ steps }) => steps).map(secondsOf);
  return Math.max(
    LEAST,
    seconds.reduce((sum, each) => sum + each, MARGIN + CONFIRM_WITHIN),
  );
}

function secondsOf(step: Step): number {
  if (step.do === 'run') return step.limit ?? 0;
  if (step.do === 'check') return step.within;
  return step.do === 'settle' ? step.seconds + SETTLE_MORE : 0;
}
