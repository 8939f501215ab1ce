// From a command, a button or a merge to a deploy and what is said about it, through the real server and GitHub's double.
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { CheckRun, Deployment } from '../support/github/state.ts';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig, RigOptions } from './rig.ts';

let rig: Rig;
async function start(options?: RigOptions): Promise<void> {
  rig = await startRig(options);
}
afterEach(async () => {
  await rig.stop();
});

const COMMENT = { policy: 'deploy: { on: comment, by: [write] }\n' };
const DEPLOY = 'ashore/deploy';
const head = (pull: number): string => rig.repo.pull(pull).head.sha;
const live = (): readonly unknown[] => [rig.fleet.live.get('web1'), rig.fleet.live.get('web2')];
const outcome = ({ status, conclusion }: CheckRun) => [status, conclusion];
const states = ({ statuses }: Deployment) => statuses.map((status) => status.state);
const last = (pull: number): string => rig.said(pull).at(-1) ?? '';

async function merge(
  pull: number,
  method: 'merge' | 'squash' | 'rebase' = 'merge',
  by = 'grace',
): Promise<string> {
  const sha = await rig.repo.merge(pull, by, method);
  await rig.settled();
  return sha;
}

describe('/deploy before the merge', () => {
  it('carries out the plan that it names, and says so everywhere', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    const comment = await rig.comment(pull, `/deploy ${rig.digest(pull)}`, 'ada');
    expect(live()).toEqual(['v2', 'v2']);
    expect(rig.fleet.deployed).toMatchObject([{ by: 'ada', plan: { commit: head(pull) } }]);
    expect(rig.reactions(comment)).toEqual(['eyes', 'rocket']);
    const check = rig.check(head(pull), DEPLOY);
    expect(outcome(check)).toEqual(['completed', 'success']);
    expect(check.externalId).toBe(rig.fleet.deployed[0]?.run);
    expect(check.externalId).toMatch(/^[a-z0-9-]{1,40}$/);
    expect(rig.said(pull)).toHaveLength(1);
    expect(last(pull)).toContain('asked for by `ada`');
    const [deployment] = rig.repo.deployments();
    expect(deployment).toMatchObject({
      environment: 'shop',
      sha: head(pull),
      payload: { run: check.externalId ?? '' },
    });
    expect(deployment && states(deployment).toSorted()).toEqual(['in_progress', 'success']);
    expect(deployment?.statuses.at(-1)?.logUrl).toContain(`/runs/${check.id}`);
  });

  it('works bare, when the only plan was shown before', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    await rig.comment(pull, '/deploy');
    expect(live()).toEqual(['v2', 'v2']);
  });

  it('is refused bare when the plan was shown only after the comment was written', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2', { branch: 'topic' });
    rig.github.loseDeliveries((event) => event === 'issue_comment.created');
    await rig.comment(pull, '/deploy');
    const lost = rig.github.deliveries().find((delivery) => delivery.event === 'issue_comment');
    // GitHub's times have seconds and no more.
    await wait(1100);
    await rig.push('topic', 'v3');
    rig.github.loseDeliveries(() => false);
    rig.github.redeliver(lost?.id ?? 0);
    await rig.settled();
    expect(last(pull)).toContain('PLAN_AMBIGUOUS');
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('carries out a part of the plan, and then the rest of the same plan', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    const digest = rig.digest(pull);
    await rig.comment(pull, `/deploy ${digest} --only web1`);
    expect(live()).toEqual(['v2', 'v1']);
    expect(rig.said(pull)[0]).toContain(`Plan \`${digest}\``);
    await rig.comment(pull, `/deploy ${digest} --skip web1`);
    expect(live()).toEqual(['v2', 'v2']);
    expect(rig.said(pull)[0]).not.toContain('/deploy');
    await rig.comment(pull, `/deploy ${digest}`);
    expect(last(pull)).toContain('PLAN_USED');
    expect(rig.fleet.deployed).toHaveLength(2);
  });

  it.each([
    ['by somebody who only reads', 'mallory', 'NOT_ALLOWED'],
    ['by a stranger', 'stranger', 'NOT_ALLOWED'],
  ])('is refused %s', async (_, by, code) => {
    await start(COMMENT);
    rig.github.createUser('stranger');
    rig.repo.repository.collaborators.set('stranger', 'read');
    const pull = await rig.open('v2');
    const comment = await rig.comment(pull, `/deploy ${rig.digest(pull)}`, by);
    expect(last(pull)).toContain(code);
    expect(rig.reactions(comment)).toEqual(['eyes', 'confused']);
    expect([rig.fleet.deployed, live()]).toEqual([[], ['v1', 'v1']]);
  });

  it.each([
    ['a digest that is not there', '/deploy 0123456789ab', 'PLAN_UNKNOWN'],
    ['a host that is not there', '/deploy --only web9', 'HOST_NOT_IN_PLAN'],
    ['a slip', '/deplyo', 'did you mean `/deploy`?'],
  ])('is refused for %s', async (_, body, words) => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    await rig.comment(pull, body);
    expect(last(pull)).toContain(words);
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('is refused for the plan of an older commit, also while the new one is not planned yet', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2', { branch: 'topic' });
    const digest = rig.digest(pull);
    rig.github.loseDeliveries((event) => event === 'pull_request.synchronize');
    await rig.push('topic', 'v3');
    await rig.comment(pull, `/deploy ${digest}`);
    expect(last(pull)).toContain('PLAN_SUPERSEDED');
    await rig.comment(pull, '/deploy');
    expect(last(pull)).toContain('PLAN_AMBIGUOUS');
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('is refused where policy deploys at the merge', async () => {
    await start();
    const pull = await rig.open('v2');
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(last(pull)).toContain('MODE_MERGE_ONLY');
  });

  it('is not what an edited comment, a bot, or an issue asks for', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    const digest = rig.digest(pull);
    const comment = await rig.comment(pull, 'fine');
    await rig.repo.editComment(comment.id, `/deploy ${digest}`, 'grace');
    const issue = await rig.repo.openIssue('Deploy', 'please', 'grace');
    await rig.repo.comment(issue, '/deploy', 'grace');
    await rig.settled();
    expect([rig.fleet.deployed, rig.said(issue)]).toEqual([[], []]);
  });

  it('reads policy from the base branch, whatever the pull request says about itself', async () => {
    await start({ policy: 'deploy: { on: comment, by: [maintain], approvals: 1 }\n' });
    const files = {
      [STACK]: 'v2',
      'deploy-configs/policy.yml': 'deploy: { on: comment, by: [read], approvals: 0 }\n',
    };
    await rig.repo.commit({ branch: 'grab', author: 'ada', message: 'Grab', files });
    const pull = await rig.repo.openPull({ title: 'Grab', head: 'grab', by: 'ada' });
    await rig.settled();
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`, 'ada');
    expect(last(pull)).toContain('NOT_ALLOWED');
    expect(last(pull)).toContain('APPROVAL_MISSING');
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('waits for approvals of what was shown, and shows when they are there', async () => {
    await start({ policy: 'deploy: { on: comment, by: [write], approvals: 1 }\n' });
    const pull = await rig.open('v2', { branch: 'topic' });
    expect(rig.check(head(pull), 'ashore/plan').conclusion).toBe('action_required');
    await rig.repo.review(pull, { by: 'mallory', state: 'APPROVE' });
    await rig.settled();
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(last(pull)).toContain('APPROVAL_MISSING');
    await rig.repo.review(pull, { by: 'grace', state: 'APPROVE' });
    await rig.settled();
    expect(rig.check(head(pull), 'ashore/plan').conclusion).toBe('success');
    await rig.push('topic', 'v3');
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(last(pull)).toContain('APPROVAL_MISSING');
    await rig.repo.review(pull, { by: 'grace', state: 'APPROVE' });
    await rig.settled();
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(live()).toEqual(['v3', 'v3']);
  });

  it('is refused during a freeze, and allowed after it', async () => {
    const freeze =
      "freeze: [{ from: '2026-12-24T00:00:00Z', until: '2026-12-27T00:00:00Z', reason: Christmas }]\n";
    await start({ policy: `${COMMENT.policy}${freeze}` });
    const pull = await rig.open('v2');
    rig.now = new Date('2026-12-25T00:00:00Z');
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(last(pull)).toContain('FROZEN');
    expect(last(pull)).toContain('Christmas');
    rig.now = new Date('2026-12-28T00:00:00Z');
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(live()).toEqual(['v2', 'v2']);
  });

  it('is refused while another deploy holds a host, naming run and person', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    const digest = rig.digest(pull);
    const gate = Promise.withResolvers<void>();
    rig.fleet.during = () => gate.promise;
    await rig.repo.comment(pull, `/deploy ${digest} --only web1`, 'ada');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the first deploy' });
    await rig.repo.comment(pull, `/deploy ${digest}`, 'grace');
    const busy = await rig.github.waitFor(() => rig.said(pull)[1], { what: 'the refusal' });
    expect(busy).toContain('HOST_BUSY');
    expect(busy).toContain(`web1 is held by run ${rig.fleet.deployed[0]?.run} of ada`);
    gate.resolve();
    await rig.settled();
    expect(live()).toEqual(['v2', 'v1']);
    await rig.comment(pull, `/deploy ${digest}`);
    expect(live()).toEqual(['v2', 'v2']);
  });
});

describe('a deploy that fails', () => {
  it('is red, is said anew so that people hear of it, and can be tried again', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    rig.fleet.failing.add('web2');
    const comment = await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    const check = rig.check(head(pull), DEPLOY);
    expect(outcome(check)).toEqual(['completed', 'failure']);
    expect(check.summary).toContain('No space left');
    expect(rig.reactions(comment)).toEqual(['eyes', 'confused']);
    expect(rig.said(pull)).toHaveLength(2);
    expect(last(pull)).toContain('STEP_FAILED');
    expect(rig.repo.deployments().flatMap(states)).toContain('failure');
    await rig.repo.clickAction(check.id, 'retry', 'grace');
    await rig.settled();
    expect(rig.fleet.deployed).toHaveLength(2);
    expect(rig.fleet.live.get('web2')).toBe('v2');
  });

  it('because the host has moved writes nothing and says so', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    rig.fleet.live.set('web1', 'by hand');
    rig.fleet.live.set('web2', 'by hand');
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(outcome(rig.check(head(pull), DEPLOY))).toEqual(['completed', 'action_required']);
    expect(last(pull)).toContain('PLAN_STALE');
    expect(live()).toEqual(['by hand', 'by hand']);
  });

  it('of itself is never silent', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    rig.fleet.during = () => Promise.reject(new Error('a bug'));
    const comment = await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(outcome(rig.check(head(pull), DEPLOY))).toEqual(['completed', 'failure']);
    expect(last(pull)).toContain('BUG');
    expect(last(pull)).not.toContain('Nothing was written');
    expect(rig.reactions(comment)).toEqual(['eyes', 'confused']);
    rig.fleet.during = async () => undefined;
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(live()).toEqual(['v2', 'v2']);
  });

  it('before it began, because GitHub fails, is a refusal and holds no host', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    rig.github.failNext({ path: 'checks/create', status: 422 });
    await rig.comment(pull, '/deploy');
    expect(last(pull)).toContain('GITHUB_FAILED');
    expect([rig.fleet.deployed, live()]).toEqual([[], ['v1', 'v1']]);
    await rig.comment(pull, '/deploy');
    expect(live()).toEqual(['v2', 'v2']);
  });

  it('to be recorded by GitHub goes on all the same', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    rig.github.failNext({ path: 'repos/create-deployment', status: 422 });
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(live()).toEqual(['v2', 'v2']);
    expect(outcome(rig.check(head(pull), DEPLOY))).toEqual(['completed', 'success']);
  });
});

describe('a merge', () => {
  it.each(['merge', 'squash', 'rebase'] as const)('by %s deploys the plan that was shown', async (method) => {
    await start();
    await rig.repo.commit({ branch: 'topic', author: 'ada', message: 'One', files: { [STACK]: 'half' } });
    await rig.repo.commit({ branch: 'topic', author: 'ada', message: 'Two', files: { [STACK]: 'v2' } });
    const pull = await rig.repo.openPull({ title: 'v2', head: 'topic', by: 'ada' });
    await rig.settled();
    const sha = await merge(pull, method);
    expect(live()).toEqual(['v2', 'v2']);
    expect(rig.fleet.deployed).toMatchObject([{ by: 'grace', plan: { commit: sha } }]);
    expect(outcome(rig.check(sha, DEPLOY))).toEqual(['completed', 'success']);
    expect(rig.repo.deployments().map((each) => each.sha)).toEqual([sha]);
    expect(rig.said(pull)).toHaveLength(1);
    expect(last(pull)).toContain('asked for by `grace`');
    expect(rig.repo.checkRuns(sha).map((run) => run.name)).toEqual([DEPLOY]);
  });

  it('of another plan than was shown asks, and the new plan can be deployed by its name', async () => {
    await start();
    const pull = await rig.open('v2');
    const before = rig.digest(pull);
    rig.fleet.live.set('web1', 'by hand');
    const sha = await merge(pull);
    expect(rig.fleet.deployed).toEqual([]);
    expect(outcome(rig.check(sha, DEPLOY))).toEqual(['completed', 'action_required']);
    expect(last(pull)).toContain('PLAN_CHANGED');
    const after = rig.digest(pull);
    expect([after === before, last(pull).includes(`/deploy ${after}`)]).toEqual([false, true]);
    await rig.comment(pull, `/deploy ${before}`);
    expect(last(pull)).toContain('PLAN_SUPERSEDED');
    await rig.comment(pull, `/deploy ${after}`);
    expect(live()).toEqual(['v2', 'v2']);
  });

  it('of what may lose data asks for its token, which no button has', async () => {
    await start();
    const pull = await rig.open('DELETE');
    expect(rig.said(pull)[0]).toContain('CONFIRMATION_NEEDED');
    const sha = await merge(pull);
    expect(rig.fleet.deployed).toEqual([]);
    expect(last(pull)).toContain('CONFIRMATION_NEEDED');
    expect(rig.check(sha, DEPLOY).actions.map((action) => action.identifier)).toEqual(['plan']);
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`, 'ada');
    expect(rig.fleet.deployed).toEqual([]);
    const token = /--confirm ([0-9a-f]{8})/.exec(last(pull))?.[1] ?? '';
    await rig.comment(pull, `/deploy ${rig.digest(pull)} --confirm ${token}`, 'ada');
    expect(rig.fleet.deployed).toMatchObject([{ by: 'ada' }]);
    expect(live()).toEqual(['DELETE', 'DELETE']);
  });

  it('is judged by the policy before it, so that no pull request grants itself a deploy', async () => {
    await start({ policy: 'deploy: { on: merge, by: [admin] }\n' });
    const files = { [STACK]: 'v2', 'deploy-configs/policy.yml': 'deploy: { on: merge, by: [write] }\n' };
    await rig.repo.commit({ branch: 'grab', author: 'ada', message: 'Grab', files });
    const pull = await rig.repo.openPull({ title: 'Grab', head: 'grab', by: 'ada' });
    await rig.settled();
    await merge(pull);
    expect(last(pull)).toContain('NOT_ALLOWED');
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('that nothing is left to do for is green and writes nothing', async () => {
    await start();
    const pull = await rig.open('v2');
    for (const host of ['web1', 'web2']) rig.fleet.live.set(host, 'v2');
    const sha = await merge(pull);
    expect(outcome(rig.check(sha, DEPLOY))).toEqual(['completed', 'success']);
    expect([rig.fleet.deployed, rig.said(pull)]).toEqual([
      [],
      [expect.stringContaining('nothing to change')],
    ]);
  });

  it('where a comment deploys only shows what is left', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    const sha = await merge(pull);
    expect(rig.fleet.deployed).toEqual([]);
    expect(outcome(rig.check(sha, DEPLOY))).toEqual(['completed', 'action_required']);
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(live()).toEqual(['v2', 'v2']);
  });

  it('that fails is retried by the re-run of its check run', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.failing.add('web1');
    const sha = await merge(pull);
    const check = rig.check(sha, DEPLOY);
    expect(outcome(check)).toEqual(['completed', 'failure']);
    await rig.repo.rerequest(check.id, 'grace');
    await rig.settled();
    expect(outcome(rig.check(sha, DEPLOY))).toEqual(['completed', 'success']);
    expect(rig.fleet.live.get('web1')).toBe('v2');
  });

  it('waits for the deploy of the merge before it', async () => {
    await start();
    const first = await rig.open('v2', { branch: 'a' });
    const gate = Promise.withResolvers<void>();
    rig.fleet.during = () => gate.promise;
    await rig.repo.merge(first, 'grace');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the first deploy' });
    await rig.repo.commit({
      branch: 'b',
      base: 'main',
      author: 'ada',
      message: 'v3',
      files: { [STACK]: 'v3' },
    });
    const second = await rig.repo.openPull({ title: 'v3', head: 'b', by: 'ada' });
    await rig.github.waitFor(() => rig.said(second)[0], { what: 'the second plan' });
    const sha = await rig.repo.merge(second, 'grace');
    await rig.github.settled();
    expect(rig.fleet.deployed).toHaveLength(1);
    gate.resolve();
    await rig.settled();
    expect(live()).toEqual(['v2', 'v2']);
    expect(rig.said(second).at(-1)).toContain('PLAN_CHANGED');
    await rig.comment(second, `/deploy ${rig.digest(second)}`);
    expect([live(), outcome(rig.check(sha, DEPLOY))]).toEqual([
      ['v3', 'v3'],
      ['completed', 'success'],
    ]);
  });

  it('that was overtaken cannot be deployed any more', async () => {
    await start();
    const first = await rig.open('DELETE', { branch: 'a' });
    await merge(first);
    await rig.repo.commit({
      branch: 'b',
      base: 'main',
      author: 'ada',
      message: 'v3',
      files: { [STACK]: 'v3' },
    });
    const second = await rig.repo.openPull({ title: 'v3', head: 'b', by: 'ada' });
    await rig.settled();
    await merge(second);
    expect(live()).toEqual(['v3', 'v3']);
    await rig.comment(first, `/deploy ${rig.digest(first)}`);
    expect(last(first)).toContain('BRANCH_BEHIND');
    expect(live()).toEqual(['v3', 'v3']);
  });
});

describe('buttons', () => {
  it('of a plan deploy exactly that plan, by who pressed', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    await rig.repo.clickAction(rig.check(head(pull), 'ashore/plan').id, 'deploy', 'ada');
    await rig.settled();
    expect(rig.fleet.deployed).toMatchObject([{ by: 'ada' }]);
  });

  it('of a plan plan again', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    await rig.repo.clickAction(rig.check(head(pull), 'ashore/plan').id, 'plan', 'ada');
    await rig.settled();
    expect(rig.fleet.planned).toHaveLength(2);
    await rig.repo.rerequest(rig.check(head(pull), 'ashore/plan').id, 'ada');
    await rig.settled();
    expect(rig.fleet.planned).toHaveLength(3);
  });

  it.each(['deploy', 'plan'])('refuse who may not: %s', async (button) => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    await rig.repo.clickAction(rig.check(head(pull), 'ashore/plan').id, button, 'mallory');
    await rig.settled();
    expect(last(pull)).toContain('NOT_ALLOWED');
    expect([rig.fleet.deployed.length, rig.fleet.planned.length]).toEqual([0, 1]);
  });

  it('of a plan that was superseded are refused', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2', { branch: 'topic' });
    const { id, actions } = rig.check(head(pull), 'ashore/plan');
    await rig.push('topic', 'v3');
    const old = rig.repo.checkRun(id);
    expect(old.actions).toEqual([]);
    // On a page that was open before, they still are.
    old.actions = actions;
    await rig.repo.clickAction(id, 'deploy', 'ada');
    await rig.settled();
    expect(last(pull)).toContain('PLAN_SUPERSEDED');
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('of a check run that somebody else has changed do nothing', async () => {
    await start(COMMENT);
    const pull = await rig.open('v2');
    const check = rig.check(head(pull), 'ashore/plan');
    check.externalId = 'f'.repeat(64);
    await rig.repo.clickAction(check.id, 'deploy', 'ada');
    await rig.settled();
    expect([rig.fleet.deployed, rig.said(pull).length]).toEqual([[], 1]);
  });
});

describe('a push past pull requests', () => {
  it('is planned on its commit and never deployed', async () => {
    await start();
    const sha = await rig.repo.commit({
      branch: 'main',
      author: 'grace',
      message: 'v2',
      files: { [STACK]: 'v2' },
    });
    await rig.settled();
    const check = rig.check(sha, 'ashore/plan');
    expect(check).toMatchObject({ conclusion: 'neutral', title: '2 hosts change', actions: [] });
    expect(check.summary).toContain('nothing is deployed');
    await rig.repo.rerequest(check.id, 'grace');
    await rig.settled();
    expect(rig.fleet.planned).toHaveLength(2);
    expect(String(Buffer.from(rig.fleet.planned[1]?.base?.get(STACK) ?? []))).toBe('v1');
    expect([rig.fleet.deployed, live()]).toEqual([[], ['v1', 'v1']]);
  });

  it('that changes nothing there is left alone', async () => {
    await start();
    const sha = await rig.repo.commit({
      branch: 'main',
      author: 'grace',
      message: 'Words',
      files: { 'README.md': 'x' },
    });
    await rig.settled();
    expect([rig.repo.checkRuns(sha), rig.fleet.planned]).toEqual([[], []]);
  });
});

describe('/help', () => {
  it('lists the commands', async () => {
    await start();
    const pull = await rig.open('v2');
    await rig.comment(pull, '/help', 'mallory');
    expect(last(pull)).toContain('/deploy [plan] --only host…');
  });
});
