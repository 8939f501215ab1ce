// Why a change, a hook or a check failed, in words, from what it printed last. Pure.
import type { HostRun, RunChange, RunDuty } from '../core/run.ts';
import type { Reason, ReasonCode } from '../core/reason.ts';
import { commandsOf, formatCommand } from '../core/step.ts';

/** What the journal said so far: the newest command, and what it printed. */
interface Heard {
  readonly run: HostRun;
  readonly command: string;
  readonly output: string;
}

export function explainFailed(
  { command, output, run }: Heard,
  index: number | undefined,
  status: number | null,
): Reason {
  const { ref, steps } = (index === undefined ? undefined : doneAt(run, index)) ?? { ref: '', steps: [] };
  const last = steps.flatMap(commandsOf).find((one) => formatCommand(one) === command);
  if (last && 'check' in last) return explainCheck(ref, last.watch, output, status);
  if (last && 'settle' in last) {
    const { said, rest } = firstLine(output.replace(WAITING, ''));
    const evidence = { command: `systemctl status ${last.settle}`, journal: rest };
    return { code: 'UNIT_FAILED', message: `${ref}: ${said}`, evidence };
  }
  const duty = (run.duties ?? [])[(index ?? 0) - run.changes.length];
  const kept = duty?.when === 'before' ? '; nothing was changed, and what ran before still runs' : '';
  const message = `${ref}: a command ended with status ${status}${kept}`;
  const evidence = { command, status, output: output.trim() };
  return { code: duty ? 'HOOK_FAILED' : 'STEP_FAILED', message, evidence };
}

export function doneAt({ changes, duties = [] }: HostRun, index: number): RunChange | RunDuty | undefined {
  return changes[index] ?? duties[index - changes.length];
}

/** The statuses of check.sh. */
const CHECK_CODES: ReadonlyMap<number, ReasonCode> = new Map([
  [61, 'HEALTH_SILENT'],
  [62, 'HEALTH_WRONG'],
  [63, 'UNIT_FAILED'],
  [64, 'CRASH_LOOP'],
  [65, 'BAKE_FAILED'],
]);

function explainCheck(ref: string, watch: readonly string[], output: string, status: number | null): Reason {
  const { said, rest } = firstLine(output.slice(Math.max(0, output.search(VERDICT))));
  // The ref says what was looked for, and so does the verdict.
  const words = ref.slice(ref.indexOf(': ') + 2);
  const message = said.startsWith(words) ? `${ref}${said.slice(words.length)}` : `${ref}: ${said}`;
  const at = rest.search(/^the journal of /m);
  const seen = (at < 0 ? rest : rest.slice(0, at)).trim();
  const evidence = {
    ...(watch.length === 0 ? {} : { command: `systemctl status ${watch.join(' ')}` }),
    ...(seen === '' ? {} : { output: seen }),
    ...(at < 0 ? {} : { journal: rest.slice(at) }),
  };
  return { code: CHECK_CODES.get(status ?? 0) ?? 'HEALTH_WRONG', message, evidence };
}

/** Before its verdict a look at a unit tells how it waits. */
const WAITING = /^(?:waiting: .*\n)+/;

/** Before its verdict a check tells how it waits. */
const VERDICT = /^(?!waiting: ).*\(\d+ s of \d+ s\)$/m;

function firstLine(output: string): { readonly said: string; readonly rest: string } {
  const [said = '', ...rest] = output.trim().split('\n');
  return { said, rest: rest.join('\n') };
}
