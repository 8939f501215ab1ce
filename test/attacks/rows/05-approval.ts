// Row 5: an approval counts for what its giver has seen, from who may give it, and only while it stands.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has, sh } from '../arena.ts';
import { expectUntouched, note, openSite, runsOf, wish } from '../site.ts';
import type { Site, Wish } from '../site.ts';

const POLICY = 'deploy: { on: both, by: [write], approvals: 1 }\nconfirm: []\n';

describe('5 approval not bound to what was seen', () => {
  let site: Site;
  const pool: Wish[] = [];

  beforeAll(async () => {
    site = await openSite({ policy: POLICY });
    for (let made = 0; made < 11; made += 1) pool.push(await wish(site));
  });
  afterAll(async () => {
    await site.stop();
  });

  const approve = async (pull: number, by: string, commit?: string): Promise<number> => {
    const given = await site.repo.review(pull, { by, state: 'APPROVE', ...(commit ? { commit } : {}) });
    await site.settled();
    return given.id;
  };
  const deploy = async (wanted: Wish, by = 'ada', digest = wanted.digest): Promise<void> => {
    await site.comment(wanted.pull, `/deploy ${digest}`, by);
  };
  /** A plan that everybody has had the time to read. */
  const take = (): Wish => {
    const taken = pool.pop();
    if (!taken) throw new Error('the pool is too small');
    return taken;
  };

  /** Refused for want of an approval, and for nothing else. */
  const expectUnapproved = async (wanted: Pick<Wish, 'pull' | 'file'>): Promise<void> => {
    const codes = new Set(site.said(wanted.pull).match(/`[A-Z]+_[A-Z_]+`/g));
    expect([...codes]).toEqual(['`APPROVAL_MISSING`']);
    await expectUntouched(site, wanted);
  };

  it('no approval at all', async () => {
    const wanted = await wish(site);
    await deploy(wanted);
    expect(site.said(wanted.pull)).toMatch(/APPROVAL_MISSING/);
    await expectUnapproved(wanted);
  });

  it('the author approves, though GitHub should not let them', async () => {
    const wanted = take();
    const id = await approve(wanted.pull, 'grace');
    const reviews = site.repo.pull(wanted.pull).reviews;
    const ada = site.github.user('ada');
    reviews.splice(0, 1, ...reviews.map((review) => ({ ...review, id, user: ada })));
    await deploy(wanted, 'linus');
    await expectUnapproved(wanted);
  });

  it('who may only read approves', async () => {
    const wanted = take();
    await approve(wanted.pull, 'mallory');
    await deploy(wanted);
    await expectUnapproved(wanted);
  });

  it('a bot approves', async () => {
    const wanted = take();
    const { bot } = site.github.createApp('rubber-stamp');
    site.repo.collaborator(bot.login, 'write');
    await approve(wanted.pull, bot.login);
    await deploy(wanted);
    await expectUnapproved(wanted);
  });

  it('who approved has lost the right since', async () => {
    const wanted = take();
    await approve(wanted.pull, 'linus');
    site.repo.collaborator('linus', 'read');
    await deploy(wanted);
    site.repo.collaborator('linus', 'write');
    await expectUnapproved(wanted);
  });

  it('an approval of an older commit', async () => {
    const wanted = take();
    await approve(wanted.pull, 'grace');
    await site.push(wanted.branch, { 'more.yml': note('/etc/attack-5-more') });
    await deploy(wanted, 'ada', site.digest(wanted.pull));
    await expectUnapproved(wanted);
    expect(await has('web1', '/etc/attack-5-more')).toBe(false);
  });

  it('an approval given now, of the older commit', async () => {
    const wanted = await wish(site);
    await site.push(wanted.branch, { 'more.yml': note('/etc/attack-5-more') });
    await approve(wanted.pull, 'grace', wanted.head);
    await deploy(wanted, 'ada', site.digest(wanted.pull));
    await expectUnapproved(wanted);
  });

  it('an approval from before the plan was there', async () => {
    site.github.loseDeliveries((event) => event.startsWith('pull_request'));
    const branch = 'early';
    const head = await site.push(branch, { 'early.yml': note('/etc/attack-5-early') });
    const pull = await site.repo.openPull({ title: 'Early', head: branch, by: 'ada' });
    await approve(pull, 'grace');
    site.github.loseDeliveries(() => false);
    await site.comment(pull, '/plan', 'ada');
    const early = { pull, branch, head, digest: site.digest(pull), file: '/etc/attack-5-early' };
    await deploy(early);
    expect(site.said(pull)).toMatch(/APPROVAL_MISSING/);
    await expectUnapproved(early);
  });

  it('an approval of the plan before: the host has moved since, and the new plan is another', async () => {
    const wanted = take();
    await approve(wanted.pull, 'grace');
    await sh('web1', `echo by hand >${wanted.file}`);
    await site.comment(wanted.pull, '/plan', 'ada');
    const digest = site.digest(wanted.pull);
    expect(digest).not.toBe(wanted.digest);
    await deploy(wanted, 'ada', digest);
    expect(runsOf(site, wanted.pull)).toEqual([]);
    expect(await sh('web1', `cat ${wanted.file}`)).toBe('by hand\n');
  });

  it('an approval that was dismissed', async () => {
    const wanted = take();
    const id = await approve(wanted.pull, 'grace');
    await site.repo.dismissReview(wanted.pull, id, 'linus');
    await deploy(wanted);
    await expectUnapproved(wanted);
  });

  it('an approval whose giver asked for changes later', async () => {
    const wanted = take();
    await approve(wanted.pull, 'grace');
    await site.repo.review(wanted.pull, { by: 'grace', state: 'REQUEST_CHANGES', body: 'wait' });
    await deploy(wanted);
    await expectUnapproved(wanted);
  });

  it('the approval of who pushed last', async () => {
    const wanted = await wish(site);
    await site.push(wanted.branch, { 'linus.yml': note('/etc/attack-5-linus') }, 'linus');
    await approve(wanted.pull, 'linus');
    await deploy(wanted, 'ada', site.digest(wanted.pull));
    await expectUnapproved(wanted);
  });

  it('two approvals of one person', async () => {
    const two = await openSite({ policy: POLICY.replace('1', '2') });
    const wanted = await wish(two);
    for (const _ of [1, 2]) await two.repo.review(wanted.pull, { by: 'grace', state: 'APPROVE' });
    await two.comment(wanted.pull, `/deploy ${wanted.digest}`, 'ada');
    await expectUntouched(two, wanted);
    await two.stop();
  });

  it('while an approval of this plan, by another person, lets it through', async () => {
    const wanted = take();
    await approve(wanted.pull, 'grace');
    await deploy(wanted);
    expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(true);
  });

  it('a merge without an approval', async () => {
    const wanted = await wish(site);
    await site.merge(wanted.pull);
    expect(site.said(wanted.pull)).toMatch(/APPROVAL_MISSING/);
    expect(site.said(wanted.pull)).toContain(
      '| ⛔ | approvals | 1 of this plan | 0 | a reviewer with write |',
    );
    expect(await has('web1', wanted.file)).toBe(false);
  });

  it('an approval of the plan before the merge, for another plan after it', async () => {
    const wanted = take();
    await approve(wanted.pull, 'grace');
    await sh('web1', `echo by hand >${wanted.file}`);
    await site.merge(wanted.pull);
    const digest = site.digest(wanted.pull);
    expect(digest).not.toBe(wanted.digest);
    await deploy(wanted, 'ada', digest);
    expect(await sh('web1', `cat ${wanted.file}`)).toBe('by hand\n');
  });
});
