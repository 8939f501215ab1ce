// GitHub sends a delivery once and never again by itself; what did not arrive here is asked for again.
// https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
import type { ProbotOctokit } from 'probot';
import type { Logger } from 'pino';
import type { Deliveries } from '../store/deliveries.ts';
import { isTransient } from './patience.ts';

export interface Sweep {
  /** Octokit as the App itself. */
  readonly octokit: ProbotOctokit;
  readonly deliveries: Deliveries;
  /** Deliveries before this time were looked at earlier. */
  readonly since: Date;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Asks again for what GitHub could not deliver since then. later: of some GitHub could not be asked now, and can be later. */
export async function askAgain({
  octokit,
  deliveries,
  since,
  now,
  log,
}: Sweep): Promise<{ readonly later: boolean }> {
  const byGuid = Map.groupBy(await readSent(octokit, since), (sent) => sent.guid);
  const known = await deliveries.known([...byGuid.keys()]);
  const lost = [...byGuid].filter(
    ([guid, sent]) =>
      !known.has(guid) && sent.length <= MAX_ATTEMPTS && sent.every(hasFailed) && isSince(sent, since),
  );
  let later = false;
  // Oldest first, as they happened.
  for (const [guid, [newest]] of lost.toReversed()) {
    if (!newest) continue;
    log.warn({ id: guid, event: newest.event }, 'a delivery that did not arrive is asked for again');
    try {
      await octokit.rest.apps.redeliverWebhookDelivery({ delivery_id: newest.id });
    } catch (error) {
      log.warn({ err: error, id: guid }, 'GitHub does not send the delivery again');
      later ||= isTransient(error, now());
    }
  }
  return { later };
}

const MAX_ATTEMPTS = 3;

interface Sent {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
  readonly status_code: number;
  readonly delivered_at: string;
}

/** Of the last page, most is older. */
function isSince([newest]: readonly Sent[], since: Date): boolean {
  return newest !== undefined && Date.parse(newest.delivered_at) >= since.getTime();
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
