// Row 5: what the base branch asks for holds at every door, also where GitHub itself would let an admin pass.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../arena.ts';
import { OPEN_POLICY, expectUntouched, openSite, wish } from '../site.ts';
import type { Site, Wish } from '../site.ts';

const OWNED = 'deploy: { on: both, by: [write], codeowners: true }\nconfirm: []\n';

/** False: there is no button to press. */
const press = async (site: Site, { head }: Wish): Promise<boolean> => {
  const { id, actions } = site.check(head, 'ashore/plan');
  if (!actions.some(({ identifier }) => identifier === 'deploy')) return false;
  await site.repo.clickAction(id, 'deploy', 'grace');
  await site.settled();
  return true;
};
/** As an admin may, past the protection; what Ashore hears of it is that the branch is protected as before. */
const force = async (site: Site, { pull }: Wish): Promise<boolean> => {
  const { protections } = site.repo.repository;
  const protection = protections.get('main');
  protections.delete('main');
  site.github.loseDeliveries((event) => event === 'pull_request.closed');
  await site.merge(pull, 'grace');
  site.github.loseDeliveries(() => false);
  if (protection) protections.set('main', protection);
  site.github.redeliver(site.delivery('pull_request', 'closed').id);
  await site.settled();
  return true;
};
const say = async (site: Site, { pull }: Wish, command: string): Promise<boolean> => {
  await site.comment(pull, command);
  return true;
};
/** Every way in, one after another. */
const tryAll = async (site: Site, wanted: Wish, code: RegExp): Promise<void> => {
  const refusals = (): number => site.said(wanted.pull).split('was **refused').length;
  const doors = [
    () => say(site, wanted, '/deploy'),
    () => say(site, wanted, `/deploy ${wanted.digest}`),
    () => press(site, wanted),
    () => force(site, wanted),
    () => say(site, wanted, `/deploy ${site.digest(wanted.pull)}`),
  ];
  for (const [door, enter] of doors.entries()) {
    const before = refusals();
    const entered = await enter();
    expect(refusals(), `door ${door}\n${site.said(wanted.pull)}`).toBe(before + (entered ? 1 : 0));
  }
  expect(site.said(wanted.pull)).toMatch(code);
  await expectUntouched(site, wanted);
};

describe('5 approval not bound to what was seen: required checks', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ policy: OPEN_POLICY });
    site.repo.protect('main', { requiredChecks: ['ci/test', 'ashore/plan', 'ashore/deploy'] });
  });
  afterAll(async () => {
    await site.stop();
  });

  const STATES = [
    ['nobody has reported', undefined, /CHECKS_PENDING/],
    ['goes on', 'pending', /CHECKS_PENDING/],
    ['has failed', 'failure', /CHECKS_FAILED/],
    ['broke off', 'error', /CHECKS_FAILED/],
  ] as const;

  it.each(STATES)('one that %s', async (_, state, code) => {
    const wanted = await wish(site);
    const sha = wanted.head;
    if (state) await site.repo.status({ sha, context: 'ci/test', state, by: 'linus' });
    await site.settled();
    await tryAll(site, wanted, code);
  });

  it('one that passed on the commit before, and was not run on the newest', async () => {
    const wanted = await wish(site);
    await site.repo.status({ sha: wanted.head, context: 'ci/test', state: 'success', by: 'linus' });
    const head = await site.push(wanted.branch, { 'remark.yml': 'on: web1\nresources: []\n' });
    await tryAll(site, { ...wanted, head, digest: site.digest(wanted.pull) }, /CHECKS_PENDING/);
  });

  it('one that another App reports under our name does not make ours', async () => {
    const wanted = await wish(site);
    const app = site.github.createApp('green-light');
    for (const name of ['ashore/plan', 'ashore/deploy'])
      await site.repo.foreignCheck({ app, sha: wanted.head, name, conclusion: 'success' });
    await site.settled();
    await tryAll(site, wanted, /CHECKS_PENDING/);
  });

  it('while ours, which waits for the deploy, does not hold it up', async () => {
    const wanted = await wish(site);
    await site.repo.status({ sha: wanted.head, context: 'ci/test', state: 'success', by: 'linus' });
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`);
    expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(true);
  });
});

describe('5 approval not bound to what was seen: owners', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ policy: OWNED });
    await owners(site, 'main', '/deploy-configs/ @grace\n/deploy-configs/secrets/ @nobody\n');
  });
  afterAll(async () => {
    await site.stop();
  });

  const owners = async (at: Site, branch: string, text: string): Promise<void> => {
    const files = { '.github/CODEOWNERS': text };
    await at.repo.commit({ branch, author: 'grace', message: 'Owners', files });
    await at.settled();
  };
  const approve = async (pull: number, by: string): Promise<void> => {
    await site.repo.review(pull, { by, state: 'APPROVE' });
    await site.settled();
  };

  it('nobody approved', async () => {
    await tryAll(site, await wish(site), /APPROVAL_MISSING/);
  });

  it('somebody approved who owns nothing there', async () => {
    const wanted = await wish(site);
    await approve(wanted.pull, 'linus');
    await tryAll(site, wanted, /APPROVAL_MISSING/);
  });

  it('the pull request names its author as owner', async () => {
    const wanted = await wish(site);
    await owners(site, wanted.branch, '* @linus\n');
    const digest = site.digest(wanted.pull);
    await approve(wanted.pull, 'linus');
    const head = await site.repo.sha(wanted.branch);
    await tryAll(site, { ...wanted, head, digest }, /APPROVAL_MISSING/);
    await owners(site, 'main', '/deploy-configs/ @grace\n');
  });

  it('while the approval of the owner lets it through', async () => {
    const wanted = await wish(site);
    // A second apart from the plan: GitHub's times are no finer.
    await new Promise((resolve) => void setTimeout(resolve, 1100));
    await approve(wanted.pull, 'grace');
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`, 'ada');
    expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(true);
  });
});
