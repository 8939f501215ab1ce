// Row 13: who is not GitHub learns that something answers there, and nothing else.
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSite, wish } from '../site.ts';
import type { Site } from '../site.ts';

describe('13 info leak', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
    await wish(site);
  });
  afterAll(async () => {
    await site.stop();
  });

  const PATHS = [
    '/',
    '/probot',
    '/ping',
    '/stats',
    '/status',
    '/metrics',
    '/api',
    '/api/locks',
    '/api/plans',
    '/events',
    '/debug/pprof',
    '/deploys',
    '/plans',
    '/.env',
    '/package.json',
    '/data/ashore.db',
    '/../package.json',
    '/%2e%2e/package.json',
    '/static/../../package.json',
    '/healthz/',
    '/healthz/x',
    '/api/github/webhooks/../../healthz/x',
    '//etc/passwd',
  ];

  it('/healthz says ok and no more', async () => {
    const answer = await fetch(`${site.url()}/healthz?verbose=1`, {
      headers: { 'x-forwarded-for': '127.0.0.1' },
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('{"status":"ok"}\n');
  });

  it.each(PATHS)('%s is not there', async (path) => {
    const answer = await fetch(`${site.url()}${path}`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toBe('{"error":"NOT_FOUND"}\n');
  });

  it('no header names what answers, nor its version', async () => {
    for (const path of ['/healthz', '/', '/api/github/webhooks']) {
      const { headers } = await fetch(`${site.url()}${path}`);
      expect([...headers.keys()].toSorted()).toEqual(
        ['connection', 'content-type', 'date', 'keep-alive', 'transfer-encoding'].filter((name) =>
          headers.has(name),
        ),
      );
    }
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s at the webhook', async (method) => {
    const answer = await fetch(`${site.url()}/api/github/webhooks`, { method });
    expect(answer.status).toBe(405);
    expect(await answer.text()).toBe('{"error":"POST_ONLY"}\n');
  });

  it('a delivery that is refused learns no reason beyond that it was', async () => {
    const said = await Promise.all(
      [{}, { 'x-hub-signature-256': 'sha256=00' }].map(async (headers) => {
        const body = JSON.stringify({ repository: { full_name: 'acme/infra' } });
        const answer = await fetch(`${site.url()}/api/github/webhooks`, { method: 'POST', body, headers });
        return [answer.status, await answer.text()];
      }),
    );
    expect(said).toEqual([
      [401, '{"error":"SIGNATURE_MISSING"}\n'],
      [401, '{"error":"SIGNATURE_WRONG"}\n'],
    ]);
  });

  it('a body without an end does not fill the memory', async () => {
    const { port } = new URL(site.url());
    const options = {
      port,
      method: 'POST',
      path: '/api/github/webhooks',
      headers: { 'content-length': String(2 ** 40) },
    };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(options, (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.write('{');
    });
    expect(status).toBe(413);
  });
});
