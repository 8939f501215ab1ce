import { verify } from '@octokit/webhooks-methods';
import { type IncomingMessage, createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fixture, SECRET, openChange, startFixture } from './fixture.ts';
import { readBody } from './server.ts';

interface Heard {
  readonly event: string;
  readonly guid: string;
  readonly genuine: boolean;
}

let f: Fixture;
let heard: Heard[];
let answer: (request: IncomingMessage) => number | Promise<number>;
let stop: () => Promise<void>;

beforeEach(async () => {
  heard = [];
  answer = () => 202;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request);
      const {
        'x-hub-signature-256': signature,
        'x-github-event': event,
        'x-github-delivery': guid,
      } = request.headers;
      heard.push({
        event: String(event),
        guid: String(guid),
        genuine: await verify(SECRET, body, String(signature)),
      });
      response.writeHead(await answer(request)).end('noted');
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  f = await startFixture();
  f.github.setWebhookUrl(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`);
  stop = async () => {
    await f.github.stop();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
});
afterEach(() => stop());

describe('webhooks', () => {
  it('are signed and of the kinds the App asked for', async () => {
    await openChange(f.repo);
    await f.github.settled();
    expect(heard.map(({ event }) => event).toSorted()).toEqual(['check_suite', 'pull_request', 'push']);
    expect(heard.every(({ genuine }) => genuine)).toBe(true);
  });

  it('go out side by side, none waiting for another', async () => {
    const waiting: (() => void)[] = [];
    answer = () => new Promise((resolve) => waiting.push(() => resolve(202)));
    await openChange(f.repo);
    await f.github.waitFor(() => waiting.length === 3, { what: 'all three at once' });
    for (const go of waiting) go();
  });

  it('are redelivered under the same GUID, and the log says how each went', async () => {
    answer = () => 500;
    await openChange(f.repo);
    await f.github.settled();
    answer = () => 202;
    const { data: failed } = await f.app.request('GET /app/hook/deliveries', { status: 'failure' });
    expect(failed).toHaveLength(3);
    expect(failed[0]).toMatchObject({
      status: 'Invalid HTTP Response: 500',
      status_code: 500,
      redelivery: false,
    });
    for (const { id } of failed) await f.app.rest.apps.redeliverWebhookDelivery({ delivery_id: id });
    await f.github.settled();
    expect(
      heard
        .slice(3)
        .map(({ guid }) => guid)
        .toSorted(),
    ).toEqual(failed.map(({ guid }) => guid).toSorted());
    const newest = await f.app.rest.apps.getWebhookDelivery({
      delivery_id: f.github.deliveries()[0]?.id ?? 0,
    });
    expect(newest.data).toMatchObject({ redelivery: true, status: 'OK', response: { payload: 'noted' } });
  });

  it('can be lost on the way', async () => {
    f.github.loseDeliveries((event) => event === 'pull_request.opened');
    await openChange(f.repo);
    await f.github.settled();
    expect(heard.map(({ event }) => event)).not.toContain('pull_request');
    expect(f.github.deliveries().find(({ event }) => event === 'pull_request')).toMatchObject({
      statusCode: 502,
    });
  });

  it('page by cursor', async () => {
    await openChange(f.repo);
    await f.repo.comment(1, 'one', 'ada');
    await f.repo.comment(1, 'two', 'ada');
    await f.github.settled();
    const all = await f.app.paginate('GET /app/hook/deliveries', { per_page: 2 });
    expect(all.map(({ id }) => id)).toEqual(f.github.deliveries().map(({ id }) => id));
  });
});
