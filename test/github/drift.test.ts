// Drift on GitHub: asked for by a comment or by schedule, shown in one issue a stack that follows what the hosts do.
import { afterEach, expect, it } from 'vitest';
import type { Issue } from '../support/github/state.ts';
import { startRig } from './rig.ts';
import type { Rig, RigOptions } from './rig.ts';

const POLICY = 'deploy: { on: comment, by: [write] }\n';
const HOURLY = `${POLICY}drift: { every: 1h }\n`;

let rig: Rig;
afterEach(() => rig.stop());

async function start(options: RigOptions = {}): Promise<number> {
  rig = await startRig({ policy: POLICY, ...options });
  return rig.open('v2');
}

function issues(): readonly Issue[] {
  return [...rig.repo.repository.issues.values()].filter((issue) => issue.pull === undefined);
}

function shown(): readonly (readonly string[])[] {
  return issues().map(({ title, state }) => [title, state]);
}

it('is told to who asks, and shown in an issue that is rewritten, closed and opened again', async () => {
  const pull = await start();
  await rig.comment(pull, '/drift');
  expect(rig.said(pull).at(-1)).toContain('As declared, and as it was deployed: `shop`');
  expect(issues()).toEqual([]);

  rig.fleet.live.set('web1', 'by hand');
  await rig.comment(pull, '/drift');
  expect(rig.said(pull).at(-1)).toContain('1 resource drifted');
  expect(shown()).toEqual([['Drift: shop (1 resource on 1 host)', 'open']]);
  expect(issues()[0]?.body).toContain('+by hand');
  expect(issues()[0]?.body).toContain('Two ways out');

  rig.fleet.live.set('web2', 'by hand');
  await rig.comment(pull, '/drift');
  expect(shown()).toEqual([['Drift: shop (1 resource on 2 hosts)', 'open']]);

  rig.fleet.live.set('web1', 'v1').set('web2', 'v1');
  await rig.comment(pull, '/drift');
  expect(shown()).toEqual([['Drift: shop (1 resource on 2 hosts)', 'closed']]);
  const [issue] = issues();
  expect(rig.said(issue?.number ?? 0).at(-1)).toContain('All hosts of `shop` are as commit');

  rig.fleet.live.set('web2', 'again');
  await rig.comment(pull, '/drift');
  expect(shown()).toEqual([['Drift: shop (1 resource on 1 host)', 'open']]);
  expect(rig.fleet.deployed).toEqual([]);
});

it('of some hosts is answered, and changes no issue', async () => {
  const pull = await start();
  rig.fleet.live.set('web1', 'by hand').set('web2', 'by hand');
  await rig.comment(pull, '/drift web1');
  expect(rig.fleet.planned.at(-1)?.hosts).toEqual(['web1']);
  expect(rig.said(pull).at(-1)).toContain('1 resource drifted');
  expect(issues()).toEqual([]);
});

it('a host that nobody could look at closes no issue', async () => {
  const pull = await start();
  rig.fleet.live.set('web1', 'by hand');
  await rig.comment(pull, '/drift');
  rig.fleet.live.set('web1', 'v1');
  rig.fleet.down.add('web1');
  await rig.comment(pull, '/drift');
  expect(shown()).toEqual([['Drift: shop (1 resource on 1 host)', 'open']]);
});

it('an issue that somebody else wrote is never written to, whatever the store says', async () => {
  const pull = await start();
  rig.fleet.live.set('web1', 'by hand');
  await rig.comment(pull, '/drift');
  const [issue] = issues();
  if (issue) rig.repo.repository.issues.set(issue.number, { ...issue, app: undefined });
  rig.fleet.live.set('web2', 'by hand');
  await rig.comment(pull, '/drift');
  expect(shown()).toEqual([
    ['Drift: shop (1 resource on 1 host)', 'open'],
    ['Drift: shop (1 resource on 2 hosts)', 'open'],
  ]);
});

it('is not looked for when somebody asks who only reads', async () => {
  const pull = await start();
  const looks = rig.fleet.planned.length;
  await rig.comment(pull, '/drift', 'mallory');
  expect(rig.said(pull).at(-1)).toContain('NOT_ALLOWED');
  expect(rig.fleet.planned.length).toBe(looks);
});

it('is looked for by schedule only where policy asks, when it is due, and repairs nothing', async () => {
  await start({ policy: HOURLY });
  rig.fleet.live.set('web1', 'by hand');
  rig.now = new Date(Date.now() + 30 * 60_000);
  await rig.restart();
  await rig.settled();
  expect(issues()).toEqual([]);
  rig.now = new Date(Date.now() + 2 * 60 * 60_000);
  await rig.restart();
  await rig.settled();
  expect(shown()).toEqual([['Drift: shop (1 resource on 1 host)', 'open']]);
  expect(rig.fleet.live.get('web1')).toBe('by hand');
  expect(rig.fleet.deployed).toEqual([]);
});

it('is never looked for by itself where policy does not ask', async () => {
  await start();
  rig.fleet.live.set('web1', 'by hand');
  const looks = rig.fleet.planned.length;
  rig.now = new Date(Date.now() + 48 * 60 * 60_000);
  await rig.restart();
  await rig.settled();
  expect([issues(), rig.fleet.planned.length]).toEqual([[], looks]);
});

it('is over with the deploy of a pull request that leaves nothing of it', async () => {
  const pull = await start({ policy: 'deploy: { on: merge, by: [write] }\n' });
  rig.fleet.live.set('web1', 'by hand');
  await rig.comment(pull, '/drift');
  expect(shown()).toEqual([['Drift: shop (1 resource on 1 host)', 'open']]);
  await rig.comment(pull, '/plan');
  await rig.repo.merge(pull, 'ada');
  await rig.settled();
  expect([...rig.fleet.live.values()]).toEqual(['v2', 'v2']);
  expect(shown()).toEqual([['Drift: shop (1 resource on 1 host)', 'closed']]);
});

it('is opened again when somebody closed it and the hosts still differ', async () => {
  const pull = await start();
  rig.fleet.live.set('web1', 'by hand');
  await rig.comment(pull, '/drift');
  const close = async (): Promise<void> => {
    const [issue] = issues();
    if (issue) rig.repo.repository.issues.set(issue.number, { ...issue, state: 'closed' });
    await rig.settled();
  };
  await close();
  expect(shown()).toEqual([['Drift: shop (1 resource on 1 host)', 'closed']]);
  await rig.comment(pull, '/drift');
  expect(shown()).toEqual([['Drift: shop (1 resource on 1 host)', 'open']]);

  await close();
  const [gone] = issues();
  if (gone) rig.repo.repository.issues.delete(gone.number);
  await rig.comment(pull, '/drift');
  expect(shown()).toEqual([['Drift: shop (1 resource on 1 host)', 'open']]);
});

it('is not said of a host to which a run deploys, before the run has ended', async () => {
  const pull = await start();
  await rig.comment(pull, '/plan');
  const looked: (readonly (readonly string[])[])[] = [];
  const answered: string[] = [];
  rig.fleet.during = async () => {
    // As between the bytes of a file and the restart of what reads it.
    rig.fleet.live.set('web1', 'half way');
    const before = rig.said(pull).length;
    await rig.repo.comment(pull, '/drift', 'grace');
    const said = await rig.github.waitFor(
      () =>
        rig
          .said(pull)
          .slice(before)
          .find((body) => body.includes('## Drift')),
      {
        what: 'what was found',
        within: 10_000,
      },
    );
    answered.push(said);
    looked.push(shown());
  };
  await rig.comment(pull, `/deploy ${rig.digest(pull)}`);
  expect(looked).toEqual([[]]);
  expect(answered[0]).toContain('HOST_BUSY');
  rig.fleet.live.set('web1', 'by hand');
  await rig.comment(pull, '/drift');
  expect(shown()).toEqual([['Drift: shop (1 resource on 2 hosts)', 'open']]);
});

it('nor of one to which a run came and went while it was looked at', async () => {
  const pull = await start();
  const asks = await rig.open('v3');
  await rig.comment(pull, '/plan');
  const deploy = `/deploy ${rig.digest(pull)}`;
  const plan = rig.fleet.plan.bind(rig.fleet);
  Object.assign(rig.fleet, {
    plan: async (input: Parameters<typeof plan>[0]) => {
      const planned = await plan(input);
      if (input.all !== true || rig.fleet.deployed.length > 0) return planned;
      await rig.repo.comment(pull, deploy, 'grace');
      await rig.github.waitFor(
        () => rig.repo.checkRuns().find(({ name, conclusion }) => name === 'ashore/deploy' && conclusion),
        {
          what: 'the end of the run',
          within: 10_000,
        },
      );
      return planned;
    },
  });
  rig.fleet.live.set('web1', 'by hand');
  await rig.comment(asks, '/drift');
  expect(rig.said(asks).at(-1)).toContain('HOST_BUSY');
  expect(issues()).toEqual([]);
});
