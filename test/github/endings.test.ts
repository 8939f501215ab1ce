// How a run ends for all who look: once, alike on every surface, and in the end also where GitHub gave no access for long.
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { STACK } from './fleet.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
async function start(): Promise<void> {
  rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n' });
}
afterEach(async () => {
  await rig.stop();
});

const HOUR = 3_600_000;
const DEPLOY = 'ashore/deploy';
const SUSPENDED = { status: 403, body: { message: 'This installation has been suspended' } } as const;

const head = (pull: number): string => rig.repo.pull(pull).head.sha;
const later = (hours: number): Date => new Date(Date.now() + hours * HOUR);
const asked = (operation: string): number => rig.github.calls().get(operation) ?? 0;
const states = (): readonly (readonly string[])[] =>
  rig.repo.deployments().map(({ statuses }) => statuses.map(({ state }) => state));
/** How many hosts are held. */
function held(): unknown {
  const store = new DatabaseSync(`${rig.settings.data}/ashore.db`, { readOnly: true });
  try {
    return store.prepare('select count(*) as count from leases').get()?.['count'];
  } finally {
    store.close();
  }
}
/** Long enough for a few more tries. */
const pause = (): Promise<void> => wait(1000);

describe('a deploy that was accepted', () => {
  it('begins when the installation is no longer suspended', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.github.failNext({ path: 'checks/create', times: 2, ...SUSPENDED });
    const comment = await rig.comment(pull, '/deploy');
    await rig.github.waitFor(() => rig.reactions(comment).includes('rocket'), { what: 'the end' });
    expect(rig.fleet.live.get('web1')).toBe('v2');
    expect(rig.said(pull)).toHaveLength(1);
  });

  it('of a merge says on its check run that it is tried again', async () => {
    await start();
    const pull = await rig.open('v2');
    const before = asked('pulls/get');
    let last = 0;
    rig.fleet.during = async () => void (last = asked('pulls/get') - before);
    await rig.repo.merge(pull, 'grace');
    await rig.settled();
    rig.fleet.during = async () => undefined;
    const files = { [STACK]: 'v3' };
    await rig.repo.commit({ branch: 'other', base: 'main', author: 'ada', message: 'More', files });
    const other = await rig.repo.openPull({ title: 'More', head: 'other', by: 'ada' });
    await rig.settled();
    // Who may is looked at once more when the run begins: of all looks before the hosts, the last one.
    rig.github.failNext({ path: 'pulls/get', after: last - 1, times: 3, status: 502 });
    const titles: (string | null)[] = [];
    const sha = await rig.repo.merge(other, 'grace');
    await rig.github.waitFor(
      () => {
        const check = rig.repo.checkRuns(sha).find(({ name }) => name === DEPLOY);
        if (check) titles.push(check.title);
        return check?.conclusion === 'success';
      },
      { what: 'the end', within: 20_000 },
    );
    expect(titles).toContain('GitHub fails; tried again later');
    expect(rig.fleet.live.get('web1')).toBe('v3');
  });

  it('is refused, and holds no host, when GitHub fails for hours', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.github.failNext({ path: 'checks/create', times: 1000, status: 502 });
    await rig.comment(pull, '/deploy');
    await pause();
    expect(rig.said(pull)).toHaveLength(1);
    rig.now = later(3);
    await rig.github.waitFor(() => rig.said(pull).length > 1, { what: 'the refusal', within: 20_000 });
    expect(rig.said(pull)[1]).toContain('GITHUB_FAILED');
    expect(rig.fleet.deployed).toEqual([]);
    rig.github.mend();
    await rig.comment(pull, '/deploy');
    expect(rig.fleet.live.get('web1')).toBe('v2');
  });
});

describe('the end of a deploy', () => {
  it('that may not be said in a locked conversation is said everywhere else, once', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.failing.add('web1');
    const before = asked('issues/create-comment');
    const body = { message: 'Unable to create comment because issue is locked.' };
    rig.fleet.during = async () =>
      rig.github.failNext({ path: 'issues/create-comment', status: 403, times: 1000, body });
    await rig.comment(pull, '/deploy');
    await pause();
    expect(asked('issues/create-comment') - before).toBe(1);
    expect(states()).toEqual([['in_progress', 'failure']]);
    expect(rig.check(head(pull), DEPLOY).conclusion).toBe('failure');
  });

  it('is not said twice where it was said when another place fails', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.failing.add('web1');
    rig.fleet.during = async () =>
      rig.github.failNext({ path: 'issues/create-comment', status: 502, times: 5 });
    const before = asked('checks/update');
    await rig.comment(pull, '/deploy');
    await rig.github.waitFor(() => rig.said(pull).length > 1, { what: 'the reply', within: 20_000 });
    await rig.settled();
    expect(asked('checks/update') - before).toBeLessThanOrEqual(2);
    expect(states()).toEqual([['in_progress', 'failure']]);
  });

  it('that nobody could look at afterwards is the same on every surface', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.unseen.add('web1');
    const comment = await rig.comment(pull, '/deploy');
    expect(rig.check(head(pull), DEPLOY).conclusion).toBe('failure');
    expect(states()).toEqual([['in_progress', 'failure']]);
    expect(rig.reactions(comment)).toEqual(['eyes', 'confused']);
    expect(rig.said(pull).at(-1)).toContain('not looked at afterwards');
    expect(rig.said(pull)).toHaveLength(2);
  });

  it('is said days later, when the installation is back and the server was restarted', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.during = async () => rig.github.suspend(rig.repo, true);
    await rig.comment(pull, '/deploy');
    expect(rig.fleet.live.get('web2')).toBe('v2');
    await rig.restart(async () => {
      rig.now = later(48);
      rig.github.suspend(rig.repo, false);
    });
    const told = (): boolean => rig.said(pull).some((body) => body.includes('**Deployed to 2 hosts'));
    await rig.github.waitFor(told, { what: 'the end', within: 60_000 });
    await rig.settled();
    expect(rig.check(head(pull), DEPLOY).conclusion).toBe('success');
    expect(rig.fleet.deployed).toHaveLength(1);
  });
});

describe('a check run that could not be ended while its repository was out of reach', () => {
  it('says hours later what its run came to', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.during = async () => {
      await rig.github.waitFor(() => states().length > 0, { what: 'the deployment' });
      rig.github.failNext({ path: /^\/repos\//, status: 404, times: 1000 });
    };
    await rig.comment(pull, '/deploy');
    expect(rig.fleet.live.get('web2')).toBe('v2');
    expect(rig.check(head(pull), DEPLOY).status).toBe('in_progress');
    await rig.restart(async () => {
      rig.github.mend();
      rig.now = later(5);
    });
    const ended = (): boolean => rig.check(head(pull), DEPLOY).status === 'completed';
    await rig.github.waitFor(ended, { what: 'the end', within: 20_000 });
    expect(rig.check(head(pull), DEPLOY)).toMatchObject({
      conclusion: 'success',
      externalId: rig.fleet.deployed[0]?.run,
    });
    expect(rig.fleet.deployed).toHaveLength(1);
  });
});

describe('a deploy whose App is removed while the server is down', () => {
  it('lets go of its hosts once they must have ended, and is told when the App is back', async () => {
    await start();
    const pull = await rig.open('v2');
    const never = Promise.withResolvers<void>();
    rig.fleet.during = () => never.promise;
    await rig.repo.comment(pull, '/deploy', 'grace');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy' });
    await rig.restart(async () => rig.github.uninstall(rig.repo));
    await pause();
    expect(held()).toBe(2);
    rig.now = later(5);
    await rig.github.waitFor(() => held() === 0, { what: 'the hosts', within: 20_000 });
    await rig.restart(async () => void rig.github.install(rig.repo.repository));
    await rig.github.waitFor(() => rig.said(pull).some((body) => body.includes('no end that is known')), {
      what: 'the end',
      within: 60_000,
    });
    await rig.settled();
    expect(rig.check(head(pull), DEPLOY).conclusion).toBe('failure');
    expect(rig.fleet.deployed).toHaveLength(1);
    never.resolve();
  });
});
