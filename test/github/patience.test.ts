// What GitHub's answers mean for when it may be asked again.
import { expect, it } from 'vitest';
import { retryAfter } from '../../src/github/patience.ts';

const NOW = new Date('2026-11-22T12:00:00.000Z');
const reset = (seconds: number): string => String(NOW.getTime() / 1000 + seconds);

/** As Octokit's RequestError is. */
function refused(status: number, headers: Readonly<Record<string, string>> = {}, message = 'no'): Error {
  return Object.assign(new Error(message), { status, response: { status, url: '', headers, data: {} } });
}

it.each<[string, unknown, number | undefined]>([
  ['502', refused(502), 0],
  ['no answer at all', Object.assign(new Error('read ECONNRESET'), { status: 500 }), 0],
  ['a secondary limit', refused(403, { 'retry-after': '30' }), 30_000],
  ['a secondary limit without a time', refused(403, {}, 'You have exceeded a secondary rate limit.'), 60_000],
  ['a primary limit', refused(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset(90) }), 91_000],
  [
    'a primary limit that is over',
    refused(429, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset(-5) }),
    1000,
  ],
  ['429 without a word', refused(429), 60_000],
  ['a permission that is not there', refused(403, { 'x-ratelimit-remaining': '4999' }), undefined],
  ['not found', refused(404), undefined],
  ['not taken', refused(422), undefined],
  ['a bug of our own', new TypeError('x is not a function'), undefined],
  [
    'several handlers, all of them so',
    new AggregateError([refused(502), refused(403, { 'retry-after': '7' })]),
    7000,
  ],
  ['several handlers, one of them a bug', new AggregateError([refused(502), new Error('x')]), undefined],
])('%s', (_, error, expected) => {
  expect(retryAfter(error, NOW)).toBe(expected);
});
