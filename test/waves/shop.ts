// The small service that the tests of waves and checks deploy, as a stack: a file, its settings and a unit.
import { readFileSync } from 'node:fs';
import type { LabHost } from '../lab/lab.ts';

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

/** The same program on port 8081 as the package `lab-shop`, whose versions say so themselves. */
export function packageStack(version: string, on: string, keys: string): string {
  return `on: ${on}
${keys}
resources:
  - package: lab-shop
    version: "${version}"
`;
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
