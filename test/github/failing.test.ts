// GitHub failing at every moment of a plan, a merge and a deploy, in every way it fails: in the end all is said, once.
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '../support/github/faults.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
async function start(): Promise<void> {
  rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n' });
}
afterEach(async () => {
  await rig.stop();
});

const head = (pull: number): string => rig.repo.pull(pull).head.sha;
const open = (): readonly string[] =>
  rig.repo
    .checkRuns()
    .filter((run) => run.status !== 'completed')
    .map((run) => run.name);
/** What the Deployments of all runs say last. */
const recorded = (): readonly (string | undefined)[] =>
  rig.repo.deployments().map(({ statuses }) => statuses.at(-1)?.state);
const soon = (): string => String(Math.floor(Date.now() / 1000));

type Failure = Omit<Fault, 'path'>;
const FAILURES: readonly (readonly [string, () => Failure])[] = [
  ['502', () => ({ status: 502, times: 2 })],
  ['a cut connection', () => ({ status: 0, times: 2 })],
  ['an answer that is lost', () => ({ status: 502, afterwards: true })],
  [
    'a secondary limit',
    () => ({
      status: 403,
      body: { message: 'You have exceeded a secondary rate limit.' },
      headers: { 'retry-after': '1' },
    }),
  ],
  [
    'a primary limit',
    () => ({ status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon() } }),
  ],
];

const PLANNING = ['pulls/get', 'git/get-tree', 'checks/create', 'issues/create-comment', 'checks/update'];
describe.each(FAILURES)('%s', (_, failure) => {
  it.each(PLANNING)('in %s while a pull request is planned', async (path) => {
    await start();
    rig.github.failNext({ path, ...failure() });
    const pull = await rig.open('v2');
    await rig.settled();
    expect(rig.said(pull)).toHaveLength(1);
    expect(rig.said(pull)[0]).toContain('2 hosts change');
    const checks = rig.repo.checkRuns(head(pull));
    expect(checks.map((run) => [run.name, run.conclusion])).toEqual([['ashore/plan', 'success']]);
  });

  it.each(['pulls/get', 'checks/create', 'git/get-ref'])('in %s while a merge is deployed', async (path) => {
    await start();
    const pull = await rig.open('v2');
    rig.github.failNext({ path, ...failure() });
    const sha = await rig.repo.merge(pull, 'grace');
    await rig.settled();
    expect([rig.fleet.live.get('web1'), rig.fleet.deployed.length]).toEqual(['v2', 1]);
    expect(rig.repo.checkRuns(sha).map((run) => [run.name, run.conclusion])).toEqual([
      ['ashore/deploy', 'success'],
    ]);
    expect(open()).toEqual([]);
  });

  it.each(['checks/create', 'repos/create-deployment'])(
    'in %s when an accepted deploy begins',
    async (path) => {
      await start();
      const pull = await rig.open('v2');
      rig.github.failNext({ path, ...failure() });
      await rig.comment(pull, '/deploy');
      await rig.github.waitFor(() => recorded().includes('success'), { what: 'the end', within: 20_000 });
      await rig.settled();
      expect([rig.fleet.live.get('web1'), rig.fleet.deployed.length]).toEqual(['v2', 1]);
      expect(rig.repo.checkRuns().map((run) => [run.name, run.conclusion])).toEqual([
        ['ashore/plan', 'success'],
        ['ashore/deploy', 'success'],
      ]);
      expect(recorded()).toEqual(['success']);
      expect(rig.said(pull)).toHaveLength(1);
    },
  );

  it.each(['checks/update', 'issues/get-comment', 'issues/update-comment', 'repos/create-deployment-status'])(
    'in %s when a deploy has ended',
    async (path) => {
      await start();
      const pull = await rig.open('v2');
      rig.fleet.during = async () => {
        await rig.github.waitFor(() => recorded().includes('in_progress'), { what: 'the deployment' });
        rig.github.failNext({ path, ...failure() });
      };
      await rig.comment(pull, '/deploy');
      await rig.github.waitFor(() => rig.said(pull)[0]?.includes('asked for by `grace`'), {
        what: 'the report',
      });
      await rig.github.waitFor(() => open().length === 0, { what: 'the end of the check run' });
      await rig.github.waitFor(() => recorded().includes('success'), { what: 'the end of the deployment' });
      await rig.settled();
      expect(rig.fleet.deployed).toHaveLength(1);
      expect(rig.said(pull)).toHaveLength(1);
      expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
      expect(recorded()).toEqual(['success']);
    },
  );

  it('in issues/create-comment when a deploy has failed', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.failing.add('web1');
    rig.fleet.during = async () => rig.github.failNext({ path: 'issues/create-comment', ...failure() });
    await rig.comment(pull, '/deploy');
    await rig.github.waitFor(() => rig.said(pull).length > 1, { what: 'the reply' });
    await rig.settled();
    expect(rig.said(pull).filter((body) => body.includes('No space left'))).toHaveLength(2);
    expect(rig.said(pull)).toHaveLength(2);
  });
});

/** What every command needs to know of who commented. */
const PERMISSION = 'repos/get-collaborator-permission-level';

describe('a comment that asked for something', () => {
  it('is answered once GitHub answers again, and only then', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.github.failNext({ path: PERMISSION, status: 502, times: 3 });
    await rig.comment(pull, '/freeze all Christmas');
    expect(rig.said(pull).slice(1)).toHaveLength(1);
    expect(rig.said(pull)[1]).toContain('Christmas');
  });

  it('is told that GitHub fails when that does not pass', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.github.failNext({ path: PERMISSION, status: 502, times: 50 });
    await rig.comment(pull, '/freeze all Christmas');
    expect(rig.said(pull).slice(1)).toHaveLength(1);
    expect(rig.said(pull)[1]).toContain('GITHUB_FAILED');
  });
});

describe('what GitHub will never take', () => {
  it('does not keep the rest from being said: a check run that is too long', async () => {
    await start();
    const pull = await rig.open('v2');
    rig.fleet.during = async () => rig.github.failNext({ path: 'checks/update', status: 422 });
    await rig.comment(pull, '/deploy');
    await rig.github.waitFor(() => open().length === 0, { what: 'the end of the check run' });
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
    expect(rig.said(pull)[0]).toContain('asked for by `grace`');
  });

  it('a comment deleted by hand is written anew, under its own id', async () => {
    await start();
    const pull = await rig.open('v2');
    const [sticky] = rig.repo.comments(pull);
    await rig.repo.deleteComment(sticky?.id ?? 0, 'grace');
    await rig.settled();
    await rig.comment(pull, '/deploy');
    const [again, ...more] = rig.repo.comments(pull).filter((comment) => comment.app);
    expect([more, again?.id === sticky?.id]).toEqual([[], false]);
    expect(again?.body).toContain('asked for by `grace`');
  });

  it('of an installation that is suspended is said when it is back', async () => {
    await start();
    const pull = await rig.open('v2');
    const suspended = { status: 403, body: { message: 'This installation has been suspended' } } as const;
    rig.fleet.during = async () => {
      rig.github.failNext({ path: /^\/repos\//, times: 1000, ...suspended });
    };
    await rig.comment(pull, '/deploy');
    expect(rig.fleet.live.get('web1')).toBe('v2');
    expect(open()).toEqual(['ashore/deploy']);
    rig.github.mend();
    await rig.github.waitFor(() => open().length === 0, { what: 'the end of the check run' });
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
    await rig.github.waitFor(() => rig.said(pull)[0]?.includes('asked for by `grace`'), {
      what: 'the report',
    });
  });
});

describe('a check run that nobody will end any more', () => {
  it('is closed, and says so, but not while a run or a delivery may still end it', async () => {
    await start();
    const pull = await rig.open('v2');
    const never = Promise.withResolvers<void>();
    rig.fleet.during = () => never.promise;
    await rig.repo.comment(pull, '/deploy', 'grace');
    await rig.github.waitFor(() => rig.fleet.deployed.length === 1, { what: 'the deploy' });
    const store = new DatabaseSync(`${rig.settings.data}/ashore.db`);
    const insert = store.prepare(
      `insert into open_checks select repo, check_id, (select max(installation) from runs), name, commit_sha, pull, '2026-01-01T00:00:00.000Z' from checks where name = 'ashore/plan'`,
    );
    await rig.restart(async () => void insert.run());
    store.close();
    const { id } = rig.check(head(pull), 'ashore/plan');
    const title = 'It came to no end that is known';
    await rig.github.waitFor(() => rig.check(head(pull), 'ashore/plan').title === title, {
      what: `the end of ${id}`,
    });
    expect(rig.check(head(pull), 'ashore/deploy').status).toBe('in_progress');
    never.resolve();
    await rig.settled();
    expect(rig.check(head(pull), 'ashore/deploy').conclusion).toBe('success');
  });
});
