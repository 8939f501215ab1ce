// Confirms the guarded changes of a run over a session that was opened for it: a new connection, a new login, and sudo.
import type { Confirm } from '../core/run.ts';
import { HostFailure } from '../core/reason.ts';
import { formatAssignments } from './compile.ts';
import { runScript } from './place.ts';
import { CONFIRM_TEXT, GUARD_TEXT } from './texts.ts';

/** Seconds. */
const LIMIT = 30;

export function createConfirm(): Confirm {
  return async (session, run) => {
    const { host, state } = session.target;
    const values = formatAssignments({ STATE: state, RUN: run, UNIT_OF_SYSTEMD: '' });
    const words = (await runScript(session, values + GUARD_TEXT + CONFIRM_TEXT, LIMIT)).trim();
    switch (words) {
      case 'KEPT':
        return 'kept';
      case 'NOT-YET':
        return 'not-yet';
      case 'PUT-BACK':
        return 'put-back';
      default:
        throw new HostFailure({
          code: 'READ_FAILED',
          message: `${host}: run ${run} could not be confirmed`,
          evidence: { output: words },
        });
    }
  };
}
