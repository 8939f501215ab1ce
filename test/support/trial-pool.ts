// Small packages for a lab host, to meet what real archives hold: versions, dependencies, conflicts, virtual names, breakage.
import type { LabHost } from '../lab/lab.ts';

interface Recipe {
  readonly name: string;
  readonly version: string;
  readonly fields?: string;
  readonly postinst?: string;
}

const RECIPES: readonly Recipe[] = [
  { name: 'trial-base', version: '1.0' },
  { name: 'trial-base', version: '2.0' },
  { name: 'trial-app', version: '1.0', fields: 'Depends: trial-base (= 2.0), trial-agent\n' },
  { name: 'trial-agent-a', version: '1.0', fields: 'Provides: trial-agent\n' },
  { name: 'trial-agent-b', version: '1.0', fields: 'Provides: trial-agent\n' },
  { name: 'trial-foe', version: '1.0', fields: 'Conflicts: trial-base\n' },
  { name: 'trial-stuck', version: '1.0', fields: 'Depends: trial-nowhere\n' },
  { name: 'trial-broken', version: '1.0', postinst: '#!/bin/sh\nexit 7\n' },
  { name: 'trial-plus+', version: '1:1.0~rc1-1' },
];

const BUILD = `set -e
work=$(mktemp -d) && chmod 755 "$work" && mkdir -p "$work/DEBIAN"
printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: Trial <trial@localhost>\\nDescription: trial\\n%s' \\
  "$2" "$3" "$4" >"$work/DEBIAN/control"
if [ -n "$5" ]; then printf %s "$5" >"$work/DEBIAN/postinst"; chmod 755 "$work/DEBIAN/postinst"; fi
mkdir -p "$1" && dpkg-deb --root-owner-group --build "$work" "$1/$2_$(echo "$3" | tr : _).deb" >/dev/null
rm -r "$work"`;

const INDEX = `set -e
cd "$1" && for deb in *.deb; do
  dpkg-deb --field "$deb"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -c1-64)"
done >Packages`;

/** Where the packages are once addPool is done. */
export const TRIAL_POOL = '/srv/trial';
export const TRIAL_SOURCE = `deb [trusted=yes] file:${TRIAL_POOL} ./\n`;

/** Builds the packages on the host; apt knows of them when `known`. */
export async function addPool(host: LabHost, known: boolean): Promise<void> {
  for (const { name, version, fields = '', postinst = '' } of RECIPES)
    await must(host, ['sh', '-c', BUILD, 'build', TRIAL_POOL, name, version, fields, postinst]);
  await must(host, ['sh', '-c', INDEX, 'index', TRIAL_POOL]);
  if (!known) return;
  const add = 'printf %s "$1" >/etc/apt/sources.list.d/trial.list && apt-get -q update';
  await must(host, ['sh', '-c', add, 'add', TRIAL_SOURCE]);
}

async function must(host: LabHost, argv: readonly string[]): Promise<void> {
  const { status, stdout, stderr } = await host.exec(argv);
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${status}\n${stdout}${stderr}`);
}
