// What is answered: once, and to everybody who asked, although GitHub fails or the server dies between doing and saying.
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: both, by: [maintain] }\n' });
});
afterEach(async () => {
  await rig.stop();
});

const REPLY = 'issues/create-comment';

/** Both times that it is tried: when its answer is lost it is looked for, and written again. */
function refuseReply(): void {
  rig.github.failNext({ path: REPLY, status: 502, times: 2 });
}

/** As if the server had died before it could keep that these had ended. */
async function dieOver(events: string): Promise<void> {
  await rig.restart(async () => {
    const store = new DatabaseSync(`${rig.settings.data}/ashore.db`);
    store.exec(`update deliveries set state = 'running', owner = 'gone', ended_at = null where ${events}`);
    store.close();
  });
  await rig.settled();
}

const said = (pull: number, words: string): number =>
  rig.said(pull).filter((body) => body.includes(words)).length;

describe('a merge that is refused', () => {
  const ended = (sha: string): readonly unknown[] =>
    rig.repo.checkRuns(sha).map(({ name, conclusion }) => [name, conclusion]);

  it('says why although GitHub does not take the reply at first', async () => {
    const pull = await rig.open('v2');
    refuseReply();
    const sha = await rig.repo.merge(pull, 'ada');
    await rig.settled();
    expect(said(pull, 'NOT_ALLOWED')).toBe(1);
    expect(ended(sha)).toEqual([['ashore/deploy', 'action_required']]);
  });

  it('says it once although GitHub does not take the end of its check run', async () => {
    const pull = await rig.open('v2');
    rig.github.failNext({ path: 'checks/update', status: 502, times: 2 });
    const sha = await rig.repo.merge(pull, 'ada');
    await rig.settled();
    expect(said(pull, 'NOT_ALLOWED')).toBe(1);
    expect(ended(sha)).toEqual([['ashore/deploy', 'action_required']]);
  });

  it('stays refused when a server died behind that, although it would be allowed by now', async () => {
    const pull = await rig.open('v2');
    const sha = await rig.repo.merge(pull, 'ada');
    await rig.settled();
    // What stands for no end of the merge, so that it is looked at again.
    for (const run of rig.repo.checkRuns(sha)) Object.assign(run, { conclusion: 'failure', externalId: '' });
    rig.repo.collaborator('ada', 'maintain');
    await dieOver(`event = 'pull_request' and group_key like '%@refs/heads/main'`);
    expect(said(pull, 'NOT_ALLOWED')).toBe(1);
    expect(ended(sha).at(-1)).toEqual(['ashore/deploy', 'action_required']);
    expect(rig.fleet.deployed).toEqual([]);
  });
});

describe('a command', () => {
  it('that did what it does is told so although GitHub does not take the reply at first', async () => {
    const pull = await rig.open('v2');
    await rig.comment(pull, '/freeze all Christmas');
    refuseReply();
    await rig.comment(pull, '/unfreeze all');
    expect(rig.said(pull).at(-1)).toContain('Nothing is frozen');
    expect(said(pull, 'COMMAND_INVALID')).toBe(0);
  });

  it('to cancel is told what it was first, however far the run is by then', async () => {
    const pull = await rig.open('v2');
    const cancelled = Promise.withResolvers<void>();
    rig.fleet.between = async ({ cancel }) => {
      cancel?.addEventListener('abort', () => cancelled.resolve());
      await cancelled.promise;
    };
    await rig.repo.comment(pull, '/deploy', 'grace');
    await rig.github.waitFor(() => rig.fleet.live.get('web1') === 'v2', { what: 'it', within: 60_000 });
    refuseReply();
    await rig.comment(pull, '/cancel', 'grace');
    await rig.github.waitFor(() => said(pull, 'was asked to stop by `grace`'), { what: 'the answer' });
    await rig.settled();
    expect([said(pull, 'was asked to stop'), said(pull, 'COMMAND_INVALID')]).toEqual([1, 0]);
    expect(rig.fleet.live.get('web2')).toBe('v1');
  });

  it.each(['/help', '/deploy 000000000000', '/deplo'])(
    '%s is answered once although a server died over it',
    async (command) => {
      const pull = await rig.open('v2');
      await rig.comment(pull, command);
      const before = rig.said(pull);
      expect(before).toHaveLength(2);
      await dieOver(`event = 'issue_comment'`);
      expect(rig.said(pull)).toEqual(before);
    },
  );
});

it('a button is answered once although a server died over it', async () => {
  const pull = await rig.open('v2');
  const { id } = rig.check(rig.repo.pull(pull).head.sha, 'ashore/plan');
  await rig.repo.clickAction(id, 'deploy', 'ada');
  await rig.settled();
  const before = rig.said(pull);
  expect(before.at(-1)).toContain('NOT_ALLOWED');
  await dieOver(`event = 'check_run'`);
  expect(rig.said(pull)).toEqual(before);
});
