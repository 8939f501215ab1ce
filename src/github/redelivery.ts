// GitHub sends a delivery once and never again by itself; what did not arrive here is asked for again.
// https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
import type { ProbotOctokit } from 'probot';
import type { Logger } from 'pino';
import type { Deliveries } from '../store/deliveries.ts';

export interface Sweep {
  /** Octokit as the App itself. */
  readonly octokit: ProbotOctokit;
  readonly deliveries: Deliveries;
  readonly log: Logger;
}

/** Looks at what GitHub sent most recently and asks again for what it could not deliver. Answers with how many. */
export async function askAgain({ octokit, deliveries, log }: Sweep): Promise<number> {
  const { data } = await octokit.rest.apps.listWebhookDeliveries({ per_page: 100 });
  const byGuid = Map.groupBy(data, (sent) => sent.guid);
  const known = await deliveries.known([...byGuid.keys()]);
  const lost = [...byGuid].filter(
    ([guid, sent]) =>
      !known.has(guid) &&
      sent.length <= MAX_ATTEMPTS &&
      sent.every(({ status_code: status }) => status < 200 || status > 299),
  );
  for (const [guid, [newest]] of lost) {
    if (!newest) continue;
    log.warn({ id: guid, event: newest.event }, 'a delivery that did not arrive is asked for again');
    await octokit.rest.apps.redeliverWebhookDelivery({ delivery_id: newest.id });
  }
  return lost.length;
}

const MAX_ATTEMPTS = 3;
