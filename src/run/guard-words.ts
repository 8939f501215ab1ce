// Why guarded changes ended as they did, in words, from what the journal said. Pure.
import type { Reason } from '../core/reason.ts';

/** `failed` is what failed first, where something did; what putting back printed is not its evidence. */
export function explainPutBack(
  host: string,
  why: string,
  failed: Reason | undefined,
  output: string,
): Reason {
  if (why === 'failed' && failed)
    return { ...failed, code: 'PUT_BACK', message: `${failed.message}; the old state is back` };
  const message = `${host}: ${WHYS.get(why) ?? why}; the old state is back`;
  return { code: 'PUT_BACK', message, evidence: { output: output.trim() } };
}

export function explainTorn(host: string, why: string, output: string): Reason {
  const message =
    why === 'kept'
      ? `${host}: the guarded changes are done and confirmed, and stay; the run ended before it could record them or go on`
      : `${host}: guarded changes should have been put back, and not all of it could be`;
  return { code: 'RUN_LOST', message, evidence: { output: output.trim() } };
}

/** undefined: it was something else. */
export function explainUnkept(host: string, code: string, output: string): Reason | undefined {
  const what = UNKEPT.get(code);
  return what === undefined
    ? undefined
    : { code: 'STEP_FAILED', message: `${host}: ${what}`, evidence: { output: output.trim() } };
}

const WHYS: ReadonlyMap<string, string> = new Map([
  ['unconfirmed', 'no new connection came about in time'],
  ['cancelled', 'the deploy was cancelled before all that is guarded was done'],
  ['full', 'no room was left for the journal of the run before all that is guarded was done'],
  ['stopped', 'the run was told to stop before a new connection confirmed that we still get in'],
  ['lost', 'the run ended before a new connection confirmed that we still get in'],
]);

const UNKEPT: ReadonlyMap<string, string> = new Map([
  ['unsaved', 'what the guarded changes touch could not be saved; nothing of it was changed'],
  ['unrecorded', 'the guarded changes are done and confirmed, and the ledger could not be written'],
  ['unmarked', 'nothing was changed, because the ledger could not be written'],
  ['unproven', 'all is done and the checks held, and the ledger could not be written'],
]);
