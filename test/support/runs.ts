// Runs for tests: the short way to write one, and to follow it to its end.
import { sha256 } from '../../src/core/json.ts';
import type { LedgerLine } from '../../src/core/ledger.ts';
import type { Session } from '../../src/core/host.ts';
import type { CarryOut, HostRun, RunEvent } from '../../src/core/run.ts';
import type { Step } from '../../src/core/step.ts';

export function ledgerLine(ref: string): LedgerLine {
  const at = '2026-11-22T15:00:00.000Z';
  const who = { stack: 'shop', commit: 'c0ffee', plan: 'abc', run: 'r1', by: 'alice', at };
  return { ref, want: sha256(ref), origin: 'created', ...who };
}

/** One change for each list of steps, named `command/0`, `command/1`, … */
export function hostRun(
  run: string,
  changes: readonly (readonly Step[])[],
  ledger: Uint8Array | string = '',
): HostRun {
  return {
    run,
    plan: sha256('plan'),
    commit: 'c0ffee',
    by: 'alice',
    ledger: sha256(ledger),
    changes: changes.map((steps, index) => ({
      ref: `command/${index}`,
      steps,
      ledger: ledgerLine(`command/${index}`),
    })),
  };
}

export function sh(text: string, ...args: readonly string[]): Step {
  return { do: 'run', argv: ['sh', '-c', text, 'sh', ...args] };
}

export interface Followed {
  readonly events: readonly RunEvent[];
  readonly finished: Extract<RunEvent, { is: 'finished' }>;
  /** All output of a change. */
  readonly output: (index: number) => string;
  /** Status of a change; undefined when it did not end. */
  readonly status: (index: number) => number | undefined;
}

export async function follow(
  events: AsyncIterable<RunEvent>,
  see: (event: RunEvent) => unknown = () => undefined,
): Promise<Followed> {
  const all: RunEvent[] = [];
  for await (const event of events) {
    all.push(event);
    await see(event);
  }
  const finished = all.find((event) => event.is === 'finished');
  if (!finished) throw new Error(`a run without an end: ${JSON.stringify(all)}`);
  return {
    events: all,
    finished,
    output: (index) =>
      all.map((event) => (event.is === 'output' && event.index === index ? event.text : '')).join(''),
    status: (index) => {
      for (const event of all) if (event.is === 'end' && event.index === index) return event.status;
      return undefined;
    },
  };
}

export function followRun(carryOut: CarryOut, session: Session, run: HostRun): Promise<Followed> {
  return follow(carryOut(session, run));
}
