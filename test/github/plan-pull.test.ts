// From a pull request to its plan, through the real server and GitHub's double.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

describe('a pull request that changes deploy-configs/', () => {
  it('gets a check run and one comment with the plan', async () => {
    const pull = await rig.open('v2');
    const { head } = rig.repo.pull(pull);
    const check = rig.check(head.sha, 'ashore/plan');
    expect([check.status, check.conclusion]).toEqual(['completed', 'success']);
    expect(check.title).toBe('2 hosts change');
    expect(rig.said(pull)).toEqual([expect.stringContaining('2 hosts change')]);
    expect(rig.fleet.live.get('web1')).toBe('v1');
  });
});
