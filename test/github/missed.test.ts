// A server that was down while people worked: afterwards all is as if it had been up, once, whatever of GitHub's
// webhooks can still be had.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';
import type { RepoDouble } from '../support/github/repo.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n' });
});
afterEach(async () => {
  await rig.stop();
});

const LIMIT = 120_000;
const head = (pull: number): string => rig.repo.pull(pull).head.sha;
const deploys = (): readonly string[] =>
  rig.repo.checkRuns().flatMap(({ name, sha }) => (name === 'ashore/deploy' ? [sha] : []));

async function commit(branch: string, content: string): Promise<string> {
  const files = { [STACK]: content };
  return rig.repo.commit({ branch, base: 'main', author: 'ada', message: content, files });
}

async function openPull(branch: string): Promise<number> {
  return rig.repo.openPull({ title: branch, head: branch, by: 'ada' });
}

/** Of another owner, and so of another installation. */
async function createOther(): Promise<RepoDouble> {
  const other = await rig.github.createRepo('umbrella', 'infra');
  for (const login of ['ada', 'grace']) other.collaborator(login, 'write');
  const files = { [STACK]: 'v1', 'deploy-configs/policy.yml': 'deploy: { on: both, by: [write] }\n' };
  await other.commit({ branch: 'main', author: 'grace', message: 'Begin', files });
  return other;
}

async function openOn(repo: RepoDouble, content: string): Promise<number> {
  const files = { [STACK]: content };
  await repo.commit({ branch: content, base: 'main', author: 'ada', message: content, files });
  return repo.openPull({ title: content, head: content, by: 'ada' });
}

/** Whatever the first look puts into the inbox has been handled. */
async function lookedThrough(): Promise<void> {
  await rig.settled();
  await rig.settled();
}

describe('a server that was down', () => {
  it(
    'does what was asked of it meanwhile: opened, pushed, commented',
    async () => {
      let [commented, pushed] = [0, 0];
      await rig.restart(async () => {
        await commit('pushed', 'v2');
        pushed = await openPull('pushed');
        await commit('pushed', 'v2 and more');
        await commit('commented', 'v2 by comment');
        commented = await openPull('commented');
        await rig.repo.comment(commented, '/help', 'ada');
        await rig.github.settled();
      });
      await lookedThrough();
      expect(rig.check(head(pushed), 'ashore/plan').conclusion).toBe('success');
      expect(rig.check(head(commented), 'ashore/plan').conclusion).toBe('success');
      expect(rig.said(commented).some((body) => body.includes('/deploy'))).toBe(true);
      expect([deploys(), rig.fleet.deployed]).toEqual([[], []]);
    },
    LIMIT,
  );

  it(
    'deploys nothing that was merged before anybody saw a plan of it, and says so',
    async () => {
      let [merged, sha] = [0, ''];
      await rig.restart(async () => {
        await commit('merged', 'v3');
        merged = await openPull('merged');
        sha = await rig.repo.merge(merged, 'grace');
        await rig.github.settled();
      });
      await lookedThrough();
      expect(rig.check(sha, 'ashore/deploy').conclusion).toBe('action_required');
      expect(rig.said(merged).join('\n')).toContain('PLAN_CHANGED');
      expect([deploys(), rig.fleet.deployed]).toEqual([[sha], []]);
    },
    LIMIT,
  );

  it(
    'deploys what was merged meanwhile as it was reviewed, once',
    async () => {
      const pull = await rig.open('v2');
      let sha = '';
      await rig.restart(async () => {
        sha = await rig.repo.merge(pull, 'grace');
        await rig.github.settled();
      });
      await lookedThrough();
      expect(rig.check(sha, 'ashore/deploy').conclusion).toBe('success');
      expect(deploys()).toEqual([sha]);
      expect(rig.fleet.deployed).toHaveLength(1);
      await rig.restart();
      await lookedThrough();
      expect([deploys().length, rig.fleet.deployed.length]).toEqual([1, 1]);
    },
    LIMIT,
  );

  it(
    'finds pull requests and merges itself that GitHub has no copies of any more',
    async () => {
      const reviewed = await rig.open('v2');
      let [pull, sha] = [0, ''];
      await rig.restart(async () => {
        sha = await rig.repo.merge(reviewed, 'grace');
        await commit('later', 'v3');
        pull = await openPull('later');
        await rig.github.settled();
        rig.github.forgetDeliveries();
      });
      await lookedThrough();
      expect(rig.check(sha, 'ashore/deploy').conclusion).toBe('success');
      expect(rig.fleet.live.get('web1')).toBe('v2');
      expect(rig.check(head(pull), 'ashore/plan').conclusion).toBe('success');
      const before = rig.repo.checkRuns().length;
      await rig.restart();
      await lookedThrough();
      expect([rig.repo.checkRuns().length, rig.fleet.deployed.length]).toEqual([before, 1]);
    },
    LIMIT,
  );

  it(
    'finds a merge that was missed while its branch is busy with another one',
    async () => {
      const first = await rig.open('v2');
      const gate = Promise.withResolvers<void>();
      rig.fleet.during = () => gate.promise;
      await rig.repo.merge(first, 'grace');
      await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy', within: LIMIT });
      let sha = '';
      await rig.restart(async () => {
        await commit('second', 'v3');
        sha = await rig.repo.merge(await openPull('second'), 'grace');
        await rig.github.settled();
        rig.github.forgetDeliveries();
      });
      // The sweep at the start has ended once it has looked for drift, its last part.
      await rig.github.waitFor(() => (rig.github.calls().get('repos/get') ?? 0) > 1, {
        what: 'the look',
        within: LIMIT,
      });
      gate.resolve();
      await lookedThrough();
      expect(deploys()).toContain(sha);
    },
    LIMIT,
  );

  it(
    'leaves alone what was merged before it knew the repository',
    async () => {
      const pull = await rig.open('v2');
      await rig.restart(async () => {
        await rig.repo.merge(pull, 'grace');
        await rig.github.settled();
        rig.github.forgetDeliveries();
        rig.forgetStore();
      });
      await lookedThrough();
      expect([deploys(), rig.fleet.deployed]).toEqual([[], []]);
    },
    LIMIT,
  );
});

describe('of what is looked for after that', () => {
  const redeliveries = (): number => rig.github.calls().get('apps/redeliver-webhook-delivery') ?? 0;

  it.each([422, 502])(
    'one delivery that GitHub does not send again (%i) keeps no other back, and no look',
    async (status) => {
      const pull = await rig.open('v2');
      let missed = 0;
      await rig.restart(async () => {
        await rig.repo.comment(pull, '/status', 'ada');
        await rig.repo.comment(pull, '/help', 'ada');
        await commit('later', 'v3');
        missed = await openPull('later');
        await rig.github.settled();
        rig.github.failNext({ path: 'apps/redeliver-webhook-delivery', status });
      });
      await lookedThrough();
      expect(rig.said(pull).some((body) => body.includes('/rollback'))).toBe(true);
      expect(rig.check(head(missed), 'ashore/plan').conclusion).toBe('success');
    },
    LIMIT,
  );

  it(
    'deliveries that GitHub does not keep any more are not asked for',
    async () => {
      const pull = await rig.open('v2');
      const before = redeliveries();
      await rig.restart(async () => {
        await rig.repo.comment(pull, '/help', 'ada');
        await rig.github.settled();
        const old = new Date(Date.now() - 4 * 24 * 3_600_000).toISOString();
        for (const each of rig.github.deliveries()) Object.assign(each, { deliveredAt: old });
      });
      await lookedThrough();
      expect(redeliveries()).toBe(before);
    },
    LIMIT,
  );

  it(
    'an installation that gives no access keeps no other back',
    async () => {
      const other = await createOther();
      await rig.settled();
      let pull = 0;
      await rig.restart(async () => {
        pull = await openOn(other, 'v2');
        await rig.github.settled();
        rig.github.forgetDeliveries();
        const path = 'apps/list-repos-accessible-to-installation';
        rig.github.failNext({ path, status: 403, body: { message: 'Resource not accessible' } });
      });
      await lookedThrough();
      const [check] = other.checkRuns(other.pull(pull).head.sha);
      expect([check?.name, check?.conclusion]).toEqual(['ashore/plan', 'success']);
    },
    LIMIT,
  );
});
