// What is said of a request that was taken up and came to no end: there is no check run and no plan to say it in.
import type { Reason } from '../core/reason.ts';
import type { Request } from './comment.ts';
import { code } from './escape.ts';
import { renderReason, renderWhoAndNext } from './reason.ts';

/** Nothing is claimed about hosts: it may have been given up before or behind anything that it was to do. */
export function renderFailed(reason: Reason, request: Request): string {
  return [
    `❌ ${code(request.text)}, asked for by ${code(request.by)}, **came to no end**. A deploy that it had begun by then goes on, and is told in its own check run.`,
    renderReason(reason),
    renderWhoAndNext(reason, request.plan),
  ].join('\n\n');
}
