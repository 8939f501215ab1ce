// From a pull request to its plan, through the real server and GitHub's double.
import { afterEach, describe, expect, it } from 'vitest';
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

const PLAN = 'ashore/plan';
const head = (pull: number): string => rig.repo.pull(pull).head.sha;
const oneHost = { [STACK]: 'v2' };

describe('a pull request that changes deploy-configs/', () => {
  it('gets a check run and one comment with the plan, and no host is written to', async () => {
    await start();
    const pull = await rig.open('v2');
    const check = rig.check(head(pull), PLAN);
    expect([check.status, check.conclusion, check.title]).toEqual(['completed', 'success', '2 hosts change']);
    expect(rig.said(pull)).toEqual([expect.stringContaining('2 hosts change')]);
    expect(check.annotations).toMatchObject([{ path: STACK, start_line: 1 }]);
    expect(check.externalId?.slice(0, 12)).toBe(rig.digest(pull));
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('is planned against where it left its base, and for its own commit', async () => {
    await start();
    const pull = await rig.open('v2');
    const [input] = rig.fleet.planned;
    expect(input?.commit).toBe(head(pull));
    expect([input?.files, input?.base].map((files) => String(Buffer.from(files?.get(STACK) ?? [])))).toEqual([
      'v2',
      'v1',
    ]);
  });

  it('has the check run of its old commit say that it was superseded, without buttons, once', async () => {
    await start({ policy: 'deploy: { on: both, by: [write] }\n' });
    const pull = await rig.open('v2', { branch: 'topic' });
    const old = head(pull);
    expect(rig.check(old, PLAN).actions.length).toBeGreaterThan(0);
    const sha = await rig.push('topic', 'v3');
    const check = rig.check(old, PLAN);
    expect([check.status, check.conclusion, check.actions]).toEqual(['completed', 'neutral', []]);
    expect(check.title).toBe(`Superseded by ${sha.slice(0, 7)}`);
    expect(check.summary).toContain('PLAN_SUPERSEDED');
    expect(rig.check(sha, PLAN).conclusion).toBe('success');
    const next = await rig.push('topic', 'v4');
    expect(rig.check(old, PLAN).title).toBe(`Superseded by ${sha.slice(0, 7)}`);
    expect(rig.check(sha, PLAN).title).toBe(`Superseded by ${next.slice(0, 7)}`);
    // What GitHub still offers there is to look again, and that looks at what is newest.
    const looks = rig.fleet.planned.length;
    await rig.repo.rerequest(rig.check(old, PLAN).id, 'grace');
    await rig.settled();
    expect(rig.fleet.planned.slice(looks).map(({ commit }) => commit)).toEqual([next]);
    expect(rig.check(old, PLAN).conclusion).toBe('neutral');
  });

  it('has its comment edited in place by a new commit, and the old plan listed', async () => {
    await start();
    const pull = await rig.open('v2', { branch: 'topic' });
    const first = rig.digest(pull);
    await rig.push('topic', 'v3');
    expect(rig.said(pull)).toHaveLength(1);
    expect(rig.digest(pull)).not.toBe(first);
    expect(rig.said(pull)[0]).toMatch(new RegExp(`Earlier plans[^]*${first}`));
    expect(rig.check(head(pull), PLAN).conclusion).toBe('success');
  });

  it('has its comment written anew when somebody deleted it', async () => {
    await start();
    const pull = await rig.open('v2', { branch: 'topic' });
    const [comment] = rig.repo.comments(pull);
    await rig.repo.deleteComment(comment?.id ?? 0, 'grace');
    await rig.push('topic', 'v3');
    expect(rig.said(pull)).toEqual([expect.stringContaining('2 hosts change')]);
  });

  it('never edits a comment of somebody else whose id a restored store has', async () => {
    await start();
    const pull = await rig.open('v2', { branch: 'topic' });
    const [own] = rig.repo.comments(pull);
    await rig.repo.deleteComment(own?.id ?? 0, 'grace');
    const foreign = await rig.repo.comment(pull, 'mine', 'ada');
    await rig.settled();
    rig.repo.repository.comments.set(own?.id ?? 0, { ...foreign, id: own?.id ?? 0 });
    await rig.push('topic', 'v3');
    expect(rig.repo.comments(pull).filter((each) => each.body === 'mine')).toHaveLength(2);
    expect(rig.said(pull)).toEqual([expect.stringContaining('2 hosts change')]);
  });

  it('is told when its commits take the change back', async () => {
    await start();
    const pull = await rig.open('v2', { branch: 'topic' });
    const digest = rig.digest(pull);
    const sha = await rig.push('topic', 'v1');
    expect(rig.said(pull)).toEqual([expect.stringContaining('no longer changes anything')]);
    expect(rig.repo.checkRuns(sha)).toEqual([]);
    await rig.comment(pull, `/deploy ${digest}`);
    expect(rig.said(pull)[1]).toContain('PLAN_SUPERSEDED');
  });

  it('is planned again when it is opened again', async () => {
    await start();
    const pull = await rig.open('v2');
    await rig.repo.closePull(pull, 'ada');
    await rig.settled();
    rig.fleet.live.set('web1', 'v2');
    await rig.repo.reopenPull(pull, 'ada');
    await rig.settled();
    expect(rig.check(head(pull), PLAN).title).toBe('1 host changes, 1 as declared');
  });

  it('of more files than GitHub lists is read whole', async () => {
    await start();
    const files = Object.fromEntries(
      Array.from({ length: 320 }, (_, index) => [`deploy-configs/files/${index}`, `${index}`]),
    );
    await rig.repo.commit({
      branch: 'large',
      author: 'ada',
      message: 'Many',
      files: { ...files, ...oneHost },
    });
    const pull = await rig.repo.openPull({ title: 'Many', head: 'large', by: 'ada' });
    await rig.settled();
    expect(rig.fleet.planned[0]?.files.size).toBe(322);
    expect(rig.check(head(pull), PLAN).conclusion).toBe('success');
  }, 120_000);
});

describe('a pull request that changes nothing there', () => {
  it('is left alone altogether', async () => {
    await start();
    await rig.repo.commit({
      branch: 'words',
      author: 'ada',
      message: 'Words',
      files: { 'README.md': 'better' },
    });
    const pull = await rig.repo.openPull({ title: 'Words', head: 'words', by: 'ada' });
    await rig.settled();
    expect([rig.said(pull), rig.repo.checkRuns(head(pull)), rig.fleet.planned]).toEqual([[], [], []]);
  });

  it('is left alone also when its base has moved there', async () => {
    await start();
    await rig.repo.commit({
      branch: 'words',
      author: 'ada',
      message: 'Words',
      files: { 'README.md': 'better' },
    });
    await rig.repo.commit({ branch: 'main', author: 'grace', message: 'v2', files: oneHost });
    const pull = await rig.repo.openPull({ title: 'Words', head: 'words', by: 'ada' });
    await rig.settled();
    expect([rig.said(pull), rig.repo.checkRuns(head(pull))]).toEqual([[], []]);
  });

  it('is refused a plan that somebody asks for', async () => {
    await start();
    await rig.repo.commit({
      branch: 'words',
      author: 'ada',
      message: 'Words',
      files: { 'README.md': 'better' },
    });
    const pull = await rig.repo.openPull({ title: 'Words', head: 'words', by: 'ada' });
    const comment = await rig.comment(pull, '/plan');
    expect(rig.said(pull)).toEqual([expect.stringContaining('changes nothing below deploy-configs/')]);
    expect(rig.reactions(comment)).toEqual(['eyes', 'confused']);
  });

  it('is left alone when it goes into another branch, whose policy anybody with write could have made', async () => {
    await start();
    await rig.repo.commit({
      branch: 'release',
      author: 'grace',
      message: 'Release',
      files: { 'README.md': 'release' },
    });
    await rig.repo.commit({ branch: 'topic', author: 'ada', message: 'v2', files: oneHost });
    const pull = await rig.repo.openPull({ title: 'v2', head: 'topic', base: 'release', by: 'ada' });
    const comment = await rig.comment(pull, '/plan');
    expect(rig.fleet.planned).toEqual([]);
    expect(rig.reactions(comment)).toEqual(['eyes', 'confused']);
    expect(rig.said(pull)).toEqual([expect.stringContaining('goes into release')]);
  });
});

describe('a plan that cannot be made', () => {
  it('for a configuration that is not valid: check run, annotation and comment say where', async () => {
    await start();
    const pull = await rig.open('BROKEN', { branch: 'topic' });
    const check = rig.check(head(pull), PLAN);
    expect(check.conclusion).toBe('failure');
    expect(check.annotations).toMatchObject([
      { path: STACK, annotation_level: 'failure', title: 'KEY_UNKNOWN' },
    ]);
    expect(rig.said(pull)).toEqual([expect.stringContaining('there is no key BROKEN')]);
    await rig.push('topic', 'v2');
    expect(rig.said(pull)).toEqual([expect.stringContaining('2 hosts change')]);
  });

  it('for a host that is down: the rest is shown, and a look at that host completes it', async () => {
    await start();
    rig.fleet.down.add('web2');
    const pull = await rig.open('v2');
    expect(rig.check(head(pull), PLAN).conclusion).toBe('failure');
    expect(rig.said(pull)[0]).toContain('HOST_UNREACHABLE');
    rig.fleet.down.clear();
    const comment = await rig.comment(pull, '/plan web2');
    expect(rig.fleet.planned[1]?.hosts).toEqual(['web2']);
    expect(rig.check(head(pull), PLAN)).toMatchObject({ conclusion: 'success', title: '2 hosts change' });
    expect(rig.reactions(comment)).toEqual(['eyes', '+1']);
  });

  it('for a host that is not there: refused with its name', async () => {
    await start();
    const pull = await rig.open('v2');
    const comment = await rig.comment(pull, '/plan web9');
    expect(rig.said(pull)[1]).toContain('hosts.yml has no host web9');
    expect(rig.reactions(comment)).toEqual(['eyes', 'confused']);
  });

  it('because GitHub fails for a while: it is tried again by itself, and then shown', async () => {
    await start();
    rig.github.failNext({ path: 'git/get-blob', status: 502, times: 2 });
    const pull = await rig.open('v2');
    const check = rig.check(head(pull), PLAN);
    expect([check.status, check.conclusion]).toEqual(['completed', 'success']);
  });
});

describe('a pull request from a fork', () => {
  async function fork(content: string, files: Readonly<Record<string, string>> = {}): Promise<number> {
    rig.github.createUser('stranger');
    const forked = await rig.github.createRepo('stranger', 'infra', { forkOf: rig.repo });
    await forked.commit({
      branch: 'topic',
      author: 'stranger',
      message: 'Change',
      files: { [STACK]: content, ...files },
    });
    const pull = await rig.repo.openPull({ title: 'Change', head: 'topic', by: 'stranger', from: forked });
    await rig.settled();
    return pull;
  }

  it('has its configuration checked, and no host is contacted', async () => {
    await start();
    const pull = await fork('BROKEN');
    const check = rig.check(head(pull), PLAN);
    expect(check.conclusion).toBe('failure');
    expect(check.annotations.length).toBeGreaterThan(0);
    expect([rig.fleet.planned, rig.said(pull)]).toEqual([[], []]);
  });

  it('is neutral when the configuration is valid, and only the commit that a maintainer names is planned', async () => {
    await start();
    const hosts = `hosts:\n  web1: { address: 10.0.0.11, host_key: ${HOST_KEY} }\n`;
    const stack = 'on: web1\nresources:\n  - file: /etc/shop\n    content: v2\n';
    const pull = await fork(stack, { 'deploy-configs/hosts.yml': hosts });
    expect(rig.check(head(pull), PLAN)).toMatchObject({ conclusion: 'neutral', actions: [] });
    expect(rig.said(pull)).toEqual([expect.stringContaining(`/plan ${head(pull).slice(0, 12)}`)]);
    for (const words of ['/plan', `/plan ${'0'.repeat(12)}`, '/deploy']) await rig.comment(pull, words);
    await rig.comment(pull, `/plan ${head(pull)}`, 'mallory');
    await rig.comment(pull, `/plan ${head(pull)}`, 'stranger');
    expect(
      rig
        .said(pull)
        .slice(1)
        .map((body) => /FORK_STATIC_ONLY|PLAN_AMBIGUOUS|NOT_ALLOWED/.exec(body)?.[0]),
    ).toEqual(['FORK_STATIC_ONLY', 'FORK_STATIC_ONLY', 'PLAN_AMBIGUOUS', 'NOT_ALLOWED', 'NOT_ALLOWED']);
    expect(rig.fleet.planned).toEqual([]);
    await rig.comment(pull, `/plan ${head(pull).slice(0, 7)}`);
    expect(rig.fleet.planned).toMatchObject([{ commit: head(pull) }]);
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(rig.said(pull).at(-1)).toContain('FORK_STATIC_ONLY');
    expect(rig.fleet.deployed).toEqual([]);
  });
});

const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2rZ1cI6CqvVbYkKxRrMXxJKp2tJbbB6hI2aCcG0F5Y';

describe('a branch that is behind its base', () => {
  const behind = async (on: string): Promise<number> => {
    await start({ policy: `deploy: { on: ${on}, by: [write] }\n` });
    await rig.repo.commit({ branch: 'topic', author: 'ada', message: 'v2', files: oneHost });
    const files = { 'deploy-configs/other.yml': 'v1' };
    await rig.repo.commit({ branch: 'main', author: 'grace', message: 'Other', files });
    const pull = await rig.repo.openPull({ title: 'v2', head: 'topic', by: 'ada' });
    await rig.settled();
    return pull;
  };

  it('is blocked where a comment deploys it before the merge', async () => {
    const pull = await behind('comment');
    expect(rig.said(pull)[0]).toContain('BRANCH_BEHIND');
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
    expect(rig.said(pull)[1]).toContain('BRANCH_BEHIND');
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('is no matter where the merge deploys', async () => {
    const pull = await behind('merge');
    expect(rig.said(pull)[0]).not.toContain('BRANCH_BEHIND');
    expect(rig.check(head(pull), PLAN).conclusion).toBe('success');
  });
});
