// Gives a run up on a host on which it has not begun: from then on nobody can begin it there, however late they come.
import { randomBytes } from 'node:crypto';
import { HostFailure } from '../core/reason.ts';
import type { GiveUp } from '../core/run.ts';
import { formatAssignments } from './compile.ts';
import { runScript } from './place.ts';
import { GIVE_UP_TEXT } from './texts.ts';

/** Seconds. */
const LIMIT = 30;

export function createGiveUp(): GiveUp {
  return async (session, run) => {
    const { host, state } = session.target;
    const values = { STATE: state, RUN: run, NONCE: randomBytes(8).toString('hex') };
    const words = (await runScript(session, formatAssignments(values) + GIVE_UP_TEXT, LIMIT)).trim();
    if (words === 'BEGUN') return 'begun';
    if (words === 'GIVEN-UP') return 'given-up';
    const evidence = { output: words };
    const message = `${host}: run ${run} could not be kept from beginning there`;
    throw new HostFailure({ code: 'READ_FAILED', message, evidence });
  };
}
