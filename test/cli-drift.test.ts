// `ashore drift` on hosts that answer over real ssh: what they left, what they never got, and that nothing is written.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BASE, digestOn, hostsFile, openDesk, SHOP } from './support/desk.ts';
import type { Desk } from './support/desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.leave());

it('tells what was never deployed, then nothing, then what a person changed; a deploy puts it back', async () => {
  const before = await desk.ashore('drift');
  expect([before.status, before.err]).toEqual([2, '']);
  expect(before.out).toContain('base: 2 changes never deployed');
  expect(before.out).toContain('never deployed here by Ashore');

  await desk.ashore('deploy', await desk.plan());
  expect(await desk.ashore('drift')).toMatchObject({
    status: 0,
    err: '',
    out: 'base: no drift\n\nno drift\n',
  });

  writeFileSync(desk.motd, 'changed by hand\n');
  const ledger = desk.ledger();
  const drifted = await desk.ashore('drift', 'web1');
  expect([drifted.status, drifted.err]).toEqual([2, '']);
  expect(drifted.out).toMatch(/^base: 1 resource drifted\n {2}left after it was deployed\n/);
  expect(drifted.out).toMatch(
    new RegExp(`web1 deployed .* commit ${desk.checkout.git('rev-parse', 'HEAD').slice(0, 7)}`),
  );
  expect(drifted.out).toContain('content: 16 bytes that not everybody may read → ');
  expect([readFileSync(desk.motd, 'utf8'), desk.ledger()]).toEqual(['changed by hand\n', ledger]);

  await desk.ashore('deploy', await desk.plan());
  expect((await desk.ashore('drift')).status).toBe(0);
});

it('what was removed on the host is drift, and what is new in the configuration is not', async () => {
  await desk.ashore('deploy', await desk.plan());
  rmSync(desk.motd);
  desk.declare(`${BASE}  - file: "\${root}/etc/new"\n    content: new\n`);
  const [drift] = JSON.parse((await desk.ashore('drift', '--json')).out);
  expect(drift).toMatchObject({
    stack: 'base',
    drifted: [{ host: 'web1', change: { ref: `file/${desk.motd}`, verb: 'create' } }],
    undeployed: [{ host: 'web1', change: { ref: `file/${desk.motd.replace('motd', 'new')}` } }],
    unread: [],
  });
});

it('a stack whose file is gone is named by plan and drift, with the command that plans its removal', async () => {
  const shop = 'deploy-configs/shop.yml';
  desk.checkout.write({ [shop]: SHOP });
  const commit = desk.checkout.commit().slice(0, 7);
  await desk.ashore('deploy', await desk.plan());
  desk.checkout.write({ [shop]: null });
  desk.checkout.commit();
  const words = `\n\nshop is declared no more; 1 resource of it is still on web1\nplan its removal: ashore plan --base ${commit}\n`;
  for (const command of ['plan', 'drift']) {
    const { status, out } = await desk.ashore(command);
    expect([status, out.slice(-words.length)]).toEqual([0, words]);
  }
  expect(await desk.ashore('drift', '--json')).toMatchObject({ status: 0, err: words.slice(1) });
  const planned = await desk.ashore('plan', '--base', commit);
  expect(planned.out).toContain(`delete file/${desk.web1.root}/shop.conf`);
  expect(planned.out).not.toContain('declared no more');
  expect((await desk.ashore('deploy', digestOn(planned))).status).toBe(0);
  expect((await desk.ashore('plan')).out).not.toContain('declared no more');
});

it('a host that cannot be asked is never without drift', async () => {
  await desk.ashore('deploy', await desk.plan());
  desk.checkout.write({ 'deploy-configs/hosts.yml': hostsFile(desk.web1, desk.web2) });
  const { status, out } = await desk.ashore('drift');
  expect(status).toBe(1);
  expect(out).toContain('base: 1 look failed');
  expect(out).toContain('web2 could not be looked at');
  expect(out).toMatch(/\n\nno drift was found; not all of web2 could be looked at\n$/);
});
