// How a run ends for all who look: once, alike on every surface, and in the end also where GitHub gave no access for long.
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
async function start(): Promise<void> {
  rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n' });
}
afterEach(async () => {
  await rig.stop();
});

const DEPLOY = 'ashore/deploy';
const head = (pull: number): string => rig.repo.pull(pull).head.sha;
const asked = (operation: string): number => rig.github.calls().get(operation) ?? 0;
const states = (): readonly (readonly string[])[] =>
  rig.repo.deployments().map(({ statuses }) => statuses.map(({ state }) => state));
/** Long enough for a few more tries. */
const pause = (): Promise<void> => wait(1000);

describe('the end of a deploy', () => {
  it('that may not be said in a locked conversation is said everywhere else, once', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.failing.add('web1');
    const before = asked('issues/create-comment');
    const body = { message: 'Unable to create comment because issue is locked.' };
    rig.fleet.during = async () =>
      rig.github.failNext({ path: 'issues/create-comment', status: 403, times: 1000, body });
    await rig.comment(pull, '/deploy');
    await pause();
    expect(asked('issues/create-comment') - before).toBe(1);
    expect(states()).toEqual([['in_progress', 'failure']]);
    expect(rig.check(head(pull), DEPLOY).conclusion).toBe('failure');
  });

  it('is not said twice where it was said when another place fails', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.failing.add('web1');
    rig.fleet.during = async () =>
      rig.github.failNext({ path: 'issues/create-comment', status: 502, times: 5 });
    const before = asked('checks/update');
    await rig.comment(pull, '/deploy');
    await rig.github.waitFor(() => rig.said(pull).length > 1, { what: 'the reply', within: 20_000 });
    await rig.settled();
    expect(asked('checks/update') - before).toBeLessThanOrEqual(2);
    expect(states()).toEqual([['in_progress', 'failure']]);
  });

  it('that nobody could look at afterwards is the same on every surface', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.unseen.add('web1');
    const comment = await rig.comment(pull, '/deploy');
    expect(rig.check(head(pull), DEPLOY).conclusion).toBe('failure');
    expect(states()).toEqual([['in_progress', 'failure']]);
    expect(rig.reactions(comment)).toEqual(['eyes', 'confused']);
    expect(rig.said(pull).at(-1)).toContain('not looked at afterwards');
    expect(rig.said(pull)).toHaveLength(2);
  });
});
