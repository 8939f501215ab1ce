// Octokit as the server uses it: every request ends in time, and its plugins wait for GitHub only as long as a person
// would. The throttling plugin alone would wait out any limit, an hour with a delivery in its hands.
import { ProbotOctokit } from 'probot';
import { statusOf } from './http-status.ts';

export class TimedOctokit extends ProbotOctokit {
  constructor(options: ConstructorParameters<typeof ProbotOctokit>[0] = {}) {
    super({
      ...options,
      throttle: { ...options['throttle'], onRateLimit: mayWait, onSecondaryRateLimit: mayWait },
      // The retry plugin knows nothing of retry-after; limits are the throttling plugin's.
      retry: { ...options['retry'], doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451] },
    });
  }
}

/** Gives up a request that has no answer: undici would wait for five minutes, and three times again. */
export const fetchInTime: typeof fetch = (input, init) => {
  const limit = AbortSignal.timeout(ANSWER_WITHIN);
  const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
  return fetch(input, { ...init, signal });
};

/** For what makes something new: when its answer is lost, asking again would make it twice. */
export const ONCE = { retries: 0 } as const;

/** Whether a call that failed may have been carried out all the same. */
export function mayBeDone(error: unknown): boolean {
  return (statusOf(error) ?? 0) >= 500;
}

/** Milliseconds. */
const ANSWER_WITHIN = 30_000;
/** Seconds, and times. */
const LONGEST_WAIT = 90;
const WAITS = 2;

function mayWait(seconds: number, _options: unknown, _octokit: unknown, count: number): boolean {
  return seconds <= LONGEST_WAIT && count < WAITS;
}
