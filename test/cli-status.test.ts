// `ashore status` on hosts that answer over real ssh: nothing yet, then who deployed what, then what a person changed.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hostsFile, openDesk } from './support/desk.ts';
import type { Desk } from './support/desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.leave());

it('tells what each host remembers and whether it is still so, and writes nothing', async () => {
  const before = await desk.ashore('status');
  expect([before.status, before.err]).toEqual([2, '']);
  expect(before.out).toMatch(/^base:\n {2}web1 {2}nothing deployed yet {2}2 changes never deployed\n$/);

  const digest = await desk.plan();
  await desk.ashore('deploy', digest);
  const ledger = desk.ledger();
  const commit = desk.checkout.git('rev-parse', 'HEAD').slice(0, 7);
  const deployed = await desk.ashore('status');
  expect([deployed.status, deployed.err]).toEqual([0, '']);
  expect(deployed.out).toMatch(
    new RegExp(
      `^base:\\n {2}web1 {2}commit ${commit}\\S*, plan ${digest}, by \\S+ .* UTC, run \\S+ {2}as declared\\n$`,
    ),
  );

  writeFileSync(desk.motd, 'changed by hand\n');
  const drifted = await desk.ashore('status', 'web1');
  expect(drifted.status).toBe(2);
  expect(drifted.out).toContain('1 resource drifted');
  expect(desk.ledger()).toBe(ledger);
});

it('a host that cannot be asked is said, and a stack that only a host knows is shown as such', async () => {
  await desk.ashore('deploy', await desk.plan());
  desk.checkout.write({
    'deploy-configs/hosts.yml': hostsFile(desk.web1, desk.web2),
    'deploy-configs/other.yml': 'on: all\nresources:\n  - file: "${root}/other"\n    content: other\n',
  });
  rmSync(join(desk.checkout.top, 'deploy-configs/base.yml'));
  const { status, out } = await desk.ashore('status', '--json');
  expect(status).toBe(1);
  const stacks: unknown = JSON.parse(out);
  expect(stacks).toMatchObject([
    {
      stack: 'other',
      hosts: [
        { host: 'web1', recorded: null, undeployed: 1 },
        { host: 'web2', recorded: null, failure: {} },
      ],
    },
    { stack: 'base', declared: false, hosts: [{ host: 'web1', recorded: { resources: 2 } }] },
  ]);
});

it('a host that nobody declares is refused', async () => {
  const { status, err } = await desk.ashore('status', 'web9');
  expect(status).toBe(1);
  expect(err).toContain('HOST_UNKNOWN');
});
