// Why a deploy failed, on real hosts: each cause gets its code, the tool's own sentence stands first, and the line is marked.
// Rows that are elsewhere are named below, by the test that has them.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReasonCode } from '../../src/core/reason.ts';
import { renderDeployCheck } from '../../src/render/check-run.ts';
import { startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
});
afterAll(async () => {
  await fleet.stop();
});

interface Scenario {
  readonly code: ReasonCode;
  readonly name: string;
  readonly before?: string;
  /** YAML of the resources. */
  readonly resources: string;
  readonly sentence: RegExp;
  readonly after?: string;
}

const service = (name: string, keys: string): string =>
  `  - service: ${name}\n    unit: { Service: { ${keys} } }\n    running: true\n    settle: 2`;

/** As apt takes it: a lock of fcntl(2), whose form this is on 64-bit machines. That of the lists is not waited for. */
const LOCK = `
mkdir -p /srv/flat && : >/srv/flat/Packages
cat >/run/locker.pl <<'END'
use Fcntl;
open F, '>>', '/var/lib/apt/lists/lock' or die;
my $lock = pack 's s x4 q q i x4', F_WRLCK, 0, 0, 0, 0;
fcntl F, F_SETLK, $lock or die;
sleep 600;
END
systemd-run -q --unit=locker perl /run/locker.pl; sleep 1`;

/** What only a repository of the same plan has is not seen before; so what it lacks shows in the deploy. */
const LACKING = `
mkdir -p /srv/lacking /tmp/lacking/DEBIAN && cd /srv/lacking
printf 'Package: lacking\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@example.org>\\nDescription: x\\nDepends: not-to-be-had\\n' \\
  >/tmp/lacking/DEBIAN/control
dpkg-deb -b /tmp/lacking lacking.deb
{ dpkg-deb -f lacking.deb; printf 'Filename: ./lacking.deb\\nSize: %s\\nSHA256: %s\\n' "$(stat -c %s lacking.deb)" "$(sha256sum lacking.deb | cut -d ' ' -f 1)"; } >Packages`;

const flat = (name: string): string =>
  `  - apt-repository: ${name}\n    uris: ["file:/srv/${name}"]\n    suites: ["./"]\n    unsigned: true`;

const release = (url: string): string =>
  `  - release: /opt/fetched\n    url: ${url}\n    sha256: ${'a'.repeat(64)}`;

const SERVE = `
cd /tmp && openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 1 -subj /CN=localhost 2>/dev/null
setsid openssl s_server -accept 4433 -key k.pem -cert c.pem -quiet >/dev/null 2>&1 & sleep 1`;

/**
 * Lab hosts have no limits of memory, so the kernel cannot be made to kill one of their units; virtual-machine.test.ts has that. What systemd
 * is told when systemd-oomd did it, a mark on the cgroup and SIGKILL, is put there by hand; from there on all is systemd's own.
 */
const SETXATTR = process.arch === 'x64' ? 188 : 5;
const STARVE = `
cat >/run/starve.pl <<'END'
my ($path, $name, $times) = ('/sys/fs/cgroup/system.slice/hungry.service', 'user.oomd_ooms', '1');
syscall(${SETXATTR}, $path, $name, $times, 1, 0) == 0 or die "no mark: $!";
kill 9, $$;
END`;

const SCENARIOS: readonly Scenario[] = [
  {
    code: 'OOM_KILLED',
    name: 'a unit that is killed for want of memory',
    before: STARVE,
    resources: service('hungry', 'ExecStart: /usr/bin/perl /run/starve.pl'),
    sentence: /oom-kill|OOM killer/,
  },
  {
    code: 'EXEC_MISSING',
    name: 'a unit without its program',
    resources: service('gone', 'ExecStart: /opt/gone/bin/gone'),
    sentence: /\/opt\/gone\/bin\/gone.*No such file or directory/,
  },
  {
    code: 'EXEC_MISSING',
    name: 'a command without its program',
    resources: '  - command: run it\n    run: [/opt/gone/it]',
    sentence: /failed to run command .\/opt\/gone\/it.: No such file or directory/,
  },
  {
    code: 'EXEC_FORMAT',
    name: 'a program for no machine',
    resources: `  - file: /opt/noise\n    content: "\\x01\\x02 noise"\n    mode: "0755"\n${service('noise', 'ExecStart: /opt/noise')}`,
    sentence: /Exec format error/,
  },
  {
    code: 'PORT_IN_USE',
    name: 'a port that sshd has',
    resources: service(
      'taken',
      `ExecStart: "/usr/bin/perl -MIO::Socket::INET -e 'IO::Socket::INET->new(LocalPort => 22, Listen => 1) or die qq(cannot listen: $!)'"`,
    ),
    sentence: /cannot listen: Address already in use/,
  },
  {
    code: 'PERMISSION_DENIED',
    name: 'a file that the user may not read',
    resources: service('nosy', 'User: nobody, ExecStart: /bin/cat /etc/shadow'),
    sentence: /cat: \/etc\/shadow: Permission denied/,
  },
  {
    code: 'USER_MISSING',
    name: 'a user of a command that was taken away',
    resources: '  - command: own it\n    run: [chown, ghost, /etc/hostname]',
    sentence: /chown: invalid user: .ghost/,
  },
  {
    code: 'DISK_FULL',
    name: 'a full file system',
    before: 'mkdir -p /mnt/small && mount -t tmpfs -o size=64k tmpfs /mnt/small',
    resources: `  - file: /mnt/small/large\n    content: "${'x'.repeat(200_000)}"`,
    sentence: /No space left on device/,
    after: 'umount /mnt/small',
  },
  {
    code: 'APT_LOCKED',
    name: 'a lock that another apt holds',
    before: LOCK,
    resources: flat('flat'),
    sentence: /Could not get lock \/var\/lib\/apt\/lists\/lock/,
    after: 'systemctl stop locker',
  },
  {
    code: 'PACKAGE_HELD',
    name: 'a package that comes to be held in the deploy; one that is held before is refused in the plan',
    before: 'apt-get -qq -y --allow-downgrades install lab-hello=1.0',
    resources:
      '  - command: hold it\n    run: [apt-mark, hold, lab-hello]\n  - package: lab-hello\n    version: "1.1"',
    sentence: /Held packages were changed/i,
    after: 'apt-mark unhold lab-hello',
  },
  {
    code: 'DEPENDENCY_UNMET',
    name: 'a package whose need cannot be had',
    before: LACKING,
    resources: `${flat('lacking')}\n  - package: lacking`,
    sentence: /unmet dependencies|Depends: not-to-be-had|Unsatisfied dependencies/,
    after: 'rm -f /etc/apt/sources.list.d/lacking.sources && apt-get -qq update',
  },
  {
    code: 'UNIT_MASKED',
    name: 'a unit that comes to be masked in the deploy; one that is masked before is refused in the plan',
    before: 'apt-get -qq -y install lab-hello && systemctl stop lab-hello',
    resources:
      '  - command: mask it\n    run: [systemctl, mask, lab-hello]\n  - service: lab-hello\n    running: true',
    sentence: /Unit lab-hello\.service is masked/,
    after: 'systemctl unmask lab-hello',
  },
  {
    code: 'DNS_FAILED',
    name: 'a name that nobody knows',
    resources: release('https://nobody.invalid/x.tar'),
    sentence: /Could not resolve 'nobody\.invalid'|Temporary failure resolving 'nobody\.invalid'/,
  },
  {
    code: 'TLS_FAILED',
    name: 'a certificate that nobody vouches for',
    before: SERVE,
    resources: release('https://localhost:4433/x.tar'),
    sentence: /certificate verif(?:y|ication) failed/i,
  },
];

describe.each(['old', 'new'])('on %s', (name) => {
  it.each(SCENARIOS)('$code: $name', async ({ code, before, resources, sentence, after }) => {
    const sh = async (text: string) => fleet.lab.host(name).exec(['sh', '-c', text]);
    if (before !== undefined) await sh(before);
    // A stack of its own, lest what was left of another scenario be in its plan.
    const stack = `cause${SCENARIOS.findIndex((one) => one.resources === resources)}.yml`;
    const files = fleet.files({ [stack]: `on: ${name}\nresources:\n${resources}\n` });
    const plan = await fleet.plan(files);
    const report = await fleet.deploy(plan, files);
    if (after !== undefined) await sh(after);
    const [host] = report.hosts;
    expect(host?.reason, JSON.stringify(host, null, 2)).toMatchObject({ code });
    expect(host?.reason?.message).toMatch(sentence);
    const { summary, annotations } = renderDeployCheck(report, plan);
    expect(summary.slice(0, summary.indexOf('| | Hosts'))).toContain(`\`${code}\``);
    expect(annotations).toEqual([expect.objectContaining({ path: `deploy-configs/${stack}`, title: code })]);
  });

  /** What keeps a run from being begun comes between the plan and the deploy. */
  async function deployAfter(between: () => Promise<unknown>) {
    const files = fleet.files({ 'way.yml': `on: ${name}\nresources:\n  - file: /etc/way\n    content: x\n` });
    const plan = await fleet.plan(files);
    await between();
    const report = await fleet.deploy(plan, files);
    const { summary } = renderDeployCheck(report, plan);
    return { reason: report.hosts[0]?.reason, summary };
  }

  it('HOST_SUDO: sudo that refuses', async () => {
    const host = fleet.lab.host(name);
    const { reason, summary } = await deployAfter(() => {
      return host.exec(['sh', '-c', 'mkdir /root/kept && mv /etc/sudoers.d/* /root/kept/']);
    });
    await host.exec(['sh', '-c', 'mv /root/kept/* /etc/sudoers.d/']);
    expect(reason).toMatchObject({ code: 'HOST_SUDO' });
    expect(reason?.evidence?.output).toMatch(/sudo: a (?:password|terminal) is required/);
    expect(summary).toContain('`HOST_SUDO`');
    expect(summary).toMatch(/sudo: a (?:password|terminal) is required/);
  });

  it('HOST_KEY_MISMATCH: a host with another key', async () => {
    const { reason, summary } = await deployAfter(() => fleet.lab.host(name).rekey());
    expect(reason).toMatchObject({ code: 'HOST_KEY_MISMATCH' });
    expect(summary).toContain('`HOST_KEY_MISMATCH`');
  });
});

/** The rest of what a deploy has to say the cause of, each in the test of its subject. */
const ELSEWHERE: Readonly<Record<string, readonly ReasonCode[]>> = {
  'kinds-container.test.ts': ['IMAGE_UNKNOWN', 'IMAGE_FOREIGN', 'REGISTRY_REFUSED', 'EXEC_MISSING'],
  'checks.test.ts': ['HEALTH_SILENT', 'HEALTH_WRONG', 'CRASH_LOOP', 'BAKE_FAILED'],
};

it.each(Object.entries(ELSEWHERE))('%s has %j', (file, codes) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  for (const code of codes) expect(text).toContain(code);
});
