// The example of this repository, as it lies in deploy-configs/, on real hosts and by hand from a terminal: sudo, systemd,
// packages, services. Only the addresses and keys of the hosts are put in, as its first lines ask for.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { Plan } from '../src/core/plan.ts';
import { labUnavailable, startLab } from './lab/lab.ts';
import type { Lab } from './lab/lab.ts';
import { digestOn } from './support/desk.ts';
import { createCheckout } from './support/terminal.ts';
import type { Checkout, Ran } from './support/terminal.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

describe.skipIf(unavailable !== undefined)('the example fleet', () => {
  let lab: Lab;
  let checkout: Checkout;

  beforeAll(async () => {
    lab = await startLab([
      { name: 'web1', suite: 'bookworm' },
      { name: 'web2', suite: 'trixie' },
      { name: 'db1', suite: 'trixie' },
    ]);
    checkout = createCheckout(readExample(lab));
  });
  afterAll(async () => {
    checkout?.remove();
    await lab?.stop();
  });

  const ashore = (...argv: readonly string[]): Promise<Ran> =>
    checkout.ashore(argv, { env: { ASHORE_SSH_KEY_PATH: lab.clientKey.path } });

  it('is valid, is planned, is deployed, and then there is nothing to do', async () => {
    expect(await ashore('validate')).toMatchObject({ status: 0, err: '' });
    const planned = await ashore('plan');
    const deployed = await ashore('deploy', digestOn(planned));
    expect([deployed.status, deployed.err], deployed.out).toEqual([0, '']);
    expect(deployed.out).toMatch(/Deployed to 3 hosts; nothing is left to do\n$/);
    const again = await ashore('plan');
    expect([again.status, again.err], again.out).toEqual([0, '']);
  });

  it('is plain what was done by hand: planned as drift, and put back', async () => {
    await lab.host('web2').exec(['sh', '-c', 'echo by hand >/etc/motd']);
    const planned = Plan.parse(JSON.parse((await ashore('plan', '--json')).out));
    const changes = planned.hosts.flatMap(({ host, changes: all }) =>
      all.map(({ ref, causes }) => [host, ref, causes]),
    );
    expect(changes).toEqual([['web2', 'file//etc/motd', ['drift']]]);
    expect((await ashore('deploy', planned.digest)).status).toBe(0);
    expect((await ashore('plan')).status).toBe(0);
  });

  it('says which line sudo lacks, and plans the other hosts', async () => {
    const host = lab.host('db1');
    const [take, give] = ['mv /etc/sudoers.d /etc/away', 'mv /etc/away /etc/sudoers.d'];
    await host.exec(['sh', '-c', take]);
    const { status, out } = await ashore('plan');
    await host.exec(['sh', '-c', give]);
    expect([status, out]).toEqual([
      1,
      expect.stringContaining('HOST_SUDO: sudo did not let deploy become root on db1'),
    ]);
    expect(out).toContain('deploy ALL=(root) NOPASSWD: /bin/sh -s');
    expect(out).toMatch(/web1, web2 \(all as declared\)/);
  });
});

/** deploy-configs/ with the lab's hosts in place of the example's addresses and keys. */
function readExample(lab: Lab): Record<string, string | Uint8Array> {
  const names = readdirSync('deploy-configs', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hosts = parseDocument(readFileSync('deploy-configs/hosts.yml', 'utf8'));
  for (const { name, address, hostKey } of lab.hosts.values()) {
    hosts.setIn(['hosts', name, 'address'], address);
    hosts.setIn(['hosts', name, 'host_key'], hostKey);
  }
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(name)] as const));
  return { ...files, 'deploy-configs/hosts.yml': String(hosts) };
}
