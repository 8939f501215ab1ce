// Deploys that do not come through, on real hosts and as people see them on GitHub: cancelled, rolled back, put back, a host dead.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLiveDeployer } from '../../src/world.ts';
import { labUnavailable, startLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { digestIn, startStage, waitForCheck, waitForComment } from '../support/stage.ts';
import type { Stage } from '../support/stage.ts';
import { hostsFile } from './fleet.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

let lab: Lab;
let stage: Stage;
const LONG = 300_000;
const NAMES = ['old1', 'new1', 'old2', 'new2'] as const;
const on = (name: string): LabHost => lab.host(name);

beforeAll(async () => {
  if (unavailable !== undefined) return;
  lab = await startLab(
    NAMES.map((name) => ({ name, suite: name.startsWith('old') ? 'bookworm' : 'trixie' })),
  );
  const keys = [{ name: 'lab', privateKey: lab.clientKey.privateKey }];
  stage = await startStage({
    keyPath: lab.clientKey.path,
    files: {
      'deploy-configs/hosts.yml': hostsFile(lab, '{}'),
      'deploy-configs/policy.yml': 'deploy: { on: both, by: [write] }\nconfirm: []\n',
    },
    unhurried: true,
    deployer: createLiveDeployer({ keys, patience: 60, confirmWithin: 20 }),
  });
}, LONG);
afterAll(async () => {
  await stage?.stop();
  await lab?.stop();
});
beforeEach(() => onAll('touch /run/gate'));

async function onAll(text: string): Promise<void> {
  if (unavailable === undefined) await Promise.all(NAMES.map((name) => on(name).exec(['sh', '-c', text])));
}

/** Two hosts at once; each waits in the middle until its gate is there. */
const shop = (text: string, stopAfter = 1): string => `on: [${NAMES.join(', ')}]
waves: [2, 100%]
stop_after: ${stopAfter}
resources:
  - file: /etc/mark
    content: "${text}\\n"
  - command: wait
    run: [sh, -c, 'echo ${text} >>/var/log/trial; while [ ! -e /run/gate ]; do sleep 0.1; done']
  - file: /etc/after
    content: "${text}\\n"
`;

async function propose(branch: string, files: Readonly<Record<string, string>>) {
  const { repo } = stage;
  const head = await repo.commit({ branch, base: 'main', author: 'ada', message: branch, files });
  const pull = await repo.openPull({ title: branch, head: branch, by: 'ada' });
  const digest = digestIn(await waitForComment(stage, pull, /\/deploy [0-9a-f]{12}/, LONG));
  return { head, pull, digest };
}

async function merge(pull: number): Promise<string> {
  const sha = await stage.repo.merge(pull, 'ada');
  const check = await waitForCheck(stage, sha, 'ashore/deploy', LONG);
  expect(check.conclusion, `${check.summary}\n${check.text}`).toBe('success');
  return sha;
}

const live = async (file: string): Promise<readonly string[]> =>
  Promise.all(NAMES.map(async (name) => (await on(name).exec(['cat', file])).stdout.trim()));

const running = (name: string, text: string): Promise<void> =>
  expect
    .poll(async () => (await on(name).exec(['sh', '-c', 'cat /var/log/trial || :'])).stdout, {
      timeout: LONG,
    })
    .toContain(text);

/** The row of a host in the table of a check run. */
const rowOf = (summary: string | null, name: string): string =>
  (summary ?? '').split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``)) ?? '';

describe.skipIf(unavailable !== undefined)('through GitHub', { timeout: 2 * LONG }, () => {
  it('/cancel while a wave runs: what is done, what is not, and /rollback leads back to what was', async () => {
    const first = await propose('one', { 'deploy-configs/shop.yml': shop('one') });
    await merge(first.pull);
    expect(await live('/etc/after')).toEqual(['one', 'one', 'one', 'one']);

    await onAll('rm /run/gate');
    const { pull, digest, head } = await propose('two', { 'deploy-configs/shop.yml': shop('two') });
    await stage.repo.comment(pull, `/deploy ${digest}`, 'ada');
    const wave = NAMES.slice(0, 2);
    await Promise.all(wave.map((name) => running(name, 'two')));
    await stage.repo.comment(pull, '/cancel', 'grace');
    for (const name of wave) {
      const asked = ['sh', '-c', 'ls /var/lib/ashore/runs/*/cancel'];
      await expect.poll(async () => (await on(name).exec(asked)).status, { timeout: LONG }).toBe(0);
    }
    await onAll('touch /run/gate');
    const check = await waitForCheck(stage, head, 'ashore/deploy', LONG);
    expect(check.conclusion, check.summary ?? '').toBe('cancelled');
    expect(rowOf(check.summary, 'old1')).toMatch(/🛑.cancelled \|.*`new1`.*\| 4 \| – \| – \| – \| 2 \|/);
    expect(rowOf(check.summary, 'old2')).toMatch(/not.started \|.*`new2`/);
    expect(check.summary).toContain('RUN_CANCELLED');
    const said = await waitForComment(stage, pull, /cancelled by grace/, LONG);
    for (const words of ['file//etc/mark', 'file//etc/after', '/rollback', `/deploy ${digest}`])
      expect(said.body).toContain(words);
    expect(await live('/etc/mark')).toEqual(['two', 'two', 'one', 'one']);
    expect(await live('/etc/after')).toEqual(['one', 'one', 'one', 'one']);

    await stage.repo.comment(pull, '/rollback', 'ada');
    const back = digestIn(
      await waitForComment(stage, pull, /Rollback to commit[^]*\/deploy [0-9a-f]{12}/, LONG),
    );
    await stage.repo.comment(pull, `/deploy ${back}`, 'ada');
    await expect
      .poll(() => live('/etc/mark'), { timeout: LONG, interval: 1000 })
      .toEqual(['one', 'one', 'one', 'one']);
    await stage.github.settled();
    await stage.repo.closePull(pull, 'ada');
  });

  it('/rollback of what was merged: the hosts are as before, and plans of the default branch say so', async () => {
    const bad = await propose('three', { 'deploy-configs/shop.yml': shop('three') });
    await merge(bad.pull);
    expect(await live('/etc/after')).toEqual(['three', 'three', 'three', 'three']);
    await stage.repo.comment(bad.pull, '/rollback', 'ada');
    const back = digestIn(
      await waitForComment(stage, bad.pull, /Rollback to commit[^]*\/deploy [0-9a-f]{12}/, LONG),
    );
    await stage.repo.comment(bad.pull, `/deploy ${back}`, 'ada');
    await waitForComment(stage, bad.pull, /the hosts and the default branch differ now/, LONG);
    await expect
      .poll(() => live('/etc/after'), { timeout: LONG, interval: 1000 })
      .toEqual(['one', 'one', 'one', 'one']);
    await stage.github.settled();
    const next = await propose('remark', { 'deploy-configs/shop.yml': `# a remark\n${shop('three')}` });
    const plan = await waitForComment(stage, next.pull, /\/etc\/after/);
    expect(plan.body).toContain('three');
    await merge(next.pull);
  });

  it('one host dies in its wave, another before its turn: the others go on as stop_after says', async () => {
    const files = { 'deploy-configs/shop.yml': shop('four', 3) };
    const { pull, digest, head } = await propose('four', files);
    await onAll('rm /run/gate');
    await on('new2').cable('out');
    await stage.repo.comment(pull, `/deploy ${digest}`, 'ada');
    await Promise.all([running('old1', 'four'), running('new1', 'four')]);
    await on('old1').kill();
    await Promise.all(['new1', 'old2'].map((name) => on(name).exec(['touch', '/run/gate'])));
    const check = await waitForCheck(stage, head, 'ashore/deploy', LONG);
    await on('new2').cable('in');
    await on('old1').start();
    expect(check.conclusion).toBe('failure');
    // How much of it was seen before it died is a matter of moments.
    expect(rowOf(check.summary, 'old1')).toMatch(/❓.unknown \|.*\| (?:1|–) \| – \| – \| \d \|/);
    expect(rowOf(check.summary, 'new1')).toMatch(/✅.done \|.*\| 3 \|/);
    expect(rowOf(check.summary, 'old2')).toMatch(/✅.done \|.*\| 3 \|/);
    expect(rowOf(check.summary, 'new2')).toMatch(/❌.failed \|.*\| – \| – \| – \| – \| 3 \| `HOST_/);
    await onAll('touch /run/gate');
    await stage.repo.comment(pull, '/plan', 'ada');
    const again = (): string | undefined => {
      const body = stage.repo
        .comments(pull)
        .findLast((one) => one.app && /\/deploy [0-9a-f]{12}/.test(one.body))?.body;
      const found = /\/deploy ([0-9a-f]{12})/.exec(body ?? '')?.[1];
      return found === digest ? undefined : found;
    };
    const fresh = await stage.github.waitFor(again, { what: 'the plan of what is left', within: LONG });
    await stage.repo.comment(pull, `/deploy ${fresh}`, 'ada');
    await expect
      .poll(() => live('/etc/after'), { timeout: LONG, interval: 1000 })
      .toEqual(['four', 'four', 'four', 'four']);
    await stage.github.settled();
    await stage.repo.closePull(pull, 'ada');
  });

  it('sshd and the firewall shut us out: put back, and told as a failure in the check run and the comment', async () => {
    const names = ['new1', 'old2'] as const;
    await onAll('apt-get -qq -y install nftables >/dev/null 2>&1; true');
    const { pull, digest, head } = await propose('shut', {
      'deploy-configs/door.yml':
        'on: new1\nresources:\n  - file: /etc/ssh/sshd_config.d/shop.conf\n    content: "AllowUsers nobody\\n"\n  - service: ssh\n    running: true\n    restart_on: [/etc/ssh/sshd_config.d/shop.conf]\n',
      'deploy-configs/wall.yml':
        'on: old2\nresources:\n  - file: /etc/nftables.conf\n    mode: "0755"\n    content: |\n      flush ruleset\n      table inet filter {\n        chain input { type filter hook input priority 0; policy drop; }\n      }\n  - service: nftables\n    running: true\n    restart_on: [/etc/nftables.conf]\n',
    });
    for (const name of names) {
      await stage.repo.comment(pull, `/deploy ${digest} --only ${name}`, 'ada');
      const done = (): string | undefined =>
        stage.repo
          .checkRuns(head)
          .find(
            ({ conclusion, summary, name: of }) =>
              of === 'ashore/deploy' && conclusion && summary?.includes(name),
          )?.summary ?? undefined;
      const summary = await stage.github.waitFor(done, { what: `the end on ${name}`, within: LONG });
      expect(summary).toContain('PUT_BACK');
      expect(rowOf(summary, name)).toMatch(/↩️.put.back/);
    }
    const checks = stage.repo.checkRuns(head).filter((run) => run.name === 'ashore/deploy');
    expect(checks.map(({ conclusion }) => conclusion)).toEqual(checks.map(() => 'failure'));
    const said = stage.repo.comments(pull).filter(({ body }) => body.includes('PUT_BACK'));
    for (const name of names) expect(said.some(({ body }) => body.includes(name))).toBe(true);
    expect((await on('new1').exec(['ls', '/etc/ssh/sshd_config.d'])).stdout).not.toContain('shop.conf');
    expect((await on('old2').exec(['nft', 'list', 'ruleset'])).stdout).not.toContain('policy drop');
  });
});
