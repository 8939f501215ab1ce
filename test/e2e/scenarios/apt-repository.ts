import type { Scenario } from '../scenario.ts';

const packages = (extra: string): string => `
- apt-repository: trial
  uris: ["file:/srv/trial-repo"]
  suites: [./]
  unsigned: true${extra}
- package: trial-only
`;

export const scenario: Scenario = {
  kind: 'apt-repository',
  // A repository with a package that no other source has.
  before: `rm -rf /srv/trial-repo && mkdir -p /srv/trial-repo/t/DEBIAN && cd /srv/trial-repo && chmod 755 . t t/DEBIAN
printf 'Package: trial-only\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: T <t@localhost>\\nDescription: trial\\n' >t/DEBIAN/control
dpkg-deb --root-owner-group --build t trial-only_1.0_all.deb >/dev/null && rm -r t
{ dpkg-deb --field trial-only_1.0_all.deb
  printf 'Filename: ./trial-only_1.0_all.deb\\nSize: %s\\nSHA256: %s\\n\\n' "$(stat -c %s trial-only_1.0_all.deb)" "$(sha256sum <trial-only_1.0_all.deb | cut -c1-64)"
} >Packages
printf 'Origin: T\\nSuite: t\\nDate: %s\\nSHA256:\\n %s %s Packages\\n' "$(date -Ru)" "$(sha256sum <Packages | cut -c1-64)" "$(stat -c %s Packages)" >Release`,
  create: packages(''),
  plan: ['create apt-repository/trial', 'create package/trial-only'],
  created: [
    { run: ['dpkg-query', '-W', 'trial-only'], stdout: /\t1\.0$/m },
    {
      run: ['cat', '/etc/apt/sources.list.d/trial.sources'],
      stdout: /^Types: deb\nURIs: file:\/srv\/trial-repo\nSuites: \.\/\nTrusted: yes\n$/,
    },
  ],
  update: packages('\n  architectures: [amd64, arm64]'),
  updatePlan: ['update apt-repository/trial'],
  updated: [
    { run: ['cat', '/etc/apt/sources.list.d/trial.sources'], stdout: /^Architectures: amd64 arm64$/m },
  ],
  drift: 'rm /var/lib/apt/lists/*trial-repo*',
  driftPlan: ['update apt-repository/trial'],
  removePlan: ['forget package/trial-only', 'delete apt-repository/trial'],
  removed: [
    { run: ['test', '-e', '/etc/apt/sources.list.d/trial.sources'], status: 1 },
    { run: ['dpkg-query', '-W', 'trial-only'], stdout: /\t1\.0$/m },
  ],
};
