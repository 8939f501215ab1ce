// /cancel through the real server: who may, what is said, and that the wish outlives the server.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeployInput } from '../../src/deploy.ts';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
let gate: PromiseWithResolvers<void>;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: both, by: [maintain] }\n' });
  rig.github.createUser('linus');
  rig.repo.collaborator('linus', 'write');
  gate = Promise.withResolvers<void>();
});
afterEach(async () => {
  gate.resolve();
  await rig.stop();
});

const head = (pull: number): string => rig.repo.pull(pull).head.sha;
const heard = ({ cancel }: DeployInput): Promise<unknown> =>
  rig.github.waitFor(() => cancel?.aborted, { what: 'the wish', within: 60_000 });

/** A deploy by grace that stands still after its first host. */
async function begin(): Promise<number> {
  const pull = await rig.open('v2');
  rig.fleet.between = async (input) => {
    if (rig.fleet.live.get('web2') === 'v1') await Promise.race([gate.promise, heard(input)]);
  };
  await rig.repo.comment(pull, '/deploy', 'grace');
  await rig.github.waitFor(() => rig.fleet.live.get('web1') === 'v2', { what: 'the first host' });
  return pull;
}

describe('/cancel', () => {
  it('stops before the next host, and says what was done, what was not, and how to go on or back', async () => {
    const pull = await begin();
    await rig.comment(pull, '/cancel', 'grace');
    expect([rig.fleet.live.get('web1'), rig.fleet.live.get('web2')]).toEqual(['v2', 'v1']);
    const check = rig.check(head(pull), 'ashore/deploy');
    expect([check.status, check.conclusion]).toEqual(['completed', 'cancelled']);
    expect(check.title).toBe('Cancelled; 1 of 2 hosts done');
    expect(check.summary).toContain('RUN_CANCELLED');
    const said = rig.said(pull).at(-1) ?? '';
    expect(said).toContain('cancelled by grace');
    expect(said).toContain(`/deploy ${rig.digest(pull)}`);
    expect(said).toContain('/rollback');
    rig.fleet.between = async () => undefined;
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(rig.fleet.live.get('web2')).toBe('v2');
  });

  it('is refused to who may not deploy, unless they began it', async () => {
    const pull = await begin();
    await rig.repo.comment(pull, '/cancel', 'linus');
    const refusal = await rig.github.waitFor(
      () => rig.said(pull).find((body) => body.includes('NOT_ALLOWED')),
      {
        what: 'the refusal',
      },
    );
    expect(refusal).toContain('grace, or maintain');
    expect(rig.fleet.deployed[0]?.cancel?.aborted).toBe(false);
    gate.resolve();
    await rig.settled();
    expect(rig.fleet.live.get('web2')).toBe('v2');
  });

  it('is obeyed by the server that comes after the one that was asked', async () => {
    const pull = await begin();
    const run = rig.fleet.deployed[0]?.run ?? '';
    await rig.restart(async () => {
      rig.github.loseDeliveries(() => true);
      await rig.repo.comment(pull, `/cancel ${run}`, 'grace');
      rig.github.loseDeliveries(() => false);
    });
    const lost = rig.github.deliveries().find(({ event }) => event === 'issue_comment');
    rig.github.redeliver(lost?.id ?? 0);
    await rig.github.waitFor(() => rig.check(head(pull), 'ashore/deploy').conclusion ?? undefined, {
      what: 'the end',
    });
    expect(rig.fleet.deployed.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('cancelled');
    expect(rig.fleet.live.get('web2')).toBe('v1');
  });

  it.each([
    ['/cancel', 'no deploy of this pull request goes on'],
    ['/cancel pr-1-000000000000', 'there is no run pr-1-000000000000'],
    ['/cancel one two', 'wants one run at most'],
  ])('%s says when there is nothing to stop', async (body, words) => {
    const pull = await rig.open('v2');
    await rig.comment(pull, body);
    expect(rig.said(pull).at(-1)).toContain(words);
  });
});

describe('a deploy that was asked for and is tried again while GitHub fails', () => {
  const PERMISSION = 'repos/get-collaborator-permission-level';
  const asked = (): number => rig.github.calls().get(PERMISSION) ?? 0;
  const said = (pull: number, words: string): Promise<unknown> =>
    rig.github.waitFor(() => rig.said(pull).some((body) => body.includes(words)), {
      what: words,
      within: 60_000,
    });

  /** GitHub names a time, so that it is not tried again sooner. */
  async function retrying(by: string): Promise<number> {
    const pull = await rig.open('v2');
    const before = asked();
    rig.github.failNext({
      path: PERMISSION,
      status: 403,
      body: { message: 'You have exceeded a secondary rate limit.' },
      headers: { 'retry-after': '25' },
    });
    await rig.repo.comment(pull, '/deploy', by);
    await rig.github.waitFor(() => asked() > before, { what: 'the first try', within: 60_000 });
    return pull;
  }

  it('does not begin any more, and both say so', async () => {
    const pull = await retrying('grace');
    await rig.repo.comment(pull, '/cancel', 'linus');
    await said(pull, 'NOT_ALLOWED');
    await rig.repo.comment(pull, '/cancel', 'grace');
    await said(pull, '`grace` ended `/deploy`');
    await rig.settled();
    expect(rig.said(pull).at(-1)).toContain('RUN_CANCELLED');
    expect(rig.fleet.deployed).toEqual([]);
    await rig.comment(pull, '/deploy');
    expect(rig.fleet.live.get('web1')).toBe('v2');
  });

  it('of another pull request, or asked for after the /cancel, is none of its business', async () => {
    const pull = await retrying('grace');
    await rig.repo.commit({
      branch: 'other',
      base: 'main',
      author: 'ada',
      message: 'v3',
      files: { [STACK]: 'v3' },
    });
    const other = await rig.repo.openPull({ title: 'v3', head: 'other', by: 'ada' });
    await rig.github.waitFor(() => rig.said(other)[0], { what: 'the plan', within: 60_000 });
    await rig.repo.comment(other, '/cancel', 'grace');
    await said(other, 'no deploy of this pull request goes on');
    await rig.settled();
    expect([rig.fleet.live.get('web1'), rig.fleet.deployed.length]).toEqual(['v2', 1]);
    expect(rig.said(pull).some((body) => body.includes('RUN_CANCELLED'))).toBe(false);
  });
});

describe('a merge whose hosts another deploy holds', () => {
  it('waits for its turn, says for whom and what ends that, and then goes on', async () => {
    const first = await begin();
    const run = rig.fleet.deployed[0]?.run ?? '';
    const files = { [STACK]: 'v3' };
    await rig.repo.commit({ branch: 'other', base: 'main', author: 'ada', message: 'v3', files });
    rig.fleet.live.set('web1', 'v1');
    const second = await rig.repo.openPull({ title: 'v3', head: 'other', by: 'ada' });
    await rig.github.waitFor(() => rig.said(second)[0], { what: 'the plan' });
    const sha = await rig.repo.merge(second, 'grace');
    const waits = (): boolean => rig.repo.checkRuns(sha).some(({ title }) => title === 'Waits for its turn');
    await rig.github.waitFor(waits, { what: 'the wait', within: 60_000 });
    const { summary, status } = rig.check(sha, 'ashore/deploy');
    expect(status).toBe('in_progress');
    expect(summary).toContain(`held by run ${run} of grace`);
    expect(summary).toContain(`/cancel ${run}`);
    rig.fleet.between = async () => undefined;
    await rig.repo.comment(first, `/cancel ${run}`, 'grace');
    const ended = (): string | undefined => rig.check(sha, 'ashore/deploy').conclusion ?? undefined;
    await rig.github.waitFor(ended, { what: 'the end', within: 60_000 });
    await rig.settled();
    expect([rig.fleet.live.get('web1'), rig.fleet.live.get('web2')]).toEqual(['v3', 'v3']);
    expect(rig.repo.checkRuns(sha).map((each) => [each.name, each.conclusion])).toEqual([
      ['ashore/deploy', 'success'],
    ]);
  });

  it('keeps those behind it waiting, which are shown and ended before it is their turn', async () => {
    await begin();
    const openOn = async (branch: string, content: string): Promise<number> => {
      const files = { [STACK]: content };
      await rig.repo.commit({ branch, base: 'main', author: 'ada', message: branch, files });
      const pull = await rig.repo.openPull({ title: branch, head: branch, by: 'ada' });
      await rig.github.waitFor(() => rig.said(pull)[0], { what: 'the plan', within: 60_000 });
      return pull;
    };
    const second = await openOn('second', 'v3');
    const sha = await rig.repo.merge(second, 'grace');
    const waits = (): boolean => rig.repo.checkRuns(sha).some(({ title }) => title === 'Waits for its turn');
    await rig.github.waitFor(waits, { what: 'the wait', within: 60_000 });
    const third = await openOn('third', 'v4');
    const behind = await rig.repo.merge(third, 'grace');
    await rig.github.settled();
    const ask = async (body: string, by: string, words: string): Promise<void> => {
      await rig.repo.comment(third, body, by);
      const said = (): boolean => rig.said(third).some((each) => each.includes(words));
      await rig.github.waitFor(said, { what: words, within: 60_000 });
    };
    await ask('/status', 'grace', `The merge of #${third} by \`grace\` comes after other merges`);
    await ask('/cancel', 'linus', 'NOT_ALLOWED');
    await ask('/cancel', 'grace', '`grace` ended the wait');
    await rig.repo.comment(second, '/cancel', 'grace');
    const over = (): boolean => rig.check(sha, 'ashore/deploy').conclusion === 'action_required';
    await rig.github.waitFor(over, { what: 'the end of the second', within: 60_000 });
    gate.resolve();
    await rig.settled();
    expect(rig.check(behind, 'ashore/deploy').conclusion).toBe('action_required');
    expect(rig.said(third).at(-1)).toContain('RUN_CANCELLED');
    expect(rig.fleet.deployed.length).toBe(1);
  });

  it('is not deployed when somebody ends its wait, and who may not is refused', async () => {
    await begin();
    const files = { [STACK]: 'v3' };
    await rig.repo.commit({ branch: 'other', base: 'main', author: 'ada', message: 'v3', files });
    rig.fleet.live.set('web1', 'v1');
    const second = await rig.repo.openPull({ title: 'v3', head: 'other', by: 'ada' });
    await rig.github.waitFor(() => rig.said(second)[0], { what: 'the plan' });
    const sha = await rig.repo.merge(second, 'grace');
    const waits = (): boolean => rig.repo.checkRuns(sha).some(({ title }) => title === 'Waits for its turn');
    await rig.github.waitFor(waits, { what: 'the wait', within: 60_000 });
    const answered = (words: string): Promise<unknown> =>
      rig.github.waitFor(() => rig.said(second).some((body) => body.includes(words)), {
        what: words,
        within: 60_000,
      });
    await rig.repo.comment(second, '/status', 'grace');
    await answered(`The merge of #${second} by \`grace\` waits for its turn`);
    await rig.repo.comment(second, '/cancel', 'linus');
    await answered('NOT_ALLOWED');
    await rig.repo.comment(second, '/cancel', 'grace');
    await answered('`grace` ended the wait');
    await answered('RUN_CANCELLED');
    expect(rig.fleet.deployed.length).toBe(1);
    gate.resolve();
    await rig.settled();
    expect([rig.fleet.live.get('web2'), rig.fleet.deployed.length]).toEqual(['v2', 1]);
    expect(rig.check(sha, 'ashore/deploy').conclusion).toBe('action_required');
    await rig.comment(second, '/cancel', 'grace');
    expect(rig.said(second).at(-1)).toContain('no deploy of this pull request goes on');
  });
});
