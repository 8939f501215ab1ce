// The wish of a person that a deploy stops: passed on to a host on which the run goes on, and what is said of one that it
// had not reached. The host itself stops between two changes; nothing but a check is ever broken off.
import type { Session } from '../core/host.ts';
import type { Reason } from '../core/reason.ts';
import type { Cancel } from '../core/run.ts';

export interface CancelWish {
  /** Aborted, with the login of who asked as its reason, when somebody wants the deploy to stop. */
  readonly wish?: AbortSignal | undefined;
  readonly cancel: Cancel;
  connect(): Promise<Session>;
  /** Resolves after so many milliseconds. */
  wait(milliseconds: number): Promise<void>;
}

/** Between two tries to ask a host, in milliseconds. */
const PAUSE = 2000;

/** Waits for the wish and asks the host until it has taken it, or until the run has ended. Never rejects. */
export async function passOnCancel(host: CancelWish, run: string, ended: AbortSignal): Promise<void> {
  const { wish } = host;
  if (!wish) return;
  await firstOf(wish, ended);
  while (!ended.aborted) {
    if (await ask(host, run, String(wish.reason)).catch(() => false)) return;
    await host.wait(PAUSE);
  }
}

/** A host on which nothing was begun when the wish came. */
export function notBegun(host: string, wish: AbortSignal): Reason {
  const message = `${host}: cancelled by ${String(wish.reason)} before anything was begun there`;
  return { code: 'RUN_CANCELLED', message };
}

async function ask(host: CancelWish, run: string, by: string): Promise<boolean> {
  const session = await host.connect();
  try {
    return await host.cancel(session, run, by);
  } finally {
    session.close();
  }
}

async function firstOf(...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals]);
  if (any.aborted) return;
  await new Promise<void>((resolve) => any.addEventListener('abort', () => resolve(), { once: true }));
}
