// Follows the run of one host to its end, over as many connections as that takes, and confirms what it did under guard.
// The host goes on alone when a connection breaks; its journal is then read from the start over a new one.
import type { CarryOut, Confirm, HostRun, RunEvent } from '../core/run.ts';
import type { Session } from '../core/host.ts';
import type { HostPlan } from '../core/plan.ts';
import { HostFailure } from '../core/reason.ts';
import type { Reason } from '../core/reason.ts';
import type { HostReport } from '../core/report.ts';
import { followRun, startReport } from './progress.ts';

export interface FollowHost {
  /** A fresh connection; called again when one breaks. */
  connect(): Promise<Session>;
  carryOut: CarryOut;
  confirm: Confirm;
  /** Resolves after so many milliseconds. */
  wait(milliseconds: number): Promise<void>;
  /** Seconds of pauses for a host that does not answer in the middle of a run, as while it boots; ten minutes unless given. */
  readonly patience?: number | undefined;
}

export interface Followed {
  readonly run: HostRun;
  readonly planned: HostPlan;
  /** The host has the run already: it is followed, and never begun again. */
  readonly begun: boolean;
}

export interface Progress {
  report: HostReport;
  readonly emit: (report: HostReport) => void;
}

/** The session over which the end was seen. A HostFailure when the end could not be seen. */
export async function followToTheEnd(
  first: Session,
  { run, planned, begun }: Followed,
  host: FollowHost,
  progress: Progress,
): Promise<Session> {
  const watch: Watch = { known: begun, over: false, confirming: undefined, tried: undefined };
  const onEvent = (report: HostReport): void => {
    progress.report = report;
    progress.emit(report);
  };
  let session = first;
  try {
    for (const pause of [...pausesOf(host), undefined]) {
      try {
        const events = watchOver(host.carryOut(session, run, watch.known), run.run, host, watch);
        const report = await followRun(events, planned, startReport(planned), onEvent);
        onEvent(withTried(report, watch.tried));
        return session;
      } catch (error) {
        if (!mayGoOn(error) || pause === undefined) throw error;
        if (error instanceof HostFailure) watch.tried = error.reason;
        session.close();
        await host.wait(pause);
        session = await host.connect().catch(() => session);
      }
    }
    return session;
  } catch (error) {
    session.close();
    throw error;
  } finally {
    watch.over = true;
    await watch.confirming;
  }
}

/** A connection to a host that may be on its way up again. */
export async function connectPatiently(host: FollowHost): Promise<Session> {
  for (const pause of pausesOf(host)) {
    try {
      return await host.connect();
    } catch (error) {
      if (!mayGoOn(error)) throw error;
      await host.wait(pause);
    }
  }
  return host.connect();
}

/** Milliseconds: short at first, because most of what breaks is back at once. */
const FIRST_PAUSES = [500, 1000, 2000, 5000, 10_000];
const LATER_PAUSE = 15_000;
const PATIENCE = 600;

function pausesOf({ patience = PATIENCE }: FollowHost): readonly number[] {
  const first = FIRST_PAUSES.reduce((sum, pause) => sum + pause, 0);
  const more = Math.max(0, Math.ceil((patience * 1000 - first) / LATER_PAUSE));
  return [...FIRST_PAUSES, ...Array.from({ length: more }, () => LATER_PAUSE)];
}

/** A journal that is gone does not come back, nor does a host become another one by waiting. */
function mayGoOn(error: unknown): boolean {
  if (!(error instanceof HostFailure)) return false;
  const { code } = error.reason;
  return code !== 'RUN_LOST' && code !== 'HOST_KEY_MISMATCH' && code !== 'HOST_NOT_PERMITTED';
}

interface Watch {
  /** Something of the run was seen on the host. */
  known: boolean;
  over: boolean;
  confirming: Promise<void> | undefined;
  /** Why the last attempt to confirm did not come about. */
  tried: Reason | undefined;
}

async function* watchOver(
  events: AsyncIterable<RunEvent>,
  run: string,
  host: FollowHost,
  watch: Watch,
): AsyncGenerator<RunEvent> {
  for await (const event of events) {
    watch.known = true;
    if (event.is === 'awaiting') watch.confirming ??= confirmAnew(run, host, watch);
    yield event;
  }
}

/** Milliseconds between two attempts. */
const CONFIRM_PAUSE = 2000;

/** Over new connections only: that the one at hand still stands proves nothing. Ends with the run at the latest. */
async function confirmAnew(run: string, host: FollowHost, watch: Watch): Promise<void> {
  while (!watch.over) {
    try {
      const session = await host.connect();
      const answer = await host.confirm(session, run).finally(() => session.close());
      if (answer !== 'not-yet') return;
    } catch (error) {
      watch.tried = error instanceof HostFailure ? error.reason : { code: 'BUG', message: String(error) };
    }
    if (!watch.over) await host.wait(CONFIRM_PAUSE);
  }
}

function withTried(report: HostReport, tried: Reason | undefined): HostReport {
  if (report.outcome !== 'put-back' || !report.reason || !tried) return report;
  const { evidence = {}, ...reason } = report.reason;
  const words = [`a new connection was tried: ${tried.code}: ${tried.message}`, evidence.output ?? ''];
  return { ...report, reason: { ...reason, evidence: { ...evidence, output: words.join('\n').trim() } } };
}
