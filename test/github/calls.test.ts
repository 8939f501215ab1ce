// How often GitHub is asked on the way from a push to a comment. A repository has 5,000 calls an hour, for all that it does.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

/** What was asked while `work` was done, what the server asks by itself at its start left out. */
async function callsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  await rig.settled();
  const before = new Map(rig.github.calls());
  await work();
  const asked = [...rig.github.calls()].map(
    ([name, times]) => [name, times - (before.get(name) ?? 0)] as const,
  );
  const all = Object.fromEntries(
    asked.filter(([name, times]) => times > 0 && !/^apps\/|^repos\/get$/.test(name)),
  );
  // Its end, and how far it is where that takes more than two seconds, as it may on a busy machine.
  const { 'checks/update': updates, ...rest } = all;
  expect(updates).toBeOneOf([1, 2, 3]);
  return rest;
}

/** Reads what is true now, and says it: one check run that begins and ends, and one comment. */
const EACH = {
  'pulls/get': 1,
  'git/get-ref': 1,
  'repos/compare-commits-with-basehead': 1,
  'repos/get-branch': 1,
  'POST /graphql': 1,
  // Whether an earlier process began the same check run and died before it knew its number.
  'checks/list-for-ref': 1,
  'checks/create': 1,
};

/** The tree of the new commit and that of its deploy-configs/; the default branch was read when it was pushed. */
const TREES = 2;

it('a push is planned and shown with what is new in it, and nothing is asked twice', async () => {
  const change = { ...EACH, 'git/get-tree': TREES, 'git/get-blob': 1 };
  expect(await callsOf(() => rig.open('v2'))).toEqual({ ...change, 'issues/create-comment': 1 });
  expect(await callsOf(() => rig.push('change-1', 'v3'))).toEqual({
    ...change,
    'issues/get-comment': 1,
    'issues/update-comment': 1,
  });
});

it('the same commit once more costs no tree and no blob', async () => {
  const pull = await rig.open('v2');
  const asked = await callsOf(() => rig.comment(pull, '/plan'));
  expect(Object.keys(asked).filter((name) => name.startsWith('git/get-'))).toEqual(['git/get-ref']);
  expect(asked).toMatchObject({ 'checks/create': 1 });
  expect(asked).not.toHaveProperty('issues/create-comment');
});
