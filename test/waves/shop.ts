// The small service that the tests of waves and checks deploy, as a stack: a file, its settings and a unit.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../../src/core/json.ts';
import type { LabHost } from '../lab/lab.ts';
import { tinyImage } from '../support/tiny-image.ts';

export interface Version {
  readonly version: number;
  /** Seconds after which it dies. */
  readonly crash?: number;
  readonly sick?: boolean;
  /** Milliseconds for each answer. */
  readonly slow?: number;
}

export const PROGRAM = readFileSync(new URL('app.pl', import.meta.url));

/** `keys` are those of the stack beside its resources. */
export function shopStack(
  { version, crash = 0, sick = false, slow = 0 }: Version,
  on: string,
  keys: string,
): string {
  return `on: ${on}
${keys}
resources:
  - file: /opt/shop
    source: app.pl
    mode: "0755"
  - file: /etc/shop.env
    env: { VERSION: "${version}", CRASH: "${crash}", SICK: "${sick ? 1 : 0}", SLOW: "${slow}" }
  - service: shop
    unit:
      Unit: { Description: Shop, StartLimitIntervalSec: "0" }
      Service: { ExecStart: /opt/shop, EnvironmentFile: /etc/shop.env, Restart: always, RestartSec: 200ms }
    running: true
    settle: 2
    restart_on: [/opt/shop, /etc/shop.env]
`;
}

/** The same program with its settings as an archive, unpacked beside the older ones and switched by a link; on port 8082. */
export function releaseFiles(
  version: Version,
  on: string,
  keys: string,
): Record<string, string | Uint8Array> {
  const name = `shop-${version.version}.tar.gz`;
  const archive = archiveOf(version);
  const stack = `on: ${on}
${keys}
resources:
  - release: /opt/shop-release
    source: ${name}
    sha256: ${sha256(archive)}
  - service: shop-release
    unit:
      Unit: { Description: Shop, StartLimitIntervalSec: "0" }
      Service:
        ExecStart: /opt/shop-release/current/bin/shop
        EnvironmentFile: /opt/shop-release/current/shop.env
        Restart: always
        RestartSec: 200ms
    running: true
    settle: 2
    restart_on: [/opt/shop-release/current]
`;
  return { 'release.yml': stack, [name]: archive };
}

/** The same bytes each time, so that a version is what it was. */
function archiveOf({ version, crash = 0, sick = false, slow = 0 }: Version): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'ashore-shop-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/shop'), PROGRAM, { mode: 0o755 });
  const settings = { PORT: 8082, VERSION: version, CRASH: crash, SICK: sick ? 1 : 0, SLOW: slow };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(folder, 'shop.env'), lines.join(''));
  const same = [
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=go=rX,u+rw,a-s',
  ];
  const tar = spawnSync('tar', ['-C', folder, ...same, '-c', 'bin', 'shop.env']);
  rmSync(folder, { recursive: true });
  if (tar.status !== 0) throw new Error(String(tar.stderr));
  return gzipSync(tar.stdout);
}

/** The same program on port 8081 as the package `lab-shop`, whose versions say so themselves. */
export function packageStack(version: string, on: string, keys: string): string {
  return `on: ${on}
${keys}
resources:
  - package: lab-shop
    version: "${version}"
`;
}

/** The same program on port 8083 in a container, whose image says its version; its host's own perl runs in it. */
export function containerFiles(
  version: string,
  on: string,
  keys: string,
): Record<string, string | Uint8Array> {
  const image = tinyImage(`${version}\n`);
  const archive = `image-${version}.tar`;
  const stack = `on: ${on}
${keys}
resources:
  - directory: /srv/shop
  - directory: /srv/shop/run
  - file: /srv/shop/app.pl
    source: app.pl
  - file: /srv/shop/${archive}
    source: ${archive}
  - container: shop-box
    image: ${image.id}
    archive: /srv/shop/${archive}
    command: [/usr/bin/perl, /srv/app.pl]
    network: host
    env: { PORT: "8083" }
    volumes:
      - { at: /usr, path: /usr, read_only: true }
      - { at: /lib, path: /usr/lib, read_only: true }
      - { at: /lib64, path: /usr/lib64, read_only: true }
      - { at: /srv, path: /srv/shop, read_only: true }
      - { at: /run, path: /srv/shop/run }
    stop: 1
    settle: 2
`;
  return { 'box.yml': stack, [archive]: image.archive, 'app.pl': new Uint8Array(PROGRAM) };
}

/** Builds versions of `lab-shop` on a host and adds them to the pool that its apt reads. */
export async function buildPackages(host: LabHost, versions: readonly string[]): Promise<void> {
  for (const version of versions) {
    const { status, stdout, stderr } = await host.exec(['sh', '-c', BUILD, 'build', version], {
      stdin: PROGRAM,
    });
    if (status !== 0) throw new Error(`lab-shop ${version}: ${stdout}${stderr}`);
  }
}

/** Its scripts do what debhelper's would: the new version is started when it is unpacked. */
const BUILD = `
set -e
work=$(mktemp -d); chmod 755 "$work"
mkdir -p "$work/DEBIAN" "$work/usr/bin" "$work/usr/lib/systemd/system"
cat >"$work/usr/bin/lab-shop"; chmod 755 "$work/usr/bin/lab-shop"
printf 'Package: lab-shop\\nVersion: %s\\nArchitecture: all\\nMaintainer: Lab <lab@localhost>\\nDescription: x\\n' "$1" \\
  >"$work/DEBIAN/control"
printf '[Service]\\nExecStart=/usr/bin/lab-shop\\nEnvironment=PORT=8081 VERSION=%s\\n[Install]\\nWantedBy=multi-user.target\\n' "$1" \\
  >"$work/usr/lib/systemd/system/lab-shop.service"
printf '#!/bin/sh\\nset -e\\nsystemctl daemon-reload\\nsystemctl restart lab-shop\\n' >"$work/DEBIAN/postinst"
chmod 755 "$work/DEBIAN/postinst"
cd /srv/pool
dpkg-deb --root-owner-group -b "$work" "lab-shop_$1_all.deb" >/dev/null
{
  dpkg-deb --field "lab-shop_$1_all.deb"
  printf 'Filename: ./lab-shop_%s_all.deb\\nSize: %s\\nSHA256: %s\\n\\n' "$1" \\
    "$(stat -c %s "lab-shop_$1_all.deb")" "$(sha256sum <"lab-shop_$1_all.deb" | cut -c1-64)"
} >>Packages
printf 'Origin: Lab\\nLabel: Lab\\nSuite: lab\\nDate: %s\\nSHA256:\\n %s %s Packages\\n' \\
  "$(date -Ru)" "$(sha256sum <Packages | cut -c1-64)" "$(stat -c %s Packages)" >Release
apt-get -qq update`;
