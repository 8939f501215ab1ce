// A small balancer, and a load that goes through it. A host that does not say that it is ready gets no requests; no
// request is tried twice, so each one that fails is seen.
import { createServer, get } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

export interface Load {
  /** What each request came to so far: the body of the answer, or why there was none. */
  readonly answers: ReadonlyMap<string, number>;
  /** Requests that got another answer than 200. */
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

const BETWEEN_LOOKS = 100;
const BETWEEN_REQUESTS = 25;

/** `backends` are `address:port`. */
export async function startLoad(backends: readonly string[]): Promise<Load> {
  const ready = new Set<string>();
  const ended = new AbortController();
  const watching = backends.map((backend) => watch(backend, ready, ended.signal));
  const handle = pass(backends, ready);
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const own = typeof address === 'object' && address ? `127.0.0.1:${address.port}` : '';
  while (ready.size < backends.length) await wait(BETWEEN_LOOKS);
  const answers = new Map<string, number>();
  const failures: string[] = [];
  const asking = ask(own, ended.signal, ({ status, body }) => {
    if (status !== 200) failures.push(`${new Date().toISOString()} ${status} ${body.trim()}`);
    answers.set(body.trim(), (answers.get(body.trim()) ?? 0) + 1);
  });
  return {
    answers,
    failures,
    stop: async () => {
      ended.abort();
      await Promise.all([asking, ...watching]);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function watch(backend: string, ready: Set<string>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { status } = await fetchOnce(`http://${backend}/ready`);
    if (status === 200) ready.add(backend);
    else ready.delete(backend);
    await wait(BETWEEN_LOOKS);
  }
}

/** One after the other, and a new one also while old ones wait. */
async function ask(own: string, signal: AbortSignal, see: (answer: Answer) => void): Promise<void> {
  const open = new Set<Promise<void>>();
  while (!signal.aborted) {
    const asked = fetchOnce(`http://${own}/`)
      .then(see)
      .finally(() => open.delete(asked));
    open.add(asked);
    await wait(BETWEEN_REQUESTS);
  }
  await Promise.all(open);
}

function pass(backends: readonly string[], ready: ReadonlySet<string>) {
  let turn = 0;
  return async (_: IncomingMessage, response: ServerResponse): Promise<void> => {
    const able = backends.filter((backend) => ready.has(backend));
    const backend = able[turn++ % Math.max(able.length, 1)];
    const { status, body } = backend === undefined ? NOBODY : await fetchOnce(`http://${backend}/`);
    response.writeHead(status === 200 ? 200 : 502);
    response.end(status === 200 ? body : `${backend}: ${status} ${body}`);
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const NOBODY: Answer = { status: 0, body: 'no host is ready' };

/** Status 0: there was no answer. */
async function fetchOnce(url: string): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ status: 0, body: error.message });
    const request = get(url, { agent: false, timeout: 20_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', fail);
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 20 s')));
    request.on('error', fail);
  });
}
