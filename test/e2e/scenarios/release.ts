import type { Scenario } from '../scenario.ts';

const WWW = '/srv/trial-www';
const ONE = 'addfe634e047659b79fb7fdd7a866436d340bc58d35c3fd8648c48c53d635fde';
const TWO = 'adb6e9962f2036c6c22af210d7cdbe46f1726081417893107d06e0c40aada4cc';
const PROGRAM = '06903c47c5e8f735cf8c6198dffe950257a0a40022c4fb8688333b3e62d67a56';
const AT = 'http://127.0.0.1:8099';

const PLAIN = `
- release: /opt/trial-program
  url: ${AT}/program
  sha256: ${PROGRAM}
  file: trial
`;
/** Only where its program is in it is another one. */
const RENAMED = PLAIN.replace('file: trial', 'file: other');

export const scenario: Scenario = {
  kind: 'release',
  // The same bytes with the tar of both releases, so that their sums can stand here.
  before: `umask 022; apt-get install -y -q busybox-static >/dev/null; mkdir -p ${WWW}
for v in one two; do mkdir -p ${WWW}/$v/app/bin; printf '#!/bin/sh\\necho version %s\\n' $v >${WWW}/$v/app/bin/run; chmod 755 ${WWW}/$v/app/bin/run
  tar -C ${WWW}/$v --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf ${WWW}/$v.tar app; done
printf '#!/bin/sh\\necho a program\\n' >${WWW}/program
busybox httpd -p 127.0.0.1:8099 -h ${WWW}`,
  create: `
- release: /opt/trial
  url: ${AT}/one.tar
  sha256: ${ONE}
  strip: 1
  owner: games
${PLAIN}`,
  plan: ['create release//opt/trial', 'create release//opt/trial-program'],
  created: [
    { run: ['/opt/trial/current/bin/run'], stdout: /^version one$/m },
    { run: ['stat', '-c', '%U %a', '/opt/trial/current/bin/run'], stdout: /^games 755$/m },
    { run: ['readlink', '/opt/trial/current'], stdout: new RegExp(`^releases/${ONE}$`, 'm') },
    { run: ['/opt/trial-program/current/trial'], stdout: /^a program$/m },
    { run: ['sh', '-c', 'ls /opt/trial/releases | grep -c .'], stdout: /^1$/m },
  ],
  update: `
- release: /opt/trial
  url: ${AT}/two.tar
  sha256: ${TWO}
  strip: 1
  owner: games
${RENAMED}`,
  updatePlan: ['update release//opt/trial', 'replace release//opt/trial-program'],
  updated: [
    { run: ['/opt/trial/current/bin/run'], stdout: /^version two$/m },
    { run: ['sh', '-c', `test -d /opt/trial/releases/${ONE}`] },
    { run: ['/opt/trial-program/current/other'], stdout: /^a program$/m },
    { run: ['ls', '/opt/trial-program/current/'], stdout: /^other\n$/ },
  ],
  // Going back is a plan; here somebody did it by hand.
  drift: `ln -sfn releases/${ONE} /opt/trial/current`,
  driftPlan: ['update release//opt/trial'],
  removePlan: ['forget release//opt/trial-program', 'forget release//opt/trial'],
  removed: [{ run: ['/opt/trial/current/bin/run'], stdout: /^version two$/m }],
};
