// Adds lines to the ledger outside of a run, under the host's lock, and only to the ledger that was read.
import { formatLedgerLine } from '../core/ledger.ts';
import type { AppendLedger } from '../core/run.ts';
import { HostFailure } from '../core/reason.ts';
import type { Reason } from '../core/reason.ts';
import { formatAssignments } from './compile.ts';
import { runScript } from './place.ts';
import { APPEND_TEXT, LEDGER_TEXT } from './texts.ts';

/** Seconds. */
const LIMIT = 60;

export function createAppendLedger(): AppendLedger {
  return async (session, lines, expected, how = 'after') => {
    if (lines.length === 0) return;
    const { host, state } = session.target;
    const text = lines.map(formatLedgerLine).join('\n');
    const values = { STATE: state, LEDGER: expected, NEW_LINES: text, HOW: how };
    const words = (
      await runScript(session, formatAssignments(values) + LEDGER_TEXT + APPEND_TEXT, LIMIT)
    ).trim();
    if (words === 'ADDED') return;
    throw new HostFailure(explain(host, state, words));
  };
}

function explain(host: string, state: string, words: string): Reason {
  if (words.startsWith('BUSY '))
    return { code: 'HOST_BUSY', message: `${host} is held by ${words.slice(5)}` };
  if (words === 'MOVED') {
    return { code: 'RUN_REFUSED', message: `${host}: the ledger moved since the host was looked at` };
  }
  return {
    code: 'READ_FAILED',
    message: `${host}: ${state}/ledger could not be written`,
    evidence: { output: words },
  };
}
