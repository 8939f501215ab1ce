// Row 6: what runs is what the words meant when they were written, whatever is pushed after them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has, sh } from '../arena.ts';
import { expectUntouched, note, openSite, wish } from '../site.ts';
import type { Site, Wish } from '../site.ts';

const EVIL = '/etc/attack-6-evil';

describe('6 push after comment', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => {
    await site.stop();
  });

  const evil = (branch: string): Promise<string> => site.push(branch, { 'evil.yml': note(EVIL) }, 'linus');
  /** The command is written, and arrives only when all that follows it has been handled. */
  const late = async (wanted: Wish, command: string, meanwhile: () => Promise<unknown>): Promise<void> => {
    site.github.loseDeliveries((event) => event === 'issue_comment.created');
    await site.comment(wanted.pull, command);
    const lost = site.delivery('issue_comment', 'created');
    site.github.loseDeliveries(() => false);
    await meanwhile();
    await site.settled();
    site.github.redeliver(lost.id);
    await site.settled();
  };

  it.each([
    ['/deploy', () => '/deploy'],
    ['/deploy with the digest', ({ digest }: Wish) => `/deploy ${digest}`],
  ])('%s, then a push before it is heard', async (_, command) => {
    const wanted = await wish(site);
    await late(wanted, command(wanted), () => evil(wanted.branch));
    expect(await has('web1', EVIL), site.said(wanted.pull)).toBe(false);
    expect(site.said(wanted.pull)).toMatch(/PLAN_SUPERSEDED|PLAN_AMBIGUOUS/);
    await expectUntouched(site, wanted);
  });

  it('a push with a commit that is dated long before the comment', async () => {
    const wanted = await wish(site);
    const { git } = site.repo.repository;
    await late(wanted, '/deploy', async () => {
      const date = '2001-01-01T00:00:00Z';
      const who = { name: 'linus', email: 'linus@example.com', date };
      const files = { 'deploy-configs/evil.yml': note(EVIL) };
      const old = await git.commitFiles('elsewhere', wanted.head, who, 'Old', files);
      await site.repo.forcePush(wanted.branch, old, 'linus');
    });
    expect(await has('web1', EVIL), site.said(wanted.pull)).toBe(false);
    expect(site.said(wanted.pull)).toMatch(/PLAN_SUPERSEDED|PLAN_AMBIGUOUS/);
    await expectUntouched(site, wanted);
  });

  it('comment and push at the same moment: only what was shown, or nothing', async () => {
    const wanted = await wish(site);
    const pushed = site.repo.commit({
      branch: wanted.branch,
      author: 'linus',
      message: 'Quick',
      files: { 'deploy-configs/evil.yml': note(EVIL) },
    });
    await Promise.all([site.repo.comment(wanted.pull, '/deploy', 'grace'), pushed]);
    await site.settled();
    expect(await has('web1', EVIL), site.said(wanted.pull)).toBe(false);
  });

  it('a push while the run is under way', async () => {
    const wanted = await site.propose({
      'slow.yml':
        'on: web1\nresources:\n  - command: wait\n    run: [sleep, "2"]\n  - file: /etc/attack-6-slow\n    source: slow.txt\n',
      'slow.txt': 'as planned\n',
    });
    await site.repo.comment(wanted.pull, `/deploy ${site.digest(wanted.pull)}`, 'grace');
    await site.github.waitFor(() => site.repo.deployments().length > 0, { what: 'a run' });
    await site.push(wanted.branch, { 'slow.txt': 'pushed later\n', 'evil.yml': note(EVIL) }, 'linus');
    expect(await sh('web1', 'cat /etc/attack-6-slow')).toBe('as planned\n');
    expect(await has('web1', EVIL)).toBe(false);
  });

  it('a merge of what was pushed after the plan was shown is not the plan that was shown', async () => {
    const wanted = await wish(site);
    site.github.loseDeliveries((event) => event === 'pull_request.synchronize');
    await evil(wanted.branch);
    await site.merge(wanted.pull);
    site.github.loseDeliveries(() => false);
    expect(site.said(wanted.pull)).toMatch(/PLAN_CHANGED/);
    expect(await has('web1', EVIL), site.said(wanted.pull)).toBe(false);
  });
});
