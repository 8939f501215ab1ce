// GitHub failing: what may pass by itself is tried again, no sooner than GitHub asks for, and in the end it is given up.
// Octokit's own plugins try a call again within seconds; this is for all that lasts longer. A delivery that waits here
// stays in the inbox, so that it is taken up again after a restart.
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import { statusOf } from './http-status.ts';
import type { Slots } from './slots.ts';

export interface Patience {
  /** Does the work of a delivery, again and again while GitHub fails in a way that may pass. */
  readonly persist: (delivery: string, work: () => Promise<void>) => Promise<void>;
  /** Whether the work of this delivery will be tried again after such a failure: then nothing has to be said of it yet. */
  readonly willRetry: (delivery: string, error: unknown) => boolean;
  /** Milliseconds between two tries to say what became of a run. */
  readonly again: number;
}

export interface PatienceOptions {
  /** Milliseconds between the tries; where GitHub names a longer time, that one holds. */
  readonly pauses?: readonly number[];
  readonly again?: number;
  /** Does what is only waiting for a delivery. */
  readonly rest: Slots['rest'];
  readonly now: () => Date;
  readonly log: Logger;
}

export function createPatience({
  pauses = PAUSES,
  again = MINUTE,
  rest,
  now,
  log,
}: PatienceOptions): Patience {
  /** How often each delivery that is at work has failed. */
  const failed = new Map<string, number>();
  const willRetry: Patience['willRetry'] = (delivery, error) =>
    (failed.get(delivery) ?? pauses.length) < pauses.length && isTransient(error, now());
  return {
    again,
    willRetry,
    persist: async (delivery, work) => {
      failed.set(delivery, 0);
      try {
        for (const pause of pauses) {
          const error = await work().then(
            () => undefined,
            (thrown: unknown) => thrown ?? new Error('failed'),
          );
          if (error === undefined) return;
          if (!willRetry(delivery, error)) throw error;
          const asked = retryAfter(error, now()) ?? 0;
          log.warn(
            { err: error, id: delivery, pause: Math.max(pause, asked) },
            'GitHub fails; tried again later',
          );
          failed.set(delivery, (failed.get(delivery) ?? 0) + 1);
          await rest(delivery, () => wait(Math.max(pause, asked)));
        }
        await work();
      } finally {
        failed.delete(delivery);
      }
    },
  };
}

/** Whether GitHub itself was at fault, or its limits, so that the same may go well later. */
export function isTransient(error: unknown, now: Date): boolean {
  return retryAfter(error, now) !== undefined;
}

/**
 * Milliseconds that GitHub asks to wait for, 0 where it names no time; undefined where waiting does not help.
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
 */
export function retryAfter(error: unknown, now: Date): number | undefined {
  if (error instanceof AggregateError) {
    const waits = error.errors.map((each: unknown) => retryAfter(each, now));
    const known = waits.filter((each) => each !== undefined);
    return known.length < waits.length || known.length === 0 ? undefined : Math.max(...known);
  }
  const status = statusOf(error);
  if (status === undefined) return undefined;
  // Octokit gives 500 to what had no answer at all: a connection that was cut, a time-out.
  if (status >= 500) return 0;
  if (status !== 403 && status !== 429) return undefined;
  return limitOf(error, now) ?? (status === 429 ? MINUTE : undefined);
}

const MINUTE = 60_000;
/** Two and a half hours in all; a limit of GitHub's lasts an hour at most. */
const PAUSES = [5000, 30_000, ...[1, 2, 5, 10, 15, 20, 30, 30, 30].map((minutes) => minutes * MINUTE)];

const Limited = z.object({
  message: z.string(),
  response: z.object({ headers: z.record(z.string(), z.unknown()) }),
});

/** A 403 is a limit only where it says so; any other is a permission that is not there. */
function limitOf(error: unknown, now: Date): number | undefined {
  const limited = Limited.safeParse(error);
  if (!limited.success) return undefined;
  const { message, response } = limited.data;
  const { headers } = response;
  const after = Number(headers['retry-after']);
  if (after > 0) return after * 1000;
  const reset = Number(headers['x-ratelimit-reset']) * 1000;
  if (headers['x-ratelimit-remaining'] === '0' && reset > 0) return Math.max(0, reset - now.getTime()) + 1000;
  return /\bsecondary rate limit\b/i.test(message) ? MINUTE : undefined;
}
