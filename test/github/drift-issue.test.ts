// The issue of a stack that drifted is a place for commands: what is declared is planned there, and put back by /deploy.
import { afterEach, expect, it } from 'vitest';
import type { Issue } from '../support/github/state.ts';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig, RigOptions } from './rig.ts';

const POLICY = 'deploy: { on: comment, by: [write] }\n';

let rig: Rig;
afterEach(() => rig.stop());

/** The number of the issue of the drift of web1. */
async function drift(options: RigOptions = {}): Promise<number> {
  rig = await startRig({ policy: POLICY, ...options });
  const pull = await rig.open('v2');
  rig.fleet.live.set('web1', 'by hand');
  await rig.comment(pull, '/drift');
  const [issue] = issues();
  if (!issue) throw new Error('no issue was opened');
  return issue.number;
}

function issues(): readonly Issue[] {
  return [...rig.repo.repository.issues.values()].filter((issue) => issue.pull === undefined);
}

function stateOf(number: number): string | undefined {
  return issues().find((issue) => issue.number === number)?.state;
}

function last(number: number): string | undefined {
  return rig.said(number).at(-1);
}

async function tip(): Promise<string> {
  return (await rig.repo.repository.git.branch('main')) ?? '';
}

it('/plan and /deploy there put back what is declared, on the commit of the default branch, and close it', async () => {
  const issue = await drift();
  const main = await tip();
  const asked = await rig.comment(issue, '/plan');
  expect(rig.reactions(asked)).toEqual(['eyes', '+1']);
  expect(rig.fleet.planned.at(-1)).toMatchObject({ commit: main, stacks: ['shop'], all: true });
  const [plan] = rig.said(issue);
  expect(plan).toContain(`What the default branch declares, at commit \`${main.slice(0, 7)}\``);
  expect(plan).toContain('**drift**: 1 change on `web1`');
  expect(plan).not.toContain('pull request');

  const wish = await rig.comment(issue, `/deploy ${rig.digest(issue)}`);
  expect(rig.fleet.deployed.map(({ by, plan: { commit } }) => [by, commit])).toEqual([['grace', main]]);
  expect(rig.fleet.live.get('web1')).toBe('v1');
  expect(rig.reactions(wish)).toEqual(['eyes', 'rocket']);
  expect(rig.check(main, 'ashore/deploy').conclusion).toBe('success');
  expect(rig.said(issue).join('\n')).toContain('asked for by `grace`');
  expect(last(issue)).toContain('All hosts of `shop` are as commit');
  expect(stateOf(issue)).toBe('closed');
});

it('what was put back on one host only leaves it open, and a retry goes on with the rest', async () => {
  const issue = await drift();
  rig.fleet.live.set('web2', 'by hand');
  await rig.comment(issue, '/plan');
  await rig.comment(issue, `/deploy ${rig.digest(issue)} --only web2`);
  expect([...rig.fleet.live.values()]).toEqual(['by hand', 'v1']);
  expect([stateOf(issue), rig.fleet.deployed.length]).toEqual(['open', 1]);
  await rig.comment(issue, `/deploy ${rig.digest(issue)}`);
  expect([...rig.fleet.live.values()]).toEqual(['v1', 'v1']);
  expect(stateOf(issue)).toBe('closed');
});

it('a deploy that failed is said there and can be tried again by its button', async () => {
  const issue = await drift();
  rig.fleet.failing.add('web1');
  await rig.comment(issue, '/plan');
  await rig.comment(issue, `/deploy ${rig.digest(issue)}`);
  expect(last(issue)).toContain('No space left');
  expect(stateOf(issue)).toBe('open');
  const check = rig.check(await tip(), 'ashore/deploy');
  await rig.repo.clickAction(check.id, 'retry', 'grace');
  await rig.settled();
  expect(rig.fleet.live.get('web1')).toBe('v1');
  expect(stateOf(issue)).toBe('closed');
});

it('passes the same door: who only reads, what is frozen and what policy wants by its name are refused', async () => {
  const issue = await drift({ policy: `${POLICY}confirm: [update]\n` });
  await rig.comment(issue, '/plan', 'mallory');
  expect(last(issue)).toContain('NOT_ALLOWED');
  await rig.comment(issue, '/deploy');
  expect(last(issue)).toContain('PLAN_AMBIGUOUS');
  await rig.comment(issue, '/plan');
  const digest = rig.digest(issue);
  await rig.comment(issue, `/deploy ${digest}`, 'mallory');
  expect(last(issue)).toContain('NOT_ALLOWED');
  await rig.comment(issue, '/deploy');
  expect(last(issue)).toContain('CONFIRMATION_NEEDED');
  await rig.comment(issue, '/freeze all the audit');
  await rig.comment(issue, `/deploy ${digest}`);
  expect(last(issue)).toContain('FROZEN');
  expect(rig.fleet.deployed).toEqual([]);
  await rig.comment(issue, '/unfreeze all');
  await rig.comment(issue, `/deploy ${digest}`);
  expect(rig.fleet.deployed.length).toBe(1);
});

it('a plan is for the configuration that it was made from: any other commit of the default branch leaves it standing', async () => {
  const issue = await drift();
  await rig.comment(issue, '/plan');
  const digest = rig.digest(issue);
  await rig.repo.commit({ branch: 'main', author: 'ada', message: 'Words', files: { 'README.md': 'more' } });
  await rig.repo.commit({ branch: 'main', author: 'ada', message: 'Shop', files: { [STACK]: 'v3' } });
  await rig.settled();
  await rig.comment(issue, `/deploy ${digest}`);
  expect(last(issue)).toContain('PLAN_SUPERSEDED');
  await rig.repo.commit({ branch: 'main', author: 'ada', message: 'Back', files: { [STACK]: 'v1' } });
  await rig.settled();
  await rig.comment(issue, `/deploy ${digest}`);
  expect(rig.fleet.live.get('web1')).toBe('v1');
});

it('approvals: what was deployed before needs no more of them, anything else a pull request', async () => {
  const issue = await drift({ policy: 'deploy: { on: comment, by: [write], approvals: 1 }\n' });
  rig.fleet.live.delete('web2');
  rig.fleet.causes.set('web2', 'undeployed');
  await rig.comment(issue, '/plan');
  await rig.comment(issue, `/deploy ${rig.digest(issue)}`);
  expect(last(issue)).toContain('APPROVAL_MISSING');
  expect(last(issue)).toContain('Open a pull request that touches the stack');
  expect(rig.fleet.deployed).toEqual([]);
  rig.fleet.live.set('web2', 'v1');
  await rig.comment(issue, '/plan');
  await rig.comment(issue, `/deploy ${rig.digest(issue)}`);
  expect(rig.fleet.live.get('web1')).toBe('v1');
});

it('/drift, /status and /help answer there, /rollback says where it is asked for', async () => {
  const issue = await drift();
  await rig.comment(issue, '/help');
  expect(last(issue)).toContain('`/deploy [plan]`');
  await rig.comment(issue, '/status');
  expect(last(issue)).toContain('1 resource drifted');
  await rig.comment(issue, '/rollback');
  expect(last(issue)).toContain('Comment `/rollback` on a pull request');
  rig.fleet.live.set('web1', 'v1');
  await rig.comment(issue, '/drift');
  expect(stateOf(issue)).toBe('closed');
});

it('no other issue hears anything, whoever writes there', async () => {
  const issue = await drift();
  const other = await rig.repo.openIssue('Hello', 'there', 'grace');
  const looks = rig.fleet.planned.length;
  for (const command of ['/plan', '/drift', '/deploy', '/status', '/help']) {
    const comment = await rig.comment(other, command);
    expect(rig.reactions(comment)).toEqual([]);
  }
  expect(rig.said(other)).toEqual([]);
  expect(rig.fleet.planned.length).toBe(looks);
  await rig.comment(issue, '/plan');
  const digest = rig.digest(issue);
  await rig.comment(other, `/deploy ${digest}`);
  expect(rig.fleet.deployed).toEqual([]);
});

it('a run goes on and the issue is closed when the server is started again in the middle', async () => {
  const issue = await drift();
  await rig.comment(issue, '/plan');
  const gate = Promise.withResolvers<void>();
  rig.fleet.during = () => gate.promise;
  await rig.repo.comment(issue, `/deploy ${rig.digest(issue)}`, 'grace');
  await rig.github.waitFor(() => rig.fleet.deployed[0], { what: 'the deploy' });
  rig.fleet.during = async () => undefined;
  await rig.restart();
  await rig.settled();
  gate.resolve();
  expect(stateOf(issue)).toBe('closed');
  expect(rig.fleet.live.get('web1')).toBe('v1');
});
