// Row 10: only GitHub is heard, each delivery once, and what it says of the state of things is looked up.
import { spawnSync } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connections, has, theLab } from '../arena.ts';
import { expectUntouched, note, openSite, runsOf, sign, wish } from '../site.ts';
import type { Site, Wish } from '../site.ts';

const Comment = z.looseObject({
  comment: z.looseObject({ id: z.number(), body: z.string(), user: z.looseObject({ login: z.string() }) }),
});
const Push = z.looseObject({ after: z.string() });
const Pull = z.looseObject({
  action: z.string(),
  pull_request: z.looseObject({
    number: z.number(),
    merged: z.boolean().optional(),
    head: z.looseObject({ sha: z.string() }),
  }),
});

describe('10 forged or replayed webhooks', () => {
  let site: Site;
  let wanted: Wish;

  beforeAll(async () => {
    site = await openSite();
    wanted = await wish(site);
  });
  afterAll(async () => {
    await site.stop();
  });

  /** The webhook of a command that was given and did not arrive. */
  const capture = async (pull: number, body: string, by = 'grace') => {
    site.github.loseDeliveries((event) => event === 'issue_comment.created');
    await site.comment(pull, body, by);
    site.github.loseDeliveries(() => false);
    return Comment.parse(site.delivery('issue_comment', 'created').request.payload);
  };
  const hmac = (algorithm: string, secret: string, body: string): string =>
    createHmac(algorithm, secret).update(body).digest('hex');

  const SIGNATURES: readonly (readonly [string, (body: string, secret: string) => string | undefined])[] = [
    ['no signature', () => undefined],
    ['an empty one', () => ''],
    ['the name of the algorithm alone', () => 'sha256='],
    ['a short one', (body, secret) => `sha256=${hmac('sha256', secret, body).slice(0, 8)}`],
    ['one digit less', (body, secret) => `sha256=${hmac('sha256', secret, body).slice(0, -1)}`],
    ['one digit more', (body, secret) => `sha256=${hmac('sha256', secret, body)}0`],
    [
      'one digit wrong',
      (body, secret) =>
        `sha256=${hmac('sha256', secret, body).replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`,
    ],
    ['one of another body', (body, secret) => sign(secret, `${body} `)],
    ['one by the secret that Probot has by default', (body) => sign('development', body)],
    ['one by no secret', (body) => sign('', body)],
    ['SHA-1 in its place', (body, secret) => `sha1=${hmac('sha1', secret, body)}`],
    ['SHA-1 under the name of SHA-256', (body, secret) => `sha256=${hmac('sha1', secret, body)}`],
    ['no name of the algorithm', (body, secret) => hmac('sha256', secret, body)],
  ];

  it.each(SIGNATURES)('%s', async (_, signature) => {
    const payload = await capture(wanted.pull, `/deploy ${wanted.digest}`);
    const body = JSON.stringify(payload);
    const secret = site.settings.webhookSecret;
    const headers = {
      'x-hub-signature-256': signature(body, secret),
      'x-hub-signature': `sha1=${hmac('sha1', secret, body)}`,
    };
    const answer = await site.deliver('issue_comment', body, { headers });
    expect(answer.status).toBe(401);
    await site.settled();
    await expectUntouched(site, wanted);
  });

  it.each([
    ['no event', { 'x-github-event': undefined }],
    ['no id', { 'x-github-delivery': undefined }],
    ['an id that is none', { 'x-github-delivery': "1'; drop table deliveries; --" }],
  ])('%s in the headers', async (_, headers) => {
    const payload = await capture(wanted.pull, `/deploy ${wanted.digest}`);
    expect((await site.deliver('issue_comment', payload, { headers })).status).toBe(400);
    await site.settled();
    await expectUntouched(site, wanted);
  });

  it('the same delivery twice and thrice, also at once and after a restart', async () => {
    const own = await wish(site);
    const payload = await capture(own.pull, `/deploy ${own.digest}`);
    const guid = randomUUID();
    await Promise.all([1, 2, 3].map(() => site.deliver('issue_comment', payload, { guid })));
    await site.settled();
    expect(await has('web1', own.file), site.said(own.pull)).toBe(true);
    const [runs, said] = [runsOf(site, own.pull), site.said(own.pull)];
    expect(runs.length).toBe(1);
    await site.restart();
    await site.deliver('issue_comment', payload, { guid });
    await site.settled();
    expect(runsOf(site, own.pull)).toEqual(runs);
    expect(site.said(own.pull)).toBe(said);
  });

  it('the same signed body under a new id, which no signature covers', async () => {
    const own = await wish(site);
    const payload = await capture(own.pull, '/help');
    for (const _ of [1, 2]) {
      await site.deliver('issue_comment', payload);
      await site.settled();
    }
    expect(site.repo.comments(own.pull).filter(({ body }) => body.includes('/plan [host…]')).length).toBe(1);
  });

  it('the same signed body of a deploy under a new id deploys no second time', async () => {
    const own = await wish(site);
    const payload = await capture(own.pull, `/deploy ${own.digest}`);
    for (const _ of [1, 2]) {
      await site.deliver('issue_comment', payload);
      await site.settled();
    }
    expect(runsOf(site, own.pull).length).toBe(1);
  });

  it('a payload that lies about who wrote a comment', async () => {
    const own = await wish(site);
    const payload = await capture(own.pull, `/deploy ${own.digest}`, 'mallory');
    const user = { ...payload.comment.user, login: 'grace' };
    await site.deliver('issue_comment', { ...payload, comment: { ...payload.comment, user } });
    await site.settled();
    await expectUntouched(site, own);
  });

  it('a payload that lies about what a comment says', async () => {
    const own = await wish(site);
    const payload = await capture(own.pull, 'not yet');
    const comment = { ...payload.comment, body: `/deploy ${own.digest}` };
    await site.deliver('issue_comment', { ...payload, comment });
    await site.settled();
    await expectUntouched(site, own);
  });

  it('a payload that says a pull request was merged', async () => {
    const own = await wish(site);
    const payload = Pull.parse(site.delivery('pull_request').request.payload);
    const merged = { ...payload.pull_request, merged: true, merge_commit_sha: own.head, state: 'closed' };
    await site.deliver('pull_request', { ...payload, action: 'closed', pull_request: merged });
    await site.settled();
    await expectUntouched(site, own);
  });

  it('a payload that names somebody else as who merged', async () => {
    const own = await wish(site);
    site.github.loseDeliveries((event) => event === 'pull_request.closed');
    await site.merge(own.pull, 'mallory');
    site.github.loseDeliveries(() => false);
    const payload = Pull.parse(site.delivery('pull_request', 'closed').request.payload);
    const grace = { login: 'grace', id: 1, type: 'User' };
    const merged = { ...payload.pull_request, merged_by: grace, user: grace };
    await site.deliver('pull_request', { ...payload, pull_request: merged, sender: grace });
    await site.settled();
    expect(site.said(own.pull)).toMatch(/NOT_ALLOWED/);
    expect(await has('web1', own.file)).toBe(false);
  });

  it('a payload that says a branch of anybody is the default branch', async () => {
    await site.push('main', { 'remark.yml': 'on: web1\nresources: []\n' }, 'grace');
    const payload = Push.parse(site.delivery('push').request.payload);
    const after = await site.push('aside', { 'aside.yml': note('/etc/attack-10-aside') }, 'linus');
    const before = await connections();
    await site.deliver('push', { ...payload, before: payload.after, after });
    await site.settled();
    expect(await connections()).toEqual(before);
  });

  it('a payload that names another head: what is planned is what GitHub has', async () => {
    const evil = await site.push('elsewhere', { 'evil.yml': 'on: web1\nresources: []\n' });
    const own = await wish(site);
    const payload = Pull.parse(site.delivery('pull_request', 'opened').request.payload);
    expect(payload.pull_request.number).toBe(own.pull);
    const head = { ...payload.pull_request.head, sha: evil };
    const moved = { ...payload, action: 'synchronize', pull_request: { ...payload.pull_request, head } };
    await site.deliver('pull_request', moved);
    await site.settled();
    expect(site.digest(own.pull)).toBe(own.digest);
    expect(site.repo.checkRuns(evil).filter(({ app }) => app.id === site.github.appId)).toEqual([]);
  });

  it('a payload for a repository where the App is not installed', async () => {
    const before = await connections();
    await site.github.createRepo('other', 'private', { installed: false });
    const payload = Pull.parse(site.delivery('pull_request', 'opened').request.payload);
    const repository = {
      name: 'private',
      full_name: 'other/private',
      owner: { login: 'other' },
      default_branch: 'main',
    };
    await site.deliver('pull_request', { ...payload, repository });
    await site.settled();
    expect(await connections()).toEqual(before);
  });

  it.each([
    ['none', undefined, 'is not set'],
    ["Probot's default", 'development', 'is shorter'],
    ["Probot's default, twice and more", 'developmentdevelopmentdevelopment', 'can be guessed'],
    ['one letter', 'a'.repeat(64), 'can be guessed'],
    ['too short', 'k3Jx9', 'is shorter'],
  ])('a server with this secret does not start: %s', (_, secret, words) => {
    const env = {
      PATH: process.env['PATH'] ?? '',
      APP_ID: '1',
      PRIVATE_KEY: site.settings.privateKey,
      ASHORE_REPOSITORIES: 'all',
      ASHORE_SSH_KEY_PATH: theLab().clientKey.path,
      ASHORE_DATA: site.settings.data,
      ...(secret === undefined ? {} : { WEBHOOK_SECRET: secret }),
    };
    const ended = spawnSync(process.execPath, ['src/main.ts'], { env, encoding: 'utf8', timeout: 20_000 });
    const output = `${ended.stdout}${ended.stderr}`;
    expect(ended.status, output).toBeGreaterThan(0);
    expect(output).toContain('WEBHOOK_SECRET');
    expect(output).toContain(words);
    if (secret !== undefined) expect(output).not.toContain(secret);
  });
});
