// A repository that is renamed, handed on, or followed by another under its old name: what was kept of it goes with it,
// and nobody else gets it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RepoDouble } from '../support/github/repo.ts';
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

const head = (pull: number): string => rig.repo.pull(pull).head.sha;
const appSaid = (repo: RepoDouble, pull: number): readonly string[] =>
  repo.comments(pull).flatMap((comment) => (comment.app ? [comment.body] : []));

/** A repository that takes the old name, with a pull request of the same number. */
async function takeOldName(content: string): Promise<{ readonly repo: RepoDouble; readonly pull: number }> {
  const repo = await rig.github.createRepo('acme', 'infra');
  for (const login of ['ada', 'grace']) repo.collaborator(login, 'write');
  const files = { [STACK]: 'v1', 'deploy-configs/policy.yml': 'deploy: { on: both, by: [write] }\n' };
  await repo.commit({ branch: 'main', author: 'ada', message: 'Begin', files });
  await repo.commit({ branch: 'change', author: 'ada', message: 'Change', files: { [STACK]: content } });
  const pull = await repo.openPull({ title: 'Change', head: 'change', by: 'ada' });
  await rig.settled();
  return { repo, pull };
}

describe('a renamed repository', () => {
  it('keeps its freezes, holds, plans and comments', async () => {
    const pull = await rig.open('v2');
    await rig.comment(pull, '/freeze all the audit');
    const digest = rig.digest(pull);
    rig.github.rename(rig.repo, 'fleet');
    await rig.comment(pull, `/deploy ${digest}`);
    expect(rig.said(pull).at(-1)).toContain('FROZEN');
    await rig.comment(pull, '/unfreeze all');
    await rig.comment(pull, `/deploy ${digest}`);
    expect(rig.fleet.live.get('web1')).toBe('v2');
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
    // The comment of before is the one that says it.
    expect(rig.said(pull)[0]).toContain('**Deployed to 2 hosts');
  });

  it('has the deploy that goes on followed to its end, and all of it closed', async () => {
    const pull = await rig.open('v2');
    const gate = Promise.withResolvers<void>();
    rig.fleet.during = () => gate.promise;
    await rig.repo.comment(pull, '/deploy', 'grace');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy' });
    rig.github.rename(rig.repo, 'fleet');
    await rig.repo.comment(pull, '/deploy', 'ada');
    const busy = (): boolean => rig.said(pull).some((body) => body.includes('HOST_BUSY'));
    await rig.github.waitFor(busy, { what: 'the refusal', within: 60_000 });
    expect(rig.said(pull).find((body) => body.includes('HOST_BUSY'))).toContain('by `/cancel');
    gate.resolve();
    await rig.settled();
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
    expect(rig.repo.deployments()[0]?.statuses.at(-1)?.state).toBe('success');
    // Nothing of it counts as left open by the time at which such are closed.
    rig.now = new Date(Date.now() + 5 * 3_600_000);
    await rig.restart();
    await rig.settled();
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
  });

  it('has a deploy taken up again by the server that comes next', async () => {
    const pull = await rig.open('v2');
    const gate = Promise.withResolvers<void>();
    rig.fleet.during = () => gate.promise;
    await rig.repo.comment(pull, '/deploy', 'grace');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy' });
    rig.fleet.during = async () => undefined;
    await rig.restart(async () => {
      rig.github.transfer(rig.repo, 'umbrella');
      rig.github.rename(rig.repo, 'fleet');
    });
    await rig.github.waitFor(() => rig.fleet.deployed.length === 2, { what: 'it again', within: 60_000 });
    await rig.settled();
    gate.resolve();
    expect(new Set(rig.fleet.deployed.map(({ run }) => run)).size).toBe(1);
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
  });

  it('has its merge deployed as it was reviewed, once, whatever name the webhook came under', async () => {
    const pull = await rig.open('v2');
    let sha = '';
    await rig.restart(async () => {
      sha = await rig.repo.merge(pull, 'grace');
      await rig.github.settled();
      rig.github.rename(rig.repo, 'fleet');
    });
    await rig.settled();
    await rig.settled();
    expect(rig.check(sha, 'ashore/deploy').conclusion).toBe('success');
    expect(rig.fleet.deployed).toHaveLength(1);
    await rig.restart();
    await rig.settled();
    expect(rig.fleet.deployed).toHaveLength(1);
  });

  it('that goes to another owner keeps its freeze there', async () => {
    const pull = await rig.open('v2');
    await rig.comment(pull, '/freeze all the audit');
    rig.github.transfer(rig.repo, 'umbrella');
    await rig.comment(pull, '/deploy');
    expect(rig.said(pull).at(-1)).toContain('FROZEN');
  });
});

describe('another repository under the old name', () => {
  it('inherits nothing, and takes nothing away', async () => {
    const pull = await rig.open('v2');
    const digest = rig.digest(pull);
    await rig.comment(pull, '/freeze all the audit');
    rig.github.rename(rig.repo, 'fleet');
    const other = await takeOldName('v2 of another');
    expect(other.pull).toBe(pull);
    const comment = async (body: string): Promise<string> => {
      await other.repo.comment(other.pull, body, 'ada');
      await rig.settled();
      return appSaid(other.repo, other.pull).at(-1) ?? '';
    };
    expect(await comment(`/deploy ${digest}`)).toContain('PLAN_UNKNOWN');
    await comment('/deploy');
    expect(rig.fleet.live.get('web1')).toBe('v2 of another');
    // The first one is frozen as before, under its new name.
    await rig.comment(pull, '/deploy');
    expect(rig.said(pull).at(-1)).toContain('FROZEN');
  });

  it('is not touched by what was said of the first one under that name', async () => {
    const pull = await rig.open('v2');
    rig.github.loseDeliveries((event) => event === 'issue_comment.created');
    await rig.repo.comment(pull, '/deploy', 'grace');
    await rig.settled();
    rig.github.loseDeliveries(() => false);
    const lost = rig.github.deliveries().find(({ event }) => event === 'issue_comment');
    rig.github.rename(rig.repo, 'fleet');
    const other = await takeOldName('v2 of another');
    const before = appSaid(other.repo, other.pull).length;
    rig.github.redeliver(lost?.id ?? 0);
    await rig.settled();
    expect(appSaid(other.repo, other.pull)).toHaveLength(before);
    expect(rig.fleet.live.get('web1')).toBe('v2');
    expect(rig.fleet.deployed).toHaveLength(1);
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
  });
});
