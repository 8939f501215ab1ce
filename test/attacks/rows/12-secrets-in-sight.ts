// Row 12: what the server holds to itself is in no line of its log, at the finest level, and in no word on GitHub.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sh, theLab } from '../arena.ts';
import { note, openSite, wish } from '../site.ts';
import type { Site } from '../site.ts';

describe('12 secrets in comments and logs', () => {
  let site: Site;
  let tokens: readonly string[];

  /** A life of the server with all that can go wrong in it. */
  beforeAll(async () => {
    site = await openSite();
    const given: string[] = [];
    const keep = (): void => void given.push(...site.github.world.tokens.keys());
    const wanted = await wish(site);
    keep();
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`);
    site.github.expireTokens();
    await site.comment(wanted.pull, '/plan');
    keep();
    // Not 500, which is tried again and goes well.
    site.github.failNext({ path: 'issues/create-comment', status: 422 });
    await site.comment(wanted.pull, '/help');
    await site.deliver('issue_comment', '{ not json');
    await site.deliver('issue_comment', {}, { headers: { 'x-hub-signature-256': 'sha256=00' } });
    await site.propose({
      'hosts.yml': 'hosts:\n  gone: { address: 10.77.0.1, host_key: "ssh-ed25519 AAAA" }\n',
    });
    await site.propose({ 'bad.yml': note('/etc/attack-12').replace('web1', 'web9') });
    await site.restart();
    keep();
    tokens = [...new Set(given)];
  });
  afterAll(async () => {
    await site.stop();
  });

  const everything = (): string => {
    const { repo } = site;
    const comments = [...repo.repository.comments.values()].map(({ body }) => body);
    const checks = repo
      .checkRuns()
      .map(({ title, summary, text, annotations }) => JSON.stringify([title, summary, text, annotations]));
    const deployments = repo
      .deployments()
      .map(({ payload, description, statuses }) =>
        JSON.stringify([payload, description, statuses.map((each) => [each.description, each.logUrl])]),
      );
    return [...comments, ...checks, ...deployments].join('\n');
  };
  /** Any line of a key in PEM form gives it away in part. */
  const pem = (text: string): readonly string[] =>
    text.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));

  it('the log has something in it', () => {
    expect(site.log()).toContain('"level":50');
    expect(site.log().split('\n').length).toBeGreaterThan(50);
    expect(tokens.length).toBeGreaterThan(0);
  });

  it.each([
    ['the secret of webhooks', () => [site.settings.webhookSecret]],
    ["the App's private key", () => pem(site.settings.privateKey)],
    ['the SSH key', () => pem(readFileSync(theLab().clientKey.path, 'utf8'))],
    ['tokens of the installation', () => tokens],
    ['tokens of people', () => ['ada', 'grace', 'mallory'].map((login) => site.github.token(login))],
  ])('%s', (_, secrets) => {
    const [log, shown] = [site.log(), everything()];
    expect(secrets().length).toBeGreaterThan(0);
    for (const secret of secrets()) {
      expect(secret.length).toBeGreaterThan(8);
      for (const form of [
        secret,
        Buffer.from(secret).toString('base64').slice(0, -4),
        encodeURIComponent(secret),
      ]) {
        expect(log.includes(form), `in the log: ${form.slice(0, 6)}…`).toBe(false);
        expect(shown.includes(form), `on GitHub: ${form.slice(0, 6)}…`).toBe(false);
      }
    }
  });

  it('no header of a request with a token, and no token of any kind', () => {
    expect(site.log()).not.toMatch(/gh[a-z]_[A-Za-z0-9]{16,}|eyJ[\w-]+\.eyJ|BEGIN [A-Z ]*PRIVATE KEY/);
    expect(site.log()).not.toMatch(/"authorization":"(?!\[redacted\])/i);
  });

  it.each([
    ['to all who may read it', '0644', true],
    ['to its owner only', '0600', false],
    ['to its group only', '0640', false],
  ])('a file of the host that is open %s, in the plan of who wants to write it', async (_, mode, shown) => {
    const file = `/etc/attack-12-${mode}`;
    await sh('web1', `printf 'the password is swordfish-${mode}\\n' >${file}; chmod ${mode} ${file}`);
    const { pull, head } = await site.propose({ [`peek-${mode}.yml`]: note(file) });
    const check = site.check(head, 'ashore/plan');
    expect(site.said(pull)).toContain(file);
    const words = `${site.said(pull)}${check.summary}${check.text}`;
    expect(words.includes('swordfish'), words).toBe(shown);
  });
});
