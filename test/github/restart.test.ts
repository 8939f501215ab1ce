// What a restart, a lost delivery or a redelivery must not lose and must not do twice.
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startServer } from '../../src/server.ts';
import type { RunPosts } from '../../src/store/runs.ts';
import { openStore } from '../../src/store/store.ts';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n' });
});
afterEach(async () => {
  await rig.stop();
});

/** As if the server had died before it could keep something of what it had posted. */
async function forgetPosts(forget: (posts: RunPosts) => RunPosts): Promise<void> {
  const opened = await openStore({ directory: rig.settings.data }, { who: 'a test', now: () => new Date() });
  if (opened.is === 'locked') throw new Error('the store is still open');
  for (const { id, posts } of await opened.store.runs.untold()) {
    await opened.store.runs.claim(id);
    await opened.store.runs.keepPosts(id, forget(posts));
  }
  await opened.store.close();
}

/** A deploy that goes on until its gate is opened. */
async function underWay() {
  const pull = await rig.open('v2');
  const gate = Promise.withResolvers<void>();
  rig.fleet.during = () => gate.promise;
  await rig.repo.comment(pull, '/deploy', 'ada');
  await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy' });
  return { pull, gate };
}

const head = (pull: number): string => rig.repo.pull(pull).head.sha;

describe('a restart in the middle of a deploy', () => {
  it('follows the same run to its end, with the same check run', async () => {
    const { pull, gate } = await underWay();
    rig.fleet.during = async () => undefined;
    await rig.restart();
    await rig.settled();
    gate.resolve();
    const runs = rig.fleet.deployed.map((input) => input.run);
    expect([runs.length, new Set(runs).size]).toEqual([2, 1]);
    expect(rig.check(head(pull), 'ashore/deploy')).toMatchObject({
      conclusion: 'success',
      externalId: runs[0],
    });
    expect(rig.repo.checkRuns().filter((run) => run.name === 'ashore/deploy')).toHaveLength(1);
    expect(rig.repo.deployments()).toHaveLength(1);
    expect(rig.fleet.live.get('web1')).toBe('v2');
  });

  it('does not say that nothing was done where it cannot be gone on with', async () => {
    const { pull, gate } = await underWay();
    rig.fleet.refused = { code: 'SECRET_UNREADABLE', message: 'there is no age identity' };
    await rig.restart();
    await rig.settled();
    gate.resolve();
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('failure');
    const [told] = rig.said(pull).filter((body) => body.includes('SECRET_UNREADABLE'));
    expect(told).toContain('came to no end that is known');
  });

  it.each<[string, (posts: RunPosts) => RunPosts]>([
    ['deployment', (posts) => ({ ...posts, deployments: [] })],
    [
      'check run',
      (posts) => {
        const { check: _, ...left } = posts;
        return left;
      },
    ],
  ])('begins no %s a second time that was begun and not kept', async (_, forget) => {
    const pull = await rig.open('v2');
    const gate = Promise.withResolvers<void>();
    rig.fleet.during = () => gate.promise;
    await rig.repo.comment(pull, '/deploy', 'ada');
    await rig.github.waitFor(() => rig.repo.deployments().length === 1, { what: 'it', within: 60_000 });
    rig.fleet.during = async () => undefined;
    await rig.restart(() => forgetPosts(forget));
    await rig.settled();
    gate.resolve();
    expect(rig.repo.deployments()).toHaveLength(1);
    expect(rig.repo.deployments()[0]?.statuses.at(-1)?.state).toBe('success');
    const checks = rig.repo.checkRuns().filter((run) => run.name === 'ashore/deploy');
    expect(checks.map(({ conclusion }) => conclusion)).toEqual(['success']);
  });

  it('of a merge plans nothing anew while its run goes on', async () => {
    const pull = await rig.open('v2');
    const gate = Promise.withResolvers<void>();
    rig.fleet.during = () => gate.promise;
    const sha = await rig.repo.merge(pull, 'grace');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy' });
    rig.fleet.live.set('web1', 'v2');
    rig.fleet.during = async () => undefined;
    await rig.restart();
    await rig.settled();
    gate.resolve();
    expect(rig.repo.checkRuns().filter((run) => run.name === 'ashore/deploy')).toHaveLength(1);
    expect(rig.check(sha, 'ashore/deploy').conclusion).toBe('success');
    expect(rig.said(pull)).toHaveLength(1);
    expect([rig.fleet.planned.length, rig.fleet.deployed.length]).toEqual([2, 2]);
  });

  it('shows the end later that GitHub would not take', async () => {
    const pull = await rig.open('v2');
    const suspended = { status: 403, body: { message: 'This installation has been suspended' } } as const;
    rig.fleet.during = async () =>
      rig.github.failNext({ path: 'issues/get-comment', times: 1000, ...suspended });
    await rig.comment(pull, '/deploy');
    expect(rig.fleet.live.get('web1')).toBe('v2');
    expect(rig.said(pull)[0]).not.toContain('asked for by');
    await rig.restart(async () => rig.github.mend());
    await rig.settled();
    expect(rig.fleet.deployed).toHaveLength(1);
    expect(rig.check(head(pull), 'ashore/deploy')).toMatchObject({
      status: 'completed',
      conclusion: 'success',
    });
    expect(rig.said(pull)[0]).toContain('asked for by');
  });

  it('does not let another deploy on the host before it has ended', async () => {
    const pull = await rig.open('v2');
    const never = Promise.withResolvers<void>();
    rig.fleet.during = () => never.promise;
    await rig.repo.comment(pull, '/deploy', 'ada');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy' });
    await rig.restart();
    await rig.repo.comment(pull, '/deploy', 'grace');
    await rig.github.waitFor(() => rig.said(pull).some((body) => body.includes('HOST_BUSY')), {
      what: 'the refusal',
    });
    expect(new Set(rig.fleet.deployed.map((input) => input.run)).size).toBe(1);
    never.resolve();
  });
});

describe('a server that ends', () => {
  it('says that it lives until what is under way has come to its end', async () => {
    await rig.stop();
    rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n', lease: 1, grace: 30 });
    const { pull, gate } = await underWay();
    const back = rig.restart();
    await wait(2000);
    const store = new DatabaseSync(`${rig.settings.data}/ashore.db`, { readOnly: true });
    const until = z.object({ until: z.string() }).parse(store.prepare('select until from servers').get());
    store.close();
    expect(Date.parse(until.until)).toBeGreaterThan(Date.now());
    gate.resolve();
    await back;
    await rig.settled();
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
    expect(rig.fleet.deployed).toHaveLength(1);
  });
});

describe('a delivery', () => {
  it('that comes twice deploys once', async () => {
    const pull = await rig.open('v2');
    await rig.comment(pull, '/deploy');
    const [delivery] = rig.github
      .deliveries()
      .filter(({ event }) => event === 'issue_comment')
      .slice(-1);
    rig.github.redeliver(delivery?.id ?? 0);
    await rig.settled();
    expect(rig.fleet.deployed).toHaveLength(1);
  });

  it('of a merge that comes twice deploys once', async () => {
    const pull = await rig.open('v2');
    await rig.repo.merge(pull, 'grace');
    await rig.settled();
    const merge = rig.github
      .deliveries()
      .find((each) => each.event === 'pull_request' && each.action === 'closed');
    rig.github.redeliver(merge?.id ?? 0);
    await rig.settled();
    expect(rig.fleet.deployed).toHaveLength(1);
  });

  it('that GitHub could not deliver is asked for when the server comes back', async () => {
    rig.github.setWebhookUrl('http://127.0.0.1:9/nobody');
    const pull = await rig.open('v2');
    expect(rig.repo.checkRuns(head(pull))).toEqual([]);
    await rig.restart();
    await rig.github.waitFor(() => rig.said(pull)[0], {
      what: 'the plan of the lost delivery',
      within: 60_000,
    });
    await rig.settled();
    expect(rig.check(head(pull), 'ashore/plan').conclusion).toBe('success');
  });

  it('of an old merge that arrives after a newer deploy takes nothing back', async () => {
    rig.github.loseDeliveries((event) => event === 'pull_request.closed');
    const first = await rig.open('v2', { branch: 'a' });
    await rig.repo.merge(first, 'grace');
    await rig.settled();
    const lost = rig.github
      .deliveries()
      .find((each) => each.event === 'pull_request' && each.action === 'closed');
    rig.github.loseDeliveries(() => false);
    const back = async (branch: string, content: string): Promise<void> => {
      await rig.repo.commit({
        branch,
        base: 'main',
        author: 'ada',
        message: content,
        files: { [STACK]: content },
      });
      const pull = await rig.repo.openPull({ title: content, head: branch, by: 'ada' });
      await rig.settled();
      await rig.repo.merge(pull, 'grace');
      await rig.settled();
    };
    await back('b', 'v3');
    await back('c', 'v1');
    expect(rig.fleet.live.get('web1')).toBe('v1');
    rig.github.redeliver(lost?.id ?? 0);
    await rig.settled();
    expect(rig.fleet.live.get('web1')).toBe('v1');
    expect(rig.said(first).at(-1)).toContain('BRANCH_BEHIND');
  });
});

describe('a second server on the same store', () => {
  it('does not start, and says who is there', async () => {
    await expect(startServer(rig.settings, { deployer: rig.fleet })).rejects.toThrow(
      new RegExp(
        `another Ashore works on the store .* \\(process ${process.pid} on .*\\); stop it, or set ASHORE_DATA`,
      ),
    );
  });
});
