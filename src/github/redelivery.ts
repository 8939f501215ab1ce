// GitHub sends a delivery once and never again by itself; what did not arrive here is asked for again.
// https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
import type { ProbotOctokit } from 'probot';
import type { Logger } from 'pino';
import type { Deliveries } from '../store/deliveries.ts';

export interface Sweep {
  /** Octokit as the App itself. */
  readonly octokit: ProbotOctokit;
  readonly deliveries: Deliveries;
  /** Deliveries before this time were looked at earlier. */
  readonly since: Date;
  readonly log: Logger;
}

/** Asks again for what GitHub could not deliver since then. Answers with how many. */
export async function askAgain({ octokit, deliveries, since, log }: Sweep): Promise<number> {
  const byGuid = Map.groupBy(await readSent(octokit, since), (sent) => sent.guid);
  const known = await deliveries.known([...byGuid.keys()]);
  const lost = [...byGuid].filter(
    ([guid, sent]) => !known.has(guid) && sent.length <= MAX_ATTEMPTS && sent.every(hasFailed),
  );
  // Oldest first, as they happened.
  for (const [guid, [newest]] of lost.toReversed()) {
    if (!newest) continue;
    log.warn({ id: guid, event: newest.event }, 'a delivery that did not arrive is asked for again');
    await octokit.rest.apps.redeliverWebhookDelivery({ delivery_id: newest.id });
  }
  return lost.length;
}

const MAX_ATTEMPTS = 3;

interface Sent {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
  readonly status_code: number;
}

function hasFailed({ status_code: status }: Sent): boolean {
  return status < 200 || status > 299;
}

/** Newest first, a page more than is needed. */
async function readSent(octokit: ProbotOctokit, since: Date): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const pages = octokit.paginate.iterator(octokit.rest.apps.listWebhookDeliveries, { per_page: 100 });
  for await (const { data } of pages) {
    sent.push(...data);
    const last = data.at(-1);
    if (!last || Date.parse(last.delivered_at) < since.getTime()) break;
  }
  return sent;
}
