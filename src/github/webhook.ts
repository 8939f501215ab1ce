// The webhook route: read, verify, store, answer. A delivery is acknowledged only when it is on disk, and then in
// milliseconds; the work is the inbox's. Nothing of a request is looked at before its signature was verified.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { verify } from '@octokit/webhooks-methods';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Deliveries } from '../store/deliveries.ts';
import { EventName } from './events.ts';

export interface WebhookOptions {
  readonly path: string;
  readonly secret: string;
  readonly deliveries: Deliveries;
  /** Called when there is a new delivery. */
  readonly wake: () => void;
  /** Whether this server takes work. */
  readonly ready: () => boolean;
  readonly log: Logger;
}

export function createListener(
  options: WebhookOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(options, request)
      .catch((error: unknown): Answer => {
        options.log.error({ err: error }, 'a request could not be answered');
        return { status: 500, code: 'STORE_FAILED' };
      })
      .then((given) => send(request, response, given))
      .catch((error: unknown) => options.log.warn({ err: error }, 'an answer could not be sent'));
  };
}

/** GitHub's own limit: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap */
const MAX_BODY = 25 * 1024 * 1024;

const Headers = z.object({
  'x-github-delivery': z.string().regex(/^[\w-]{8,100}$/),
  'x-github-event': z.string().regex(/^[a-z_]{1,50}$/),
});

const Envelope = z.object({
  ref: z.string().optional(),
  repository: z.object({ id: z.number().optional(), full_name: z.string() }).optional(),
  pull_request: z
    .object({ number: z.number(), merged: z.boolean().optional(), base: z.object({ ref: z.string() }) })
    .optional(),
});
type Envelope = z.infer<typeof Envelope>;

interface Answer {
  readonly status: number;
  readonly code: string;
}

async function answer(options: WebhookOptions, request: IncomingMessage): Promise<Answer> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/healthz' && request.method === 'GET') {
    return options.ready() ? { status: 200, code: 'ok' } : { status: 503, code: 'not ready' };
  }
  if (pathname !== options.path) return { status: 404, code: 'NOT_FOUND' };
  if (request.method !== 'POST') return { status: 405, code: 'POST_ONLY' };
  const body = await readBody(request);
  if (body === undefined) return { status: 413, code: 'BODY_TOO_LARGE' };
  const signature = request.headers['x-hub-signature-256'];
  if (typeof signature !== 'string' || signature === '') return { status: 401, code: 'SIGNATURE_MISSING' };
  if (body === '' || !(await verify(options.secret, body, signature)))
    return { status: 401, code: 'SIGNATURE_WRONG' };
  return keep(options, request, body);
}

async function keep(
  { deliveries, wake, log }: WebhookOptions,
  request: IncomingMessage,
  body: string,
): Promise<Answer> {
  const headers = Headers.safeParse(request.headers);
  if (!headers.success) return { status: 400, code: 'HEADERS_MISSING' };
  const { 'x-github-delivery': guid, 'x-github-event': event } = headers.data;
  const envelope = Envelope.safeParse(parseJson(body));
  if (!envelope.success) return { status: 400, code: 'BODY_NOT_A_DELIVERY' };
  if (!EventName.safeParse(event).success) return { status: 202, code: 'ignored' };
  const was = await deliveries.put({
    guid,
    event,
    payload: body,
    group: groupOf(event, guid, envelope.data),
  });
  log.info({ id: guid, event, was }, 'delivery');
  if (was !== 'known') wake();
  return { status: 202, code: was === 'known' ? 'known already' : 'accepted' };
}

/**
 * What must happen in order: the events of a pull request, and the merges and pushes of a branch. A comment waits
 * for nothing, so that its first sign of life comes at once; what it asks for takes its own turn. A repository goes by
 * its id, so that a new name is no new order.
 */
function groupOf(event: string, guid: string, { repository, pull_request: pull, ref }: Envelope): string {
  const repo = repository?.id ?? repository?.full_name ?? '';
  if (pull?.merged === true) return `${repo}@refs/heads/${pull.base.ref}`;
  if (pull) return `${repo}#${pull.number}`;
  return event === 'push' && ref !== undefined ? `${repo}@${ref}` : guid;
}

/** undefined when it is too large; what is left of it is not read. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, code }: Answer): void {
  // A body that was not read to its end cannot be followed by another request.
  if (status === 413) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(status < 400 ? { status: code } : { error: code })}\n`);
  if (status === 413) request.resume();
}
