// Asks a run that goes on to stop before its next change, over a connection of its own. What runs is finished.
import type { Cancel } from '../core/run.ts';
import { HostFailure } from '../core/reason.ts';
import { formatAssignments } from './compile.ts';
import { runScript } from './place.ts';
import { CANCEL_TEXT } from './texts.ts';

/** Seconds. */
const LIMIT = 30;

export function createCancel(): Cancel {
  return async (session, run, by) => {
    const { host, state } = session.target;
    const values = { STATE: state, RUN: run, BY: by.replace(/\s+/g, ' ') };
    const words = (await runScript(session, formatAssignments(values) + CANCEL_TEXT, LIMIT)).trim();
    if (words === 'ASKED') return true;
    if (words === 'GONE') return false;
    const evidence = { output: words };
    const message = `${host}: run ${run} could not be asked to stop`;
    throw new HostFailure({ code: 'READ_FAILED', message, evidence });
  };
}
