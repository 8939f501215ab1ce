// A signed source of packages over HTTP, and a package that only it has, in one plan on both releases; and another key than the one that
// signed, which apt refuses in its own words. The key is made here by gpg.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { must } from '../lab/machine.ts';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

const REPOSITORY = `apt-get install -y -q busybox-static >/dev/null && mkdir -p /srv/signed/t/DEBIAN && cd /srv/signed && chmod 755 . t t/DEBIAN
printf 'Package: signed-only\\nVersion: 2.0\\nArchitecture: all\\nMaintainer: T <t@localhost>\\nDescription: trial\\n' >t/DEBIAN/control
dpkg-deb --root-owner-group --build t signed-only_2.0_all.deb >/dev/null && rm -r t
{ dpkg-deb --field signed-only_2.0_all.deb
  printf 'Filename: ./signed-only_2.0_all.deb\\nSize: %s\\nSHA256: %s\\n\\n' "$(stat -c %s signed-only_2.0_all.deb)" "$(sha256sum <signed-only_2.0_all.deb | cut -c1-64)"
} >Packages
printf 'Origin: T\\nSuite: t\\nDate: %s\\nSHA256:\\n %s %s Packages\\n' "$(date -Ru)" "$(sha256sum <Packages | cut -c1-64)" "$(stat -c %s Packages)" >Release
busybox httpd -p 127.0.0.1:8097 -h /srv/signed`;

let fleet: Fleet;
let home: string;
let keys: { readonly right: string; readonly wrong: string };

async function makeKey(name: string): Promise<string> {
  const gpg = ['gpg', '--homedir', home, '--batch', '--quiet'];
  await must(...gpg, '--passphrase', '', '--quick-generate-key', name, 'rsa3072', 'sign');
  return must(...gpg, '--armor', '--export', name);
}

beforeAll(async () => {
  await must('sh', '-c', 'command -v gpg >/dev/null || apt-get install -y -q gpg');
  home = mkdtempSync(join(tmpdir(), 'ashore-gpg-'));
  keys = { right: await makeKey('right'), wrong: await makeKey('wrong') };
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
  for (const host of fleet.lab.hosts.values()) {
    const made = await host.exec(['sh', '-ec', REPOSITORY]);
    expect(made.status, made.stderr).toBe(0);
    const release = join(host.root, 'srv/signed/Release');
    const signed = join(home, `${host.name}.asc`);
    const gpg = ['gpg', '--homedir', home, '--batch', '--quiet', '-u', 'right'];
    await must(...gpg, '--clearsign', '--output', signed, release);
    const put = await host.exec(['sh', '-c', 'cat >/srv/signed/InRelease'], { stdin: readFileSync(signed) });
    expect(put.status).toBe(0);
  }
});
afterAll(async () => {
  await fleet.stop();
  rmSync(home, { recursive: true, force: true });
});

function filesFor(name: string, key: string) {
  const source = { uris: ['http://127.0.0.1:8097/'], suites: ['./'], key };
  const resources = [{ 'apt-repository': 'signed', ...source }, { package: 'signed-only' }];
  return fleet.files({ 'signed.yml': stringify({ on: name, resources }) });
}

describe.each(['old', 'new'])('on %s', (name) => {
  it('another key than the one that signed is refused', async () => {
    const files = filesFor(name, keys.wrong);
    const report = await fleet.deploy(await fleet.plan(files), files);
    expect(report.hosts.map(({ outcome }) => outcome)).toEqual(['failed']);
    expect(JSON.stringify(report)).toMatch(/NO_PUBKEY|not signed|Missing key/);
    const asked = await fleet.lab.host(name).exec(['dpkg-query', '-W', 'signed-only']);
    expect(asked.status).toBe(1);
  });

  it('the right one is one plan with the package', async () => {
    const files = filesFor(name, keys.right);
    const plan = await fleet.plan(files);
    expect(linesOf(plan).map((line) => line.split(' ').slice(2).join(' '))).toEqual([
      'apt-repository/signed',
      'package/signed-only',
    ]);
    expectDone(await fleet.deploy(plan, files));
    expect(linesOf(await fleet.plan(files))).toEqual([]);
  });
});
