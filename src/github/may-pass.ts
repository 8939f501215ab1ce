// Whether what failed may go well later: GitHub was at fault, or its limits, or the installation is suspended or gone, and
// may come back. What GitHub will never take, as a reply in a locked conversation, is not tried again.
import { z } from 'zod';
import { statusOf } from './http-status.ts';
import { isTransient } from './patience.ts';

/** The thing written to is gone, or the words are not taken, or we may not. */
const NEVER: ReadonlySet<number> = new Set([403, 404, 410, 422]);

const Asked = z.object({ message: z.string(), request: z.object({ url: z.string() }) });

/** Of what did not come from GitHub nobody knows, so that it may. */
export function mayPass(error: unknown, now: Date): boolean {
  const status = statusOf(error);
  if (status === undefined || !NEVER.has(status) || isTransient(error, now)) return true;
  const { message, request } = Asked.safeParse(error).data ?? {};
  // An App that was removed gets no token: of what is written to that says nothing.
  if (request?.url.endsWith('/access_tokens') === true) return true;
  return status === 403 && message !== undefined && /\bsuspended\b/i.test(message);
}
