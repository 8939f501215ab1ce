// Roads that begin with a deploy that failed half way: nothing is forgotten, and the same plan can go on.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([{ name: 'web1', suite: 'trixie' }]);
});
afterAll(async () => {
  await fleet.stop();
});

it('runs a command again that failed after what it follows was applied', async () => {
  const files = fleet.files({
    'handler.yml': `
on: web1
resources:
  - file: /etc/handled.conf
    content: one
  - command: handle
    run: [test, -e, /etc/handler-allowed]
    after: [file//etc/handled.conf]
`,
  });
  const first = await fleet.deploy(await fleet.plan(files), files);
  expect(first.hosts[0]?.changes.map(({ ref, outcome }) => [ref, outcome])).toEqual([
    ['file//etc/handled.conf', 'applied'],
    ['command/handle', 'failed'],
  ]);
  const again = await fleet.plan(files);
  expect(linesOf(again)).toEqual(['web1 run command/handle']);
  await fleet.lab.host('web1').exec(['touch', '/etc/handler-allowed']);
  expectDone(await fleet.deploy(again, files));
  expect(linesOf(await fleet.plan(files))).toEqual([]);
});

it('goes on with the same plan where an earlier part of it has changed what a later part stands on', async () => {
  const files = fleet.files({
    'ground.yml': `
on: web1
resources:
  - directory: /srv/ground
  - command: pass
    run: [test, -e, /etc/pass-allowed]
  - file: /srv/ground/x
    content: x
`,
  });
  const plan = await fleet.plan(files);
  expect(linesOf(plan)).toEqual([
    'web1 create directory//srv/ground',
    'web1 run command/pass',
    'web1 create file//srv/ground/x',
  ]);
  const first = await fleet.deploy(plan, files);
  expect(first.hosts[0]?.changes.map(({ outcome }) => outcome)).toEqual(['applied', 'failed', 'not-started']);
  await fleet.lab.host('web1').exec(['touch', '/etc/pass-allowed']);
  expectDone(await fleet.deploy(plan, files));
  expect(linesOf(await fleet.plan(files))).toEqual([]);
});
