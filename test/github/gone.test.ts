// What is gone from GitHub in the middle of things: branches, commits, the App itself. What is said stays true.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n' });
});
afterEach(async () => {
  await rig.stop();
});

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
