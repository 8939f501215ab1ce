// The webhook route over real HTTP, on a real store: what is let in, what is kept, and what is answered.
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createListener } from '../../src/github/webhook.ts';
import { createLog } from '../../src/log.ts';
import { openStore } from '../../src/store/store.ts';
import type { Store } from '../../src/store/store.ts';

const SECRET = randomBytes(32).toString('hex');
const PATH = '/api/github/webhooks';

let directory: string;
let store: Store;
let server: Server;
let port: number;
let woken: number;
let ready: boolean;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ashore-webhook-'));
  const opened = await openStore({ directory }, { who: 'test', now: () => new Date() });
  if (opened.is === 'locked') throw new Error('locked');
  ({ store } = opened);
  woken = 0;
  ready = true;
  const wake = (): void => void woken++;
  const log = createLog('silent');
  server = createServer(
    createListener({
      path: PATH,
      secret: SECRET,
      deliveries: store.deliveries,
      wake,
      ready: () => ready,
      log,
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

function sign(body: string | Buffer, secret = SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

interface Sent {
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly path?: string;
  readonly method?: string;
}

async function send({ body = '{}', headers = {}, path = PATH, method = 'POST' }: Sent) {
  const all = {
    'x-github-delivery': 'guid-0001',
    'x-github-event': 'push',
    'x-hub-signature-256': sign(body),
    ...headers,
  };
  const given = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const sent = { method, headers: Object.fromEntries(given), ...(method === 'GET' ? {} : { body }) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, sent);
  return [response.status, await response.json()] as const;
}

describe('a delivery', () => {
  it('is kept, and then answered', async () => {
    const payload = JSON.stringify({ ref: 'refs/heads/main', repository: { full_name: 'acme/infra' } });
    expect(await send({ body: payload })).toEqual([202, { status: 'accepted' }]);
    expect(woken).toBe(1);
    const group = 'acme/infra@refs/heads/main';
    expect(await store.deliveries.take()).toEqual({
      guid: 'guid-0001',
      event: 'push',
      payload,
      group,
      attempts: 1,
    });
  });

  it('is kept once, however often it comes', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => send({})));
    expect(all.map(([status]) => status)).toEqual([202, 202, 202, 202, 202]);
    expect(all.filter(([, body]) => JSON.stringify(body) === '{"status":"accepted"}')).toHaveLength(1);
    expect(woken).toBe(1);
  });

  it('is taken again when the former attempt failed', async () => {
    await send({});
    await store.deliveries.take();
    await store.deliveries.end('guid-0001', 'it failed');
    expect(await send({})).toEqual([202, { status: 'accepted' }]);
    expect(woken).toBe(2);
  });

  it('of an event that nobody here acts on is forgotten', async () => {
    expect(await send({ headers: { 'x-github-event': 'ping' } })).toEqual([202, { status: 'ignored' }]);
    expect(await store.deliveries.take()).toBeUndefined();
  });

  const repository = { full_name: 'acme/infra' };
  const pull_request = { number: 7, base: { ref: 'main' } };
  it.each([
    ['pull_request', { repository, pull_request: { ...pull_request, merged: false } }, 'acme/infra#7'],
    [
      'pull_request',
      { repository, pull_request: { ...pull_request, merged: true } },
      'acme/infra@refs/heads/main',
    ],
    ['pull_request_review', { repository, pull_request }, 'acme/infra#7'],
    ['push', { repository, ref: 'refs/heads/main' }, 'acme/infra@refs/heads/main'],
    ['issue_comment', { repository, issue: { number: 7 } }, 'guid-0001'],
    ['check_run', { repository }, 'guid-0001'],
  ])('waits for its own kind only: %s %j', async (event, payload, group) => {
    await send({ body: JSON.stringify(payload), headers: { 'x-github-event': event } });
    expect(await store.deliveries.take()).toMatchObject({ group });
  });
});

describe('a stranger', () => {
  it.each([
    ['without a signature', { headers: { 'x-hub-signature-256': undefined } }, 401, 'SIGNATURE_MISSING'],
    ['with an empty one', { headers: { 'x-hub-signature-256': '' } }, 401, 'SIGNATURE_MISSING'],
    ['with nonsense for one', { headers: { 'x-hub-signature-256': 'sha256=zz' } }, 401, 'SIGNATURE_WRONG'],
    [
      'with another secret',
      { headers: { 'x-hub-signature-256': sign('{}', 'development') } },
      401,
      'SIGNATURE_WRONG',
    ],
    [
      'with the signature of another body',
      { headers: { 'x-hub-signature-256': sign('{ }') } },
      401,
      'SIGNATURE_WRONG',
    ],
    [
      'with an SHA-1 signature',
      { headers: { 'x-hub-signature-256': 'sha1=da39a3ee' } },
      401,
      'SIGNATURE_WRONG',
    ],
    ['with no body', { body: '' }, 401, 'SIGNATURE_WRONG'],
    ['with a body that is no JSON', { body: 'ref=main' }, 400, 'BODY_NOT_A_DELIVERY'],
    ['with a body that is no object', { body: '[]' }, 400, 'BODY_NOT_A_DELIVERY'],
    ['with half a body', { body: '{"repository":{"full_name":"acme' }, 400, 'BODY_NOT_A_DELIVERY'],
    ['without a delivery id', { headers: { 'x-github-delivery': undefined } }, 400, 'HEADERS_MISSING'],
    [
      'with a strange delivery id',
      { headers: { 'x-github-delivery': "'; drop table" } },
      400,
      'HEADERS_MISSING',
    ],
    ['without an event', { headers: { 'x-github-event': undefined } }, 400, 'HEADERS_MISSING'],
    ['at another path', { path: '/' }, 404, 'NOT_FOUND'],
    ['at a path with a query', { path: `${PATH}/x` }, 404, 'NOT_FOUND'],
    ['that only looks', { method: 'GET' }, 405, 'POST_ONLY'],
  ] as const)('%s is refused', async (_, sent: Sent, status, error) => {
    expect(await send(sent)).toEqual([status, { error }]);
    expect(await store.deliveries.take()).toBeUndefined();
    expect(woken).toBe(0);
  });

  it('with a body larger than GitHub sends is refused by its announced length', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: ${26 * 1024 * 1024}\r\n\r\n`);
    expect(await firstLine(socket)).toBe('HTTP/1.1 413 Payload Too Large');
  });

  it('with a body that only turns out to be larger is refused without reading on', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`);
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    const answered = firstLine(socket);
    for (let megabytes = 0; megabytes < 26; megabytes++) socket.write(chunk);
    expect(await answered).toBe('HTTP/1.1 413 Payload Too Large');
  });
});

describe('health', () => {
  it('is ok, and says no more', async () => {
    expect(await send({ path: '/healthz', method: 'GET' })).toEqual([200, { status: 'ok' }]);
  });

  it('is not, while the server takes no work, and says no more', async () => {
    ready = false;
    const answer = await send({ path: '/healthz', method: 'GET' });
    expect(answer).toEqual([503, { error: 'not ready' }]);
  });
});

describe('a store that fails', () => {
  it('is answered as a failure, so that GitHub shows the delivery as lost', async () => {
    await store.close();
    expect(await send({})).toEqual([500, { error: 'STORE_FAILED' }]);
    const opened = await openStore({ directory }, { who: 'test', now: () => new Date() });
    if (opened.is === 'open') ({ store } = opened);
  });
});

async function firstLine(socket: ReturnType<typeof connect>): Promise<string> {
  const text = await new Promise<string>((resolve) =>
    socket.once('data', (data) => resolve(data.toString())),
  );
  socket.destroy();
  return text.split('\r\n')[0] ?? '';
}
