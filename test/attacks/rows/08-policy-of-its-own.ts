// Row 8: a pull request is judged by what held before it, and never by what it brings.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connections, has, host, hostsFile } from '../arena.ts';
import { OPEN_POLICY, expectUntouched, note, openSite } from '../site.ts';
import type { Site } from '../site.ts';

const STRICT = 'deploy: { on: both, by: [maintain], approvals: 1 }\nconfirm: [create]\n';
const FROZEN = 'freeze:\n  - { from: 2020-01-01T00:00:00Z, until: 2099-01-01T00:00:00Z, reason: "closed" }\n';

describe('8 security config changed by the pull request itself', () => {
  let strict: Site;

  beforeAll(async () => {
    strict = await openSite({ policy: STRICT });
  });
  afterAll(async () => {
    await strict.stop();
  });

  let count = 0;
  const selfish = async (site: Site, policy: string | null) => {
    const file = `/etc/attack-8-${++count}`;
    const proposal = await site.propose({ 'policy.yml': policy, [`own-${count}.yml`]: note(file) });
    return { ...proposal, digest: site.digest(proposal.pull), file };
  };

  it.each([
    ['grants itself the right', OPEN_POLICY],
    ['takes the policy away', null],
    ['makes the policy unreadable', 'deploy: { by: [[\n'],
  ])('a pull request that %s, by /deploy', async (_, policy) => {
    const file = `/etc/attack-8-${++count}`;
    const { pull } = await strict.propose({ 'policy.yml': policy, [`own-${count}.yml`]: note(file) });
    const digest = /Plan `([0-9a-f]{12})`/.exec(strict.said(pull))?.[1] ?? '';
    await strict.comment(pull, `/deploy ${digest}`, 'ada');
    expect(strict.said(pull)).toMatch(/NOT_ALLOWED|PLAN_AMBIGUOUS/);
    await expectUntouched(strict, { pull, file });
  });

  it('a pull request that grants itself the right, by its merge', async () => {
    const wanted = await selfish(strict, OPEN_POLICY);
    await strict.merge(wanted.pull);
    expect(strict.said(wanted.pull)).toMatch(/NOT_ALLOWED/);
    expect(strict.said(wanted.pull)).toMatch(/APPROVAL_MISSING/);
    expect(await has('web1', wanted.file)).toBe(false);
    await strict.repo.commit({
      branch: 'main',
      author: 'grace',
      message: 'Strict again',
      files: { 'deploy-configs/policy.yml': STRICT },
    });
    await strict.settled();
  });

  it('a pull request that grants itself the right, merged, and then by /deploy', async () => {
    const site = await openSite({ policy: STRICT });
    try {
      const wanted = await selfish(site, OPEN_POLICY);
      await site.merge(wanted.pull);
      await site.comment(wanted.pull, `/deploy ${site.digest(wanted.pull)}`, 'ada');
      expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(false);
    } finally {
      await site.stop();
    }
  });

  it('a pull request that lifts a freeze', async () => {
    const site = await openSite({ policy: OPEN_POLICY + FROZEN });
    const wanted = await selfish(site, OPEN_POLICY);
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`);
    expect(site.said(wanted.pull)).toMatch(/FROZEN/);
    await expectUntouched(site, wanted);
    await site.stop();
  });

  it('a pull request into a branch of its own, where the policy is lax', async () => {
    const lax = { 'deploy-configs/policy.yml': OPEN_POLICY };
    await strict.repo.commit({ branch: 'lax', author: 'ada', message: 'Lax', files: lax });
    await strict.settled();
    const before = await connections();
    const file = '/etc/attack-8-lax';
    const { pull } = await strict.propose({ 'lax.yml': note(file) }, { base: 'lax' });
    await strict.comment(pull, '/plan', 'ada');
    await strict.comment(pull, '/deploy', 'ada');
    await strict.merge(pull);
    await expectUntouched(strict, { pull, file });
    expect(await connections()).toEqual(before);
  });

  it('a pull request that is retargeted after its plan was shown', async () => {
    const site = await openSite();
    const file = '/etc/attack-8-moved';
    await site.repo.commit({ branch: 'aside', author: 'ada', message: 'Aside', files: { 'README.md': 'x' } });
    const { pull } = await site.propose({ 'moved.yml': note(file) });
    const digest = site.digest(pull);
    await site.repo.editPull(pull, { base: 'aside' }, 'ada');
    await site.settled();
    await site.comment(pull, `/deploy ${digest}`);
    await expectUntouched(site, { pull, file });
    await site.stop();
  });

  it('a pull request that gives a host another key or another address deploys nowhere else than planned', async () => {
    const site = await openSite();
    const [one, two] = [host('web1'), host('web2')];
    const swapped = hostsFile().replace(one.address, 'ADDRESS').replace(two.address, one.address);
    const moved = swapped.replace('ADDRESS', two.address);
    const file = '/etc/attack-8-swapped';
    const { pull, head } = await site.propose({ 'hosts.yml': moved, 'swap.yml': note(file, 'web1') });
    expect(site.said(pull)).toMatch(/HOST_UNCONFIRMED/);
    await site.comment(pull, `/plan ${head.slice(0, 12)}`);
    // The keys are still those of the others, so neither is let in at.
    expect(site.said(pull)).toMatch(/HOST_KEY/);
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    expect(await has('web1', file)).toBe(false);
    expect(await has('web2', file)).toBe(false);
    await site.stop();
  });

  it('a pull request that changes another stack shows it: nothing is deployed that the plan does not list', async () => {
    const site = await openSite({ files: { 'other.yml': note('/etc/attack-8-other', 'web2') } });
    const both = {
      'mine.yml': note('/etc/attack-8-mine'),
      'other.yml': note('/etc/attack-8-other', 'web2', 'not mine'),
    };
    const { pull } = await site.propose(both);
    expect(site.said(pull)).toContain('/etc/attack-8-other');
    expect(site.said(pull)).toContain('web2');
    await site.comment(pull, `/deploy ${site.digest(pull)} --only web1`);
    expect(await has('web2', '/etc/attack-8-other')).toBe(false);
    await site.stop();
  });
});
