// The listener of metrics, on an address of its own: whoever may send webhooks is not who may read these.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';

/** Answers GET /metrics and nothing else. */
export function createMetricsListener(read: () => Promise<string>, log: Logger): RequestListener {
  return (request, response) => {
    answer(request, response, read).catch((error: unknown) => {
      log.error({ err: error }, 'the metrics could not be read');
      response.writeHead(503).end();
    });
  };
}

async function answer(
  { method, url }: IncomingMessage,
  response: ServerResponse,
  read: () => Promise<string>,
): Promise<void> {
  if (method !== 'GET' || url !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  const text = await read();
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
}
