// One delivery at work at a time: what only waits keeps nobody from their turn, and what was done is not done again.
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
let gate: PromiseWithResolvers<void>;
beforeEach(async () => {
  gate = Promise.withResolvers<void>();
  rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n', atOnce: 1 });
});
afterEach(async () => {
  gate.resolve();
  await rig.stop();
});

const HELP = '/rollback';
const helped = (pull: number): number => rig.said(pull).filter((body) => body.includes(HELP)).length;
const answered = (pull: number): Promise<unknown> =>
  rig.github.waitFor(() => helped(pull) > 0, { what: 'the help', within: 15_000 });

describe('others are answered', () => {
  it('while a delivery waits for GitHub', async () => {
    const pull = await rig.open('v2');
    const path = 'repos/get-collaborator-permission-level';
    const before = rig.github.calls().get(path) ?? 0;
    const body = { message: 'You have exceeded a secondary rate limit.' };
    rig.github.failNext({ path, status: 403, body, headers: { 'retry-after': '30' } });
    await rig.repo.comment(pull, '/freeze all Christmas', 'grace');
    const asked = (): boolean => (rig.github.calls().get(path) ?? 0) > before;
    await rig.github.waitFor(asked, { what: 'the first try', within: 60_000 });
    await rig.repo.comment(pull, '/help', 'grace');
    await answered(pull);
    expect(rig.said(pull).some((each) => each.includes('Christmas'))).toBe(false);
    await rig.settled();
    expect(rig.said(pull).at(-1)).toContain('Christmas');
  });

  it('while merges are deployed and wait for their turn, which keep theirs', async () => {
    const pull = await rig.open('v2');
    rig.fleet.during = () => gate.promise;
    const openOn = async (branch: string): Promise<number> => {
      const files = { [STACK]: branch };
      await rig.repo.commit({ branch, base: 'main', author: 'ada', message: branch, files });
      const number = await rig.repo.openPull({ title: branch, head: branch, by: 'ada' });
      await rig.github.waitFor(() => rig.said(number)[0], { what: 'the plan', within: 60_000 });
      return number;
    };
    await rig.repo.comment(pull, '/deploy', 'grace');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy', within: 60_000 });
    const waiting = await rig.repo.merge(await openOn('v3'), 'grace');
    const waits = (): boolean =>
      rig.repo.checkRuns(waiting).some(({ title }) => title === 'Waits for its turn');
    await rig.github.waitFor(waits, { what: 'the wait', within: 60_000 });
    await rig.repo.comment(pull, '/help', 'grace');
    await answered(pull);
    rig.fleet.live.set('web1', 'v1');
    rig.fleet.live.set('web2', 'v1');
    gate.resolve();
    await rig.settled();
    expect(rig.check(waiting, 'ashore/deploy').status).toBe('completed');
  });

  it('while a merge is deployed', async () => {
    const pull = await rig.open('v2');
    rig.fleet.during = () => gate.promise;
    await rig.repo.merge(pull, 'grace');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy', within: 60_000 });
    await rig.repo.comment(pull, '/help', 'grace');
    await answered(pull);
    gate.resolve();
    await rig.settled();
    expect(rig.fleet.live.get('web1')).toBe('v2');
  });
});

it('a delivery whose end cannot be kept is held, and not handled again', async () => {
  const pull = await rig.open('v2');
  const heard = (): number => rig.github.calls().get('issues/get-comment') ?? 0;
  const store = new DatabaseSync(`${rig.settings.data}/ashore.db`, { timeout: 5000 });
  store.exec(`create trigger full before update of state on deliveries when new.state in ('done', 'failed')
    begin select raise(abort, 'database or disk is full'); end`);
  const before = heard();
  await rig.repo.comment(pull, '/help', 'grace');
  await answered(pull);
  await wait(2500);
  expect([helped(pull), heard() - before]).toEqual([1, 1]);
  store.exec('drop trigger full');
  await rig.settled();
  const open = store.prepare(`select count(*) as n from deliveries where state in ('pending', 'running')`);
  expect({ ...open.get() }).toEqual({ n: 0 });
  store.close();
  expect([helped(pull), heard() - before]).toEqual([1, 1]);
});
