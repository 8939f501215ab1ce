// Row 15: where nobody has decided anything, nothing is open to who may only read, and nothing is deployed before it is merged.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connections, has, host } from '../arena.ts';
import { expectUntouched, note, openSite, wish } from '../site.ts';
import type { Site } from '../site.ts';

describe('15 default installation too open', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ policy: null });
  });
  afterAll(async () => {
    await site.stop();
  });

  it('without a policy /deploy does nothing before the merge, whoever says it', async () => {
    const wanted = await wish(site);
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`, 'grace');
    expect(site.said(wanted.pull)).toMatch(/MODE_MERGE_ONLY/);
    await expectUntouched(site, wanted);
  });

  it('without a policy a reader gets nothing, not even a look', async () => {
    const wanted = await wish(site);
    const before = await connections();
    for (const command of ['/plan', '/deploy', `/deploy ${wanted.digest}`]) {
      await site.comment(wanted.pull, command, 'mallory');
    }
    await site.merge(wanted.pull, 'mallory');
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`, 'mallory');
    await site.settled();
    expect(site.said(wanted.pull)).toMatch(/NOT_ALLOWED/);
    expect(await has('web1', wanted.file)).toBe(false);
    // The merge itself is a fact, and is looked at; the comments are not.
    expect((await connections())[1]).toBe(before[1]);
  });

  it('without a policy a merge by a bot deploys nothing', async () => {
    const wanted = await wish(site);
    const { bot } = site.github.createApp('auto-merge');
    site.repo.collaborator(bot.login, 'admin');
    await site.merge(wanted.pull, bot.login);
    expect(site.said(wanted.pull)).toMatch(/NOT_ALLOWED/);
    expect(await has('web1', wanted.file)).toBe(false);
  });

  it.each([
    ['no policy at all', null],
    ['a policy that names nobody', 'deploy: { on: both }\nconfirm: []\n'],
    ['a policy of another stack', 'deploy: { on: both }\nstacks: { other: { by: [write] } }\n'],
  ])('%s: a plan is shown with the line to add, and nothing is deployed by anybody', async (_, policy) => {
    const closed = await openSite({ policy });
    const wanted = await wish(closed);
    expect(closed.said(wanted.pull)).toMatch(/POLICY_MISSING.*deploy: \{ on: \w+, by: \[write\] \}/);
    await closed.comment(wanted.pull, `/deploy ${wanted.digest}`, 'grace');
    const buttons = closed.check(wanted.head, 'ashore/plan').actions.map(({ identifier }) => identifier);
    expect(buttons).not.toContain('deploy');
    await closed.merge(wanted.pull, 'grace');
    await closed.comment(wanted.pull, `/deploy ${closed.digest(wanted.pull)}`, 'grace');
    expect(closed.said(wanted.pull).match(/was \*\*refused/g)?.length).toBe(3);
    await expectUntouched(closed, wanted);
    await closed.stop();
  });

  it('with the shortest policy a merge deletes nothing that was not confirmed', async () => {
    const shortest = await openSite({ policy: 'deploy: { by: [write] }\n' });
    const file = '/etc/attack-15';
    const made = await shortest.propose({ 'gone.yml': note(file) });
    await shortest.merge(made.pull);
    expect(await has('web1', file), shortest.said(made.pull)).toBe(true);
    const gone = await shortest.propose({ 'gone.yml': null });
    await shortest.merge(gone.pull);
    expect(shortest.said(gone.pull)).toMatch(/CONFIRMATION_NEEDED/);
    const command = `/deploy ${shortest.digest(gone.pull)}`;
    for (const words of ['/deploy', command, `${command} --confirm 00000000`]) {
      await shortest.comment(gone.pull, words, 'ada');
      expect(await has('web1', file), words).toBe(true);
    }
    const token = / --confirm ([0-9a-f]{8})/.exec(shortest.said(gone.pull))?.[1];
    await shortest.comment(gone.pull, `${command} --confirm ${token}`, 'ada');
    expect(await has('web1', file), shortest.said(gone.pull)).toBe(false);
    await shortest.stop();
  });

  it('a push past any pull request deploys nothing', async () => {
    const sha = await site.push('main', { 'direct.yml': note('/etc/attack-15-direct') }, 'grace');
    expect(site.check(sha, 'ashore/plan').conclusion).toBe('neutral');
    expect(await has('web1', '/etc/attack-15-direct')).toBe(false);
  });

  it('a host without a key is no host: nothing is trusted on first use', async () => {
    const hosts = `hosts:\n  web1: { address: ${host('web1').address} }\n`;
    const before = await connections();
    const { head } = await site.propose({ 'hosts.yml': hosts, 'x.yml': note('/etc/attack-15-tofu') });
    expect(site.check(head, 'ashore/plan').conclusion).toBe('failure');
    expect(await connections()).toEqual(before);
  });

  it('a policy that cannot be read closes every door', async () => {
    const broken = await openSite({ policy: 'deploy: { by: [everybody] }\n' });
    const { pull } = await broken.propose({ 'a.yml': note('/etc/attack-15-broken') });
    const digest = /Plan `([0-9a-f]{12})`/.exec(broken.said(pull))?.[1] ?? '';
    await broken.comment(pull, `/deploy ${digest}`);
    await broken.comment(pull, '/plan');
    await broken.merge(pull, 'grace');
    expect(broken.said(pull)).toMatch(/CONFIG_INVALID/);
    expect(await has('web1', '/etc/attack-15-broken')).toBe(false);
    await broken.stop();
  });
});
