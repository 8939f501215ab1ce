// What is gone from GitHub in the middle of things: branches, commits, the App itself. What is said stays true.
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n' });
});
afterEach(async () => {
  await rig.stop();
});

/** Why deliveries have failed. */
function failed(): readonly unknown[] {
  const store = new DatabaseSync(`${rig.settings.data}/ashore.db`, { readOnly: true });
  try {
    return store.prepare(`select error from deliveries where state = 'failed'`).all();
  } finally {
    store.close();
  }
}

const head = (pull: number): string => rig.repo.pull(pull).head.sha;

describe('a pull request', () => {
  it('whose branch is deleted is closed, and nothing of it is deployed any more', async () => {
    const pull = await rig.open('v2', { branch: 'topic' });
    const digest = rig.digest(pull);
    await rig.repo.deleteBranch('topic', 'ada');
    await rig.settled();
    await rig.comment(pull, `/deploy ${digest}`);
    expect(rig.said(pull).at(-1)).toContain('PLAN_SUPERSEDED');
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('whose newest commit was pushed away is planned for what is there now', async () => {
    const pull = await rig.open('v2', { branch: 'topic' });
    const first = head(pull);
    const gone = await rig.push('topic', 'v3');
    await rig.repo.forcePush('topic', first, 'ada');
    await rig.settled();
    expect(rig.check(gone, 'ashore/plan')).toMatchObject({ conclusion: 'neutral', actions: [] });
    expect(rig.check(first, 'ashore/plan').conclusion).toBe('success');
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(rig.fleet.live.get('web1')).toBe('v2');
  });
});

describe('a pull request from a fork that is deleted', () => {
  const HOSTS = { [STACK]: 'v2' };

  async function fork(): Promise<number> {
    rig.github.createUser('stranger');
    const forked = await rig.github.createRepo('stranger', 'infra', { forkOf: rig.repo });
    await forked.commit({ branch: 'topic', author: 'stranger', message: 'Change', files: HOSTS });
    const pull = await rig.repo.openPull({ title: 'Change', head: 'topic', by: 'stranger', from: forked });
    await rig.settled();
    rig.github.deleteRepo(forked);
    return pull;
  }

  it('is still one of a stranger, and is planned when a maintainer names its commit', async () => {
    const pull = await fork();
    await rig.comment(pull, '/plan');
    expect(rig.said(pull).at(-1)).toContain('FORK_STATIC_ONLY');
    expect(rig.fleet.planned).toEqual([]);
    await rig.comment(pull, `/plan ${head(pull)}`);
    expect(rig.check(head(pull), 'ashore/plan').conclusion).toBe('success');
  });

  it('is deployed when it is merged', async () => {
    const pull = await fork();
    await rig.comment(pull, `/plan ${head(pull)}`);
    const sha = await rig.repo.merge(pull, 'grace');
    await rig.settled();
    expect(rig.check(sha, 'ashore/deploy').conclusion).toBe('success');
    expect(rig.fleet.live.get('web2')).toBe('v2');
  });
});

describe('a pull request whose base branch is deleted', () => {
  async function stacked(): Promise<number> {
    await rig.repo.commit({ branch: 'below', author: 'ada', message: 'Below', files: { 'README.md': 'x' } });
    const files = { [STACK]: 'v2' };
    await rig.repo.commit({ branch: 'above', base: 'below', author: 'ada', message: 'Above', files });
    const pull = await rig.repo.openPull({ title: 'Above', head: 'above', base: 'below', by: 'ada' });
    await rig.settled();
    return pull;
  }

  it('is closed by that, and nobody hears of it', async () => {
    const pull = await stacked();
    await rig.repo.deleteBranch('below', 'ada');
    await rig.settled();
    expect([rig.repo.pull(pull).merged, rig.said(pull), rig.fleet.planned]).toEqual([undefined, [], []]);
    expect(failed()).toEqual([]);
  });

  it('is none of our business when it was merged before', async () => {
    const pull = await stacked();
    rig.github.setWebhookUrl('http://127.0.0.1:9/nobody');
    await rig.repo.merge(pull, 'grace');
    await rig.repo.deleteBranch('below', 'ada');
    await rig.restart();
    await rig.settled();
    expect([rig.said(pull), rig.fleet.deployed]).toEqual([[], []]);
    expect(failed()).toEqual([]);
  });

  it('is answered when somebody asks for its plan', async () => {
    const pull = await stacked();
    await rig.repo.deleteBranch('below', 'ada');
    await rig.settled();
    await rig.comment(pull, '/plan');
    expect(rig.said(pull)).toHaveLength(1);
    expect(rig.said(pull)[0]).not.toContain('GITHUB_FAILED');
  });
});

describe('the App', () => {
  it.each([
    ['suspended', () => rig.github.suspend(rig.repo, true), () => rig.github.suspend(rig.repo, false)],
    ['removed', () => rig.github.uninstall(rig.repo), () => void rig.github.install(rig.repo.repository)],
  ])('%s while a deploy goes on says what became of it when it is back', async (_, leave, back) => {
    const pull = await rig.open('v2');
    const gate = Promise.withResolvers<void>();
    rig.fleet.during = () => gate.promise;
    await rig.repo.comment(pull, '/deploy', 'grace');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy' });
    leave();
    gate.resolve();
    await rig.github.waitFor(() => rig.fleet.live.get('web2') === 'v2', { what: 'the hosts' });
    await rig.settled();
    expect(rig.said(pull).join('\n')).not.toContain('**Deployed to 2 hosts');
    await rig.restart(async () => back());
    const told = (): boolean => rig.said(pull).some((body) => body.includes('**Deployed to 2 hosts'));
    await rig.github.waitFor(told, { what: 'the end', within: 60_000 });
    await rig.settled();
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
    expect(rig.fleet.deployed).toHaveLength(1);
  });
});
