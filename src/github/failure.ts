// What went wrong outside of any plan, as a reason that people can act on, and as the words of a check run.
import { HostFailure, REASONS } from '../core/reason.ts';
import type { Reason } from '../core/reason.ts';
import { renderReason, renderWhoAndNext } from '../render/reason.ts';
import type { CheckOutput, OpenCheck } from './checks.ts';
import { statusOf } from './http-status.ts';
import type { GithubWorld } from './repo.ts';

/** `delivery` is the id that the log has; it is named where only the log can help. */
export function reasonOf(error: unknown, delivery: string): Reason {
  if (error instanceof HostFailure) return error.reason;
  const status = statusOf(error);
  if (status !== undefined && error instanceof Error) {
    return { code: 'GITHUB_FAILED', message: `GitHub answered ${status}: ${error.message.slice(0, 300)}` };
  }
  return { code: 'BUG', message: `Ashore failed while handling ${delivery}; its log says where` };
}

/** A check run that says why there is nothing better to show. */
export function explainReasons(reasons: readonly Reason[], plan?: string): CheckOutput {
  const [first] = reasons;
  const paragraphs = reasons.flatMap((reason) => [renderReason(reason), renderWhoAndNext(reason, plan)]);
  return { title: first ? REASONS[first.code].what : 'Nothing to say', summary: paragraphs.join('\n\n') };
}

/** Ends a check run by what went wrong, and so whoever asked is told; unless the same is tried again: then it stays open and says that. */
export async function failCheck(
  { patience, store }: GithubWorld,
  check: OpenCheck,
  error: unknown,
  delivery: string,
): Promise<void> {
  const reason = reasonOf(error, delivery);
  if (!patience.willRetry(delivery, error)) {
    await check.finish('failure', explainReasons([reason]));
    return store.deliveries.tell(delivery);
  }
  showRetry(check, reason);
}

export function showRetry(check: OpenCheck, reason: Reason): void {
  const summary = `${renderReason(reason)}\n\nIt is tried again by itself; nothing has to be done.`;
  check.update({ title: 'GitHub fails; tried again later', summary });
}
