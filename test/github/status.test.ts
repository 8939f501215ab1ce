// /status through the real server: what the hosts remember, with the pull request that the store knows, and what goes on.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: comment, by: [write] }\n' });
});
afterEach(() => rig.stop());

it('tells who deployed what by which pull request, what drifted, and what is frozen', async () => {
  const pull = await rig.open('v2');
  const digest = rig.digest(pull);
  await rig.comment(pull, '/status');
  expect(rig.said(pull).at(-1)).toContain('| ✅ | `web1`, `web2` | *nothing yet* | – | – | as declared |');
  await rig.comment(pull, `/deploy ${digest}`);
  await rig.comment(pull, '/freeze all the audit');
  const head = rig.repo.pull(pull).head.sha.slice(0, 7);
  await rig.comment(pull, '/status web1', 'ada');
  const said = rig.said(pull).at(-1) ?? '';
  // The default branch still declares v1: the pull request was deployed and is not merged.
  expect(said).toContain(`| ⚠️ | \`web1\` | \`${head}\` (#${pull}) | \`${digest}\` | \`grace\`, `);
  expect(said).toContain('1 resource drifted');
  expect(said).toContain('No deploy of this repository goes on.');
  expect(said).toContain('| `all` | frozen |');
  expect(said).not.toContain('web2');
});

it('tells the windows of the policy that have not ended, with what people froze', async () => {
  const policy = [
    'deploy: { on: comment, by: [write] }',
    'freeze:',
    '  - { from: "2020-01-01T00:00:00Z", until: "2020-01-02T00:00:00Z", reason: long ago }',
    '  - { from: "2020-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z", reason: a sale }',
    '  - { from: "2998-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z", reason: to come }',
  ].join('\n');
  await rig.repo.commit({
    branch: 'main',
    message: 'Freeze',
    files: { 'deploy-configs/policy.yml': policy },
  });
  const pull = await rig.open('v2');
  await rig.comment(pull, '/status');
  const said = rig.said(pull).at(-1) ?? '';
  expect(said).toContain('| `all` | frozen | 2999-01-01 00:00:00 UTC | `policy.yml`,');
  expect(said).toContain('| `all` | will be frozen | 2999-01-01 00:00:00 UTC | `policy.yml`,');
  expect(said).not.toContain('long ago');
});

it('tells all problems of the default branch at their lines, and looks at no host', async () => {
  const pull = await rig.open('v2');
  await rig.repo.commit({ branch: 'main', message: 'Break', files: { [STACK]: 'BROKEN 3' } });
  await rig.settled();
  for (const command of ['/status', '/drift']) {
    await rig.comment(pull, command);
    expect(rig.said(pull).at(-1)).toContain('3 problems in 1 file');
    expect(rig.said(pull).at(-1)).toContain(`/${STACK}#L3`);
  }
});

it('tells what goes on and how it is ended', async () => {
  const pull = await rig.open('v2');
  const gate = Promise.withResolvers<void>();
  rig.fleet.during = () => gate.promise;
  await rig.repo.comment(pull, '/deploy', 'grace');
  await rig.github.waitFor(() => rig.fleet.deployed[0], { what: 'the deploy' });
  await rig.repo.comment(pull, '/status', 'ada');
  const run = rig.fleet.deployed[0]?.run ?? '';
  const told = (): boolean => rig.said(pull).some((body) => body.includes('**Goes on now**'));
  await rig.github.waitFor(told, { what: 'the answer', within: 60_000 });
  const said = rig.said(pull).find((body) => body.includes('**Goes on now**'));
  expect(said).toContain(`Run \`${run}\` of #${pull} by \`grace\``);
  expect(said).toContain(`\`/cancel ${run}\``);
  gate.resolve();
  await rig.settled();
});

it('looks at nothing for who only reads, and opens no issue', async () => {
  const pull = await rig.open('v2');
  const looks = rig.fleet.planned.length;
  await rig.comment(pull, '/status', 'mallory');
  expect(rig.said(pull).at(-1)).toContain('NOT_ALLOWED');
  expect(rig.fleet.planned.length).toBe(looks);
  rig.fleet.live.set('web1', 'by hand');
  await rig.comment(pull, '/status');
  expect(rig.said(pull).at(-1)).toContain('1 resource drifted');
  expect([...rig.repo.repository.issues.values()].filter((issue) => issue.pull === undefined)).toEqual([]);
});
