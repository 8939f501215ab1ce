// /rollback through the real server: a plan of an earlier commit, confirmed as any other, and what is said of it.
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: merge, by: [write] }\n' });
});
afterEach(async () => {
  await rig.stop();
});

const live = (): readonly unknown[] => [rig.fleet.live.get('web1'), rig.fleet.live.get('web2')];
const last = (pull: number): string => rig.said(pull).at(-1) ?? '';

/** A pull request of this content, merged and so deployed. */
async function merged(content: string): Promise<{ readonly pull: number; readonly sha: string }> {
  const branch = `to-${content}`;
  const files = { [STACK]: content };
  await rig.repo.commit({ branch, base: 'main', author: 'ada', message: content, files });
  const pull = await rig.repo.openPull({ title: content, head: branch, by: 'ada' });
  await rig.settled();
  const sha = await rig.repo.merge(pull, 'grace');
  await rig.settled();
  return { pull, sha };
}

describe('/rollback', () => {
  it('plans what was deployed before, and carries it out when that plan is named', async () => {
    const good = await merged('v2');
    const bad = await merged('v3');
    await rig.comment(bad.pull, '/rollback', 'ada');
    expect(live()).toEqual(['v3', 'v3']);
    const [shown = ''] = rig.said(bad.pull);
    expect(shown).toContain(`Rollback to commit \`${good.sha.slice(0, 7)}\``);
    expect(shown).toContain('until it is merged, every plan of these stacks shows it');
    expect(shown).toContain('rollback');
    expect(shown).not.toContain('· this pull request ·');
    expect(rig.check(good.sha, 'ashore/plan').conclusion).toBe('success');
    await rig.comment(bad.pull, `/deploy ${rig.digest(bad.pull)}`, 'grace');
    expect(live()).toEqual(['v2', 'v2']);
    expect(rig.fleet.deployed.at(-1)).toMatchObject({ by: 'grace', plan: { commit: good.sha } });
    expect(rig.check(good.sha, 'ashore/deploy').conclusion).toBe('success');
    expect(rig.repo.deployments().some(({ sha, statuses }) => sha === good.sha && statuses.length > 0)).toBe(
      true,
    );
    expect(rig.said(bad.pull)[0]).toContain('the hosts and the default branch differ now');
    // Back once more leads further back, and never to what was just left.
    await rig.comment(bad.pull, '/rollback');
    expect(last(bad.pull)).toContain('ROLLBACK_UNKNOWN');
  });

  it('knows by the deployments that GitHub keeps what was good before, when the store was lost', async () => {
    const good = await merged('v2');
    rig.fleet.failing.add('web1');
    await merged('v3');
    const bad = await merged('v4');
    await rig.restart(async () => rig.forgetStore());
    await rig.settled();
    await rig.comment(bad.pull, '/rollback', 'ada');
    expect(rig.said(bad.pull).join('\n')).toContain(`Rollback to commit \`${good.sha.slice(0, 7)}\``);
    await rig.comment(bad.pull, `/deploy ${rig.digest(bad.pull)}`, 'grace');
    expect(live()).toEqual(['v2', 'v2']);
  });

  it('leads to the commit that is named, of the default branch only', async () => {
    const first = await merged('v2');
    await merged('v3');
    const { pull } = await merged('v4');
    await rig.comment(pull, `/rollback ${first.sha.slice(0, 10)}`);
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(live()).toEqual(['v2', 'v2']);
    const stray = await rig.repo.commit({
      branch: 'stray',
      author: 'ada',
      message: 'x',
      files: { [STACK]: 'x' },
    });
    for (const name of [stray, '0123456789']) {
      await rig.comment(pull, `/rollback ${name}`);
      expect(last(pull)).toContain('ROLLBACK_UNKNOWN');
    }
    expect(rig.fleet.deployed).toHaveLength(4);
  });

  it('passes over a deploy that failed', async () => {
    const good = await merged('v2');
    rig.fleet.failing.add('web1');
    await merged('v3');
    const { pull } = await merged('v4');
    await rig.comment(pull, '/rollback shop');
    expect(rig.said(pull)[0]).toContain(`Rollback to commit \`${good.sha.slice(0, 7)}\``);
  });

  it('is refused by its plan once the default branch has moved on', async () => {
    await merged('v2');
    const bad = await merged('v3');
    await rig.comment(bad.pull, '/rollback');
    const digest = rig.digest(bad.pull);
    await rig.repo.commit({ branch: 'main', author: 'grace', message: 'v5', files: { [STACK]: 'v5' } });
    await rig.settled();
    await rig.comment(bad.pull, `/deploy ${digest}`);
    expect(last(bad.pull)).toContain('BRANCH_BEHIND');
    expect(live()).toEqual(['v3', 'v3']);
  });

  it('works bare as well, and is asked the same of as any deploy', async () => {
    await merged('v2');
    const bad = await merged('v3');
    await rig.comment(bad.pull, '/rollback', 'mallory');
    expect(last(bad.pull)).toContain('NOT_ALLOWED');
    await rig.comment(bad.pull, '/rollback');
    await rig.comment(bad.pull, '/deploy', 'mallory');
    expect(last(bad.pull)).toContain('NOT_ALLOWED');
    // GitHub's times have seconds and no more.
    await wait(1100);
    await rig.comment(bad.pull, '/deploy');
    expect(live()).toEqual(['v2', 'v2']);
  });

  it('says so when nothing earlier is known', async () => {
    const pull = await rig.open('v2');
    await rig.comment(pull, '/rollback');
    expect(last(pull)).toContain('ROLLBACK_UNKNOWN');
    expect(last(pull)).toContain('Name a commit of the default branch');
  });
});
