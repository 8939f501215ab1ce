// Row 11: our comment is the one that we wrote; a likeness of it is nobody's, and nothing is read back out of any.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../arena.ts';
import { expectUntouched, openSite, wish } from '../site.ts';
import type { Site } from '../site.ts';

describe('11 comment provenance', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => {
    await site.stop();
  });

  it('a likeness of our comment, posted before and after ours, stays as its author wrote it', async () => {
    const wanted = await wish(site);
    const [ours] = site.repo.comments(wanted.pull).filter(({ app }) => app);
    const likeness = (ours?.body ?? '').replaceAll(wanted.digest, '0123456789ab');
    const fake = await site.comment(wanted.pull, likeness, 'mallory');
    await site.comment(wanted.pull, '/plan', 'grace');
    expect(site.repo.comments(wanted.pull).find(({ id }) => id === fake.id)?.body).toBe(likeness);
    expect(site.repo.comments(wanted.pull).filter(({ app }) => app).length).toBe(1);
    expect(site.digest(wanted.pull)).toBe(wanted.digest);
  });

  it('the digest of a likeness is no plan', async () => {
    const wanted = await wish(site);
    const [ours] = site.repo.comments(wanted.pull).filter(({ app }) => app);
    await site.comment(wanted.pull, (ours?.body ?? '').replaceAll(wanted.digest, '0123456789ab'), 'mallory');
    await site.comment(wanted.pull, '/deploy 0123456789ab');
    expect(site.said(wanted.pull)).toMatch(/PLAN_UNKNOWN/);
    await expectUntouched(site, wanted);
  });

  it("the commands in our own comment are not heard, nor is the App's own word", async () => {
    const wanted = await wish(site);
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`, site.github.world.app.bot.login);
    await expectUntouched(site, wanted);
  });

  it('our comment, edited by a person, is not what is deployed', async () => {
    const [shown, meant] = [await wish(site), await wish(site)];
    const [ours] = site.repo.comments(shown.pull).filter(({ app }) => app);
    await site.repo.editComment(
      ours?.id ?? 0,
      (ours?.body ?? '').replaceAll(shown.digest, meant.digest),
      'ada',
    );
    await site.settled();
    await site.comment(shown.pull, `/deploy ${meant.digest}`);
    expect(site.said(shown.pull)).toMatch(/PLAN_UNKNOWN/);
    await expectUntouched(site, shown);
    await expectUntouched(site, meant);
  });

  it('our comment, edited by a person, is put right again', async () => {
    const wanted = await wish(site);
    const [ours] = site.repo.comments(wanted.pull).filter(({ app }) => app);
    const body = ours?.body ?? '';
    await site.repo.editComment(ours?.id ?? 0, body.replaceAll(wanted.file, '/etc/harmless'), 'ada');
    await site.settled();
    expect(site.said(wanted.pull)).toBe(body);
  });

  it('our comment, deleted, is written anew and the plan stands', async () => {
    const wanted = await wish(site);
    const [ours] = site.repo.comments(wanted.pull).filter(({ app }) => app);
    await site.repo.deleteComment(ours?.id ?? 0, 'ada');
    await site.settled();
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`);
    expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(true);
    expect(site.said(wanted.pull)).toContain('Deployed');
  });
});
