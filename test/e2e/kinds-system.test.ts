// package, service, user and group on real Debian 12 and 13: what is planned is carried out and looked at again, and the traps.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Blocked, KindChange } from '../../src/core/kind.ts';
import { file } from '../../src/kinds/file.ts';
import { group } from '../../src/kinds/group.ts';
import { packageKind } from '../../src/kinds/package.ts';
import { service } from '../../src/kinds/service.ts';
import { user } from '../../src/kinds/user.ts';
import { verdictOf } from '../kinds/trial.ts';
import { labUnavailable, startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { createTrial } from '../support/lab-trial.ts';
import type { Declaration, Trial } from '../support/lab-trial.ts';
import { TRIAL_SOURCE, addPool } from '../support/trial-pool.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const a = {
  package: (id: string, spec?: object): Declaration => ({ kind: packageKind, id, spec }),
  service: (id: string, spec?: object): Declaration => ({ kind: service, id, spec }),
  user: (id: string, spec?: object): Declaration => ({ kind: user, id, spec }),
  group: (id: string, spec?: object): Declaration => ({ kind: group, id, spec }),
};

function verdicts(changes: ReadonlyMap<string, KindChange | Blocked>): Record<string, string> {
  return Object.fromEntries([...changes].map(([ref, change]) => [ref, verdictOf(change)]));
}

function messageOf(change: KindChange | Blocked | undefined): string {
  return change && 'blocked' in change ? change.blocked.message : verdictOf(change);
}

/** `name=version` of all that the change has apt install. */
function installWords(change: KindChange): string[] {
  const argvs = change.steps.flatMap((step) =>
    step.do === 'run' && step.argv.includes('install') ? [step.argv] : [],
  );
  return argvs.flatMap((argv) => argv.slice(argv.indexOf('install') + 1));
}

describe.skipIf(unavailable !== undefined)('kinds of the system', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab([
      { name: 'old', suite: 'bookworm' },
      { name: 'new', suite: 'trixie' },
    ]);
    for (const host of lab.hosts.values()) await addPool(host, true);
  });
  afterAll(() => lab.stop());

  describe.each(['old', 'new'])('%s', (name) => {
    let trial: Trial;
    beforeEach(() => {
      trial = createTrial(lab.host(name));
    });

    describe('package', () => {
      it('goes to a version, up, down, away, and is no more declared', async () => {
        await trial.deploy([a.package('lab-hello', { version: '1.0' })]);
        const up = await trial.deploy([a.package('lab-hello', { version: '1.1' })]);
        expect(up.get('package/lab-hello')?.interrupts).toEqual([
          { what: 'lab-hello.service', how: 'restart' },
        ]);
        await trial.deploy([a.package('lab-hello', { version: '1.0' })]);
        expect(verdicts(await trial.plan([a.package('lab-hello')]))).toEqual({
          'package/lab-hello': 'forget',
        });
        const gone = await trial.deploy([a.package('lab-hello', { absent: true })]);
        expect(gone.get('package/lab-hello')?.interrupts).toEqual([
          { what: 'lab-hello.service', how: 'stop' },
        ]);
        expect(await trial.sh("dpkg-query -W -f '${db:Status-Abbrev}' lab-hello; ls /etc/lab-hello")).toBe(
          'rc config',
        );
        expect(await trial.plan([a.package('lab-hello')])).toEqual(new Map());
        await trial.deploy([a.package('lab-hello', {})]);
        await trial.sh('dpkg --purge lab-hello');
      });

      it('brings dependencies by version, and as such', async () => {
        const made = await trial.deploy([a.package('nginx-light', {})]);
        expect(made.get('package/nginx-light')?.notes?.[0]).toMatch(
          /^also installs nginx-common \S+, nginx /,
        );
        expect(await trial.sh('apt-mark showauto | grep nginx | sort')).toBe(
          'libnginx-mod-http-echo\nnginx\nnginx-common',
        );
        expect(await trial.sh('apt-mark showmanual | grep nginx')).toBe('nginx-light');
        const gone = await trial.deploy([a.package('nginx-common', { absent: true })]);
        const change = gone.get('package/nginx-common');
        expect(change?.notes?.[0]).toMatch(/^also removes .*nginx-light/);
        expect(change?.interrupts).toEqual([{ what: 'nginx.service', how: 'stop' }]);
      });

      it('tells apart what each of several brings', async () => {
        const made = await trial.deploy([
          a.package('trial-app', {}),
          a.package('trial-base', {}),
          a.package('trial-agent-a', {}),
          a.package('trial-plus+', { version: '1:1.0~rc1-1' }),
        ]);
        expect(made.get('package/trial-app')?.notes).toEqual([
          'also installs trial-agent-a 1.0, trial-base 2.0',
        ]);
        expect(made.get('package/trial-base')?.steps).toEqual([
          { do: 'run', argv: ['apt-mark', 'manual', 'trial-base'] },
        ]);
        expect(await trial.sh('apt-mark showmanual | grep ^trial | tr "\\n" " "')).toBe(
          'trial-agent-a trial-app trial-base trial-plus+',
        );
        await trial.deploy([
          a.package('trial-base', { absent: true }),
          a.package('trial-app', { absent: true }),
          a.package('trial-agent-a', { absent: true }),
          a.package('trial-agent-b', { absent: true }),
          a.package('trial-plus+', { absent: true }),
        ]);
      });

      it('lets apt do for each of many exactly what was planned for it', async () => {
        await trial.sh('rm -f /var/log/apt/history.log');
        const names = [
          'strace',
          'curl',
          'rsync',
          'jq',
          'nginx',
          'logrotate',
          'nginx-light',
          'acl',
          'busybox-static',
        ];
        const made = await trial.deploy(names.map((id) => a.package(id, {})));
        const planned = [...made.values()].map((change) => installWords(change).toSorted());
        const log = await trial.sh('cat /var/log/apt/history.log');
        const done = [...log.matchAll(/^Install: (.*)$/gm)].map((match) =>
          [...(match[1] ?? '').matchAll(/([^ :]+):\S+ \(([^,)]+)/g)]
            .map((one) => `${one[1]}=${one[2]}`)
            .toSorted(),
        );
        expect(done).toEqual(planned.filter((words) => words.length > 0));
        expect(log).not.toMatch(/^(Remove|Upgrade|Downgrade):/m);
        await trial.sh(`apt-get -y -q purge ${names.join(' ')} && apt-get -y -q autoremove --purge`);
      });

      it.each([
        [
          'nosuch',
          {},
          'PACKAGE_UNKNOWN',
          /knows no package nosuch \(package lists of \d{4}-\d\d-\d\d, 0 days old\)/,
        ],
        ['tre.', {}, 'PACKAGE_UNKNOWN', /knows no package tre\./],
        ['sudo-', {}, 'PACKAGE_UNKNOWN', /knows no package sudo-/],
        ['sudo+', {}, 'PACKAGE_UNKNOWN', /knows no package sudo\+/],
        ['tree', { version: '9' }, 'PACKAGE_UNKNOWN', /no version 9 of tree, but 2/],
        ['trial-agent', {}, 'PACKAGE_UNKNOWN', /virtual package; .*: trial-agent-b, trial-agent-a/],
        ['trial-stuck', {}, 'PACKAGE_UNSOLVABLE', /apt would not do what is declared of trial-stuck/],
        ['dpkg', { absent: true }, 'PACKAGE_UNSOLVABLE', /apt would not/],
      ])('%s %j is %s', async (id, spec, code, message) => {
        const change = (await trial.plan([a.package(id, spec)])).get(`package/${id}`);
        expect(verdictOf(change)).toBe(code);
        expect(messageOf(change)).toMatch(message);
      });

      it('is blocked by a hold, and by what is declared too', async () => {
        await trial.deploy([a.package('trial-base', { version: '1.0' })]);
        const foe = await trial.plan([a.package('trial-base', {}), a.package('trial-foe', {})]);
        expect(verdicts(foe)).toEqual({ 'package/trial-foe': 'PACKAGE_UNSOLVABLE' });
        expect(verdicts(await trial.plan([a.package('trial-foe', {})]))).toEqual({
          'package/trial-foe': 'create',
        });
        await trial.sh('apt-mark hold trial-base');
        expect(await trial.plan([a.package('trial-base', {})])).toEqual(new Map());
        for (const spec of [{ version: '2.0' }, { absent: true }])
          expect(verdicts(await trial.plan([a.package('trial-base', spec)]))).toEqual({
            'package/trial-base': 'PACKAGE_HELD',
          });
        const other = (await trial.plan([a.package('trial-app', {})])).get('package/trial-app');
        expect(['PACKAGE_HELD', 'PACKAGE_UNSOLVABLE']).toContain(verdictOf(other));
        await trial.sh('apt-mark unhold trial-base; apt-mark hold tree');
        expect(verdicts(await trial.plan([a.package('tree', {})]))).toEqual({
          'package/tree': 'PACKAGE_HELD',
        });
        await trial.sh('apt-mark unhold tree');
        await trial.deploy([a.package('trial-foe', {})]);
        await trial.deploy([a.package('trial-foe', { absent: true })]);
      });

      it('installs from a source that the same plan adds', async () => {
        const list = '/etc/apt/sources.list.d/trial.list';
        await trial.sh(`rm ${list} && apt-get -q update`);
        const declared = [a.package('trial-agent-b', { version: '1.0' })];
        expect(verdicts(await trial.plan(declared))).toEqual({ 'package/trial-agent-b': 'PACKAGE_UNKNOWN' });
        const made = await trial.deploy([
          { kind: file, id: list, spec: { content: TRIAL_SOURCE } },
          ...declared,
        ]);
        expect(made.get('package/trial-agent-b')?.reason).toBe(
          'not installed; it comes from a package source that this plan adds',
        );
        await trial.deploy([a.package('trial-agent-b', { absent: true })]);
      });

      it('plans nothing on packages that are half installed', async () => {
        await trial.sh('! DEBIAN_FRONTEND=noninteractive apt-get -y install trial-broken');
        expect(
          verdicts(
            await trial.plan([
              a.package('tree', {}),
              a.package('trial-broken', { absent: true }),
              a.package('sudo', {}),
            ]),
          ),
        ).toEqual({
          'package/tree': 'PACKAGES_BROKEN',
          'package/trial-broken': 'PACKAGES_BROKEN',
        });
        await trial.sh('dpkg --purge --force-all trial-broken');
        expect(verdicts(await trial.plan([a.package('tree', {})]))).toEqual({ 'package/tree': 'create' });
      });
    });

    describe('user and group', () => {
      it('are made as declared, alike on both releases', async () => {
        await trial.deploy([
          a.group('crew', { gid: 4242 }),
          a.group('crewsys', { system: true }),
          a.user('ann', { comment: "Ann O'Neill, desk 1 $(id)", groups: ['crew', 'adm'], uid: 4201 }),
          a.user('shop', { system: true }),
          a.user('store', { system: true, home: '/var/lib/store', group: 'crew', shell: '/bin/sh' }),
          a.user('crewsys', { system: true, group: 'crewsys' }),
          a.user('own', { group: 'own', home: '/srv/own home' }),
        ]);
        expect(await trial.sh('for u in ann shop store crewsys own; do getent passwd $u; done')).toMatch(
          /^ann:x:4201:4201:Ann O'Neill, desk 1 \$\(id\):\/home\/ann:\/bin\/bash\nshop:x:(\d{3}):\d+::\/nonexistent:\/usr\/sbin\/nologin\nstore:x:\d{3}:4242::\/var\/lib\/store:\/bin\/sh\n/,
        );
        expect(await trial.sh('id -Gn ann; id -gn shop; id -gn crewsys; id -gn own')).toBe(
          'ann adm crew\nshop\ncrewsys\nown',
        );
        expect(
          await trial.sh('stat -c "%U %a %n" /home/ann "/srv/own home" /var/lib/store; ls -A /var/lib/store'),
        ).toBe('ann 700 /home/ann\nown 700 /srv/own home\nstore 700 /var/lib/store');
      });

      it('change as declared, and no further', async () => {
        await trial.sh('passwd -l ann; usermod -a -G audio ann');
        const shadow = await trial.sh('getent shadow ann');
        const spec = {
          shell: '/bin/sh',
          comment: '',
          groups: ['adm', 'video'],
          group: 'crew',
          home: '/srv/ann',
        };
        const changes = await trial.deploy([a.user('ann', spec)]);
        const change = changes.get('user/ann');
        expect(change?.reason).toBe('group, home, shell, comment, groups differ');
        expect(await trial.sh('getent passwd ann; id -Gn ann')).toBe(
          'ann:x:4201:4242::/srv/ann:/bin/sh\ncrew adm audio video',
        );
        expect(await trial.sh('getent shadow ann')).toBe(shadow);
      });

      it.each([
        ['user', 'ann', { uid: 4300 }, 'ACCOUNT_CONFLICT', /has uid 4201/],
        ['user', 'bob', { uid: 4201 }, 'ACCOUNT_CONFLICT', /uid 4201 belongs to the user ann/],
        ['user', 'bob', { groups: ['nogrp'] }, 'OWNER_MISSING', /needs the group nogrp/],
        ['user', 'root', { absent: true }, 'ACCOUNT_CONFLICT', /uid 0/],
        ['group', 'crew', { gid: 4300 }, 'ACCOUNT_CONFLICT', /has gid 4242/],
        ['group', 'other', { gid: 4242 }, 'ACCOUNT_CONFLICT', /gid 4242 belongs to the group crew/],
        ['group', 'crew', { absent: true }, 'ACCOUNT_CONFLICT', /primary group of ann, store/],
        ['group', 'root', { absent: true }, 'ACCOUNT_CONFLICT', /gid 0/],
      ] as const)('%s %s %j is %s', async (kind, id, spec, code, message) => {
        const change = (await trial.plan([a[kind](id, spec)])).get(`${kind}/${id}`);
        expect(verdictOf(change)).toBe(code);
        expect(messageOf(change)).toMatch(message);
      });

      it('go when declared absent, homes stay; by omission only what nobody uses', async () => {
        expect(verdicts(await trial.plan([a.group('crew'), a.user('ann')]))).toEqual({
          'group/crew': 'forget',
          'user/ann': 'forget',
        });
        await trial.deploy([
          ...['ann', 'shop', 'store', 'crewsys', 'own'].map((id) => a.user(id, { absent: true })),
          a.group('crewsys', { absent: true }),
          a.group('own', { absent: true }),
          a.group('crew'),
        ]);
        expect(
          await trial.sh("grep -cE '^(ann|shop|store|crew|crewsys|own):' /etc/passwd /etc/group || :"),
        ).toBe('/etc/passwd:0\n/etc/group:1');
        expect(await trial.sh('ls -d /home/ann /var/lib/store "/srv/own home"; getent group ann')).toContain(
          '/home/ann',
        );
        await trial.deploy([a.group('ann', { absent: true })]);
      });

      it('says that userdel refuses a user with processes', async () => {
        await trial.deploy([a.user('busy', {})]);
        await trial.sh('runuser -u busy -- sleep 60 >/dev/null 2>&1 & sleep 0.3');
        const change = (await trial.plan([a.user('busy', { absent: true })])).get('user/busy');
        expect(change && 'notes' in change ? change.notes : []).toContain(
          'userdel refuses while the user has processes',
        );
        await trial.sh('pkill -u busy; sleep 0.3');
        await trial.deploy([a.user('busy', { absent: true })]);
      });
    });
  });
});
