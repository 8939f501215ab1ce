// What stands between a plan and its deploy beyond the people: required checks, freezes and holds, tokens, and time.
import { afterEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig, RigOptions } from './rig.ts';

const COMMENT = 'deploy: { on: comment, by: [write] }\n';
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2rZ1cI6CqvVbYkKxRrMXxJKp2tJbbB6hI2aCcG0F5Y';
const HOSTS = {
  'deploy-configs/hosts.yml': ['web1', 'web2']
    .map((name, index) => `  ${name}: { address: 10.0.0.1${index}, host_key: ${HOST_KEY} }\n`)
    .reduce((text, line) => text + line, 'hosts:\n'),
  [STACK]: 'on: all\nresources: []\n',
};

let rig: Rig;
const start = async (options: RigOptions = {}): Promise<void> => {
  rig = await startRig({ policy: COMMENT, ...options });
};
const last = (pull: number): string => rig.said(pull).at(-1) ?? '';
const deploy = async (pull: number, rest = ''): Promise<void> => {
  await rig.comment(pull, `/deploy ${rig.digest(pull)}${rest}`);
};
const head = (pull: number): string => rig.repo.pull(pull).head.sha;

afterEach(async () => {
  await rig.stop();
});

describe('required checks', () => {
  it('hold a deploy up until they have passed, and ours is not among them', async () => {
    await start();
    rig.repo.protect('main', { requiredChecks: ['tests', 'ashore/plan', 'ashore/deploy'] });
    const pull = await rig.open('v2');
    const sha = head(pull);
    await deploy(pull);
    expect(last(pull)).toContain('CHECKS_PENDING');
    await rig.repo.status({ sha, context: 'tests', by: 'grace', state: 'pending' });
    await deploy(pull);
    expect(last(pull)).toContain('CHECKS_PENDING');
    await rig.repo.status({ sha, context: 'tests', by: 'grace', state: 'failure' });
    await deploy(pull);
    expect(last(pull)).toContain('CHECKS_FAILED');
    expect(last(pull)).toContain('| ⛔ | required checks | tests | tests failed | whoever runs them |');
    expect(last(pull)).toContain('| ✅ | plan |');
    expect(rig.fleet.deployed).toEqual([]);
    await rig.repo.status({ sha, context: 'tests', by: 'grace', state: 'success' });
    await deploy(pull);
    expect(rig.fleet.deployed.length).toBe(1);
  });
});

describe('/freeze and /hold', () => {
  it('freeze: nothing is deployed until it is lifted', async () => {
    await start();
    const pull = await rig.open('v2');
    await rig.comment(pull, '/freeze all the year ends until 2d');
    expect(last(pull)).toContain('the year ends');
    await deploy(pull);
    expect(last(pull)).toMatch(/FROZEN.*by grace/);
    expect(rig.fleet.deployed).toEqual([]);
    await rig.comment(pull, '/unfreeze all');
    await deploy(pull);
    expect(rig.fleet.deployed.length).toBe(1);
  });

  it('ends by itself', async () => {
    await start();
    const pull = await rig.open('v2');
    await rig.comment(pull, '/freeze all the year ends until 4h');
    rig.now = new Date(Date.now() + 4 * 3_600_000 + 1000);
    await deploy(pull);
    expect(rig.fleet.deployed.length).toBe(1);
  });

  it('is not for everybody, and not for names that are not there', async () => {
    await start({ files: HOSTS });
    const pull = await rig.open('v2');
    await rig.comment(pull, '/freeze all because', 'mallory');
    await rig.comment(pull, '/freeze shpo because');
    await rig.comment(pull, '/hold web9 because');
    expect(
      rig
        .said(pull)
        .slice(1)
        .map((body) => /NOT_ALLOWED|COMMAND_INVALID|HOST_UNKNOWN/.exec(body)?.[0]),
    ).toEqual(['NOT_ALLOWED', 'COMMAND_INVALID', 'HOST_UNKNOWN']);
  });

  it('hold: the host is left out, and when nothing else is left the deploy is refused', async () => {
    await start({ files: HOSTS });
    const pull = await rig.open('v2');
    await rig.comment(pull, '/hold web2 the disk is changed');
    await deploy(pull);
    expect(rig.fleet.deployed).toMatchObject([
      {
        held: [
          { host: 'web2', reason: { code: 'HELD', message: expect.stringContaining('the disk is changed') } },
        ],
      },
    ]);
    await deploy(pull, ' --only web2');
    expect(last(pull)).toContain('HELD');
    expect(rig.fleet.deployed.length).toBe(1);
  });
});

describe('the token', () => {
  it('is asked for again after a day', async () => {
    await start();
    const pull = await rig.open('DELETE');
    const token = /--confirm ([0-9a-f]{8})/.exec(last(pull))?.[1] ?? '';
    rig.now = new Date(Date.now() + 25 * 3_600_000);
    await deploy(pull, ` --confirm ${token}`);
    expect(last(pull)).toContain('CONFIRMATION_NEEDED');
    expect(rig.fleet.deployed).toEqual([]);
  });
});

describe('a run that was accepted and has not begun', () => {
  const accept = async (pull: number): Promise<void> => {
    const opened = await openStore(
      { directory: rig.settings.data },
      { who: 'a test', now: () => new Date() },
    );
    if (opened.is === 'locked') throw new Error('the store is still open');
    const { store } = opened;
    const stored = await store.plans.current({ repo: 'acme/infra', pull });
    const installation = [...rig.github.world.installations.values()][0]?.id;
    if (!stored || installation === undefined) throw new Error('nothing was planned');
    const { commit, plan } = stored;
    const run = { id: 'pr-1-accepted', repo: 'acme/infra', installation, pull, commit, plan: plan.digest };
    const request = { via: 'comment', named: true } as const;
    await store.runs.start({ ...run, by: 'ada', request, hosts: ['web1', 'web2'] });
    await store.close();
  };
  it.each([
    ['is carried out when all is as it was', 'write', 1],
    ['is refused when who asked has lost the right since', 'read', 0],
  ] as const)('%s', async (_, role, deploys) => {
    await start();
    const pull = await rig.open('v2');
    await rig.restart(async () => {
      await accept(pull);
      rig.repo.collaborator('ada', role);
    });
    await rig.settled();
    expect(rig.fleet.deployed.length).toBe(deploys);
    expect(last(pull).includes('NOT_ALLOWED')).toBe(deploys === 0);
  });
});

describe('what must not be overlooked', () => {
  it('is said in the plan: another policy, new hosts, other addresses, other keys', async () => {
    await start({ files: HOSTS });
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2rZ1cI6CqvVbYkKxRrMXxJKp2tJbbB6hI2aCcG0F5Z';
    const hosts = [
      `  web1: { address: 10.0.0.99, host_key: ${HOST_KEY} }`,
      `  web2: { address: 10.0.0.11, host_key: ${key} }`,
      `  web3: { address: 10.0.0.12, host_key: ${HOST_KEY} }`,
    ];
    const files = {
      'deploy-configs/hosts.yml': `hosts:\n${hosts.join('\n')}\n`,
      'deploy-configs/policy.yml': 'deploy: { on: comment, by: [read] }\n',
    };
    await rig.repo.commit({ branch: 'more', author: 'ada', message: 'More', files });
    const pull = await rig.repo.openPull({ title: 'More', head: 'more', by: 'ada' });
    await rig.settled();
    const notices = last(pull)
      .split('\n')
      .filter((line) => line.startsWith('- ⚠️'));
    expect(notices).toEqual([
      expect.stringContaining('changes policy: the policy of the base branch applies'),
      expect.stringContaining('`web1` is reached elsewhere'),
      expect.stringContaining('`web2` gets another host key'),
      expect.stringContaining('`web3` is new'),
    ]);
    await rig.comment(pull, `/deploy ${rig.digest(pull)}`, 'mallory');
    expect(last(pull)).toContain('NOT_ALLOWED');
  });

  it('is nothing in most plans', async () => {
    await start();
    expect(last(await rig.open('v2'))).not.toContain('⚠️');
  });
});
