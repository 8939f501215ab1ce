// Somebody has the key that plans: whatever is tried with it, nothing on the host is written, started, stopped or reached.
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../lab/machine.ts';
import { run } from '../lab/machine.ts';
import type { LabHost } from '../lab/lab.ts';
import { linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { makeTwoKeys } from './two-keys.ts';
import type { TwoKeys } from './two-keys.ts';
import { startWatch } from './write-watch.ts';

/** Each line is tried by itself, as the script of a look. */
const SCRIPTS = `
for d in / /etc /root /home/deploy /tmp /var/tmp /run /run/lock /dev/shm /dev/mqueue /srv /opt /var/lib/ashore /var/lib/ashore-plan /usr/local/lib/ashore /var/spool/cron/crontabs /sys/fs/cgroup; do : >$d/canary; mkdir $d/canary-dir; ln -s x $d/canary-link; done
echo canary >>/etc/passwd; echo canary >>/etc/shadow; echo canary >>/srv/canary; echo canary >>/srv/open/canary
rm -rf /srv/canary /srv/open; mv /srv/open /srv/moved; truncate -s 0 /srv/open/canary; touch /srv/open/canary
chmod 0777 /srv/canary; chown ashore-look /srv/canary; ln /srv/open/canary /srv/open/hard; mkfifo /srv/open/fifo; mknod /tmp/disk b 8 0
echo ssh-ed25519 AAAA >>/var/lib/ashore-plan/.ssh/authorized_keys; echo x >>/usr/local/lib/ashore/look
mount -o remount,rw /; mount -t tmpfs none /srv; umount /srv; unshare -Urm sh -c 'mount -o remount,rw /; touch /canary'
nsenter -t 1 -m touch /canary; chroot /proc/1/root touch /canary; touch /proc/1/root/canary; touch /proc/1/cwd/canary
sudo -n touch /canary; sudo -n /usr/local/lib/ashore/look; su -c 'touch /canary'; runuser -u root -- touch /canary; setpriv --reuid=0 touch /canary; pkexec touch /canary
systemctl stop cron; systemctl start canary; systemctl enable canary; systemctl mask cron; systemctl daemon-reload; systemctl set-property cron.service CPUWeight=1; systemctl set-environment CANARY=1
systemd-run --wait touch /canary; systemd-run --user --wait touch /canary; busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager StopUnit ss cron.service fail
busctl call org.freedesktop.hostname1 /org/freedesktop/hostname1 org.freedesktop.hostname1 SetStaticHostname sb canary false; busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager PowerOff b false
kill -9 $(pidof cron) $(pidof sshd) $(pidof systemd-journald); kill -9 1; echo '* * * * * touch /canary' | crontab -; apt-get -y install tree; dpkg --purge cron; useradd canary; passwd -d root
hostname canary; date -s 2001-01-01; echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/self/oom_score_adj; cp /bin/sh /usr/local/lib/ashore/tmp/sh; chmod 4755 /usr/local/lib/ashore/tmp/sh
exec 3<>/dev/tcp/127.0.0.1/22; perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,0) and connect(S,sockaddr_in(22,inet_aton("127.0.0.1"))) and open(F,">","/srv/open/reached")'
perl -e 'open(F, "+<", "/srv/open/canary") and print F "canary"; unlink "/srv/open/canary"; rename "/srv/open/canary", "/srv/open/other"; utime 1, 1, "/srv/open/canary"'
(setsid sh -c 'sleep 1; touch /srv/open/late' &) ; trap 'touch /srv/open/trap' EXIT HUP TERM; kill -9 $$
`
  .trim()
  .split('\n');

let fleet: Fleet;
let keys: TwoKeys;

beforeAll(async () => {
  keys = await makeTwoKeys();
  fleet = await startFleet(
    [
      { name: 'old', suite: 'bookworm' },
      { name: 'new', suite: 'trixie' },
    ],
    keys,
  );
  for (const host of fleet.lab.hosts.values()) {
    // The wall must hold without the help of modes: a tree that everybody may write to, and files of the look's own account.
    const text =
      'apt-get -q -y install cron && mkdir -m 1777 /srv/open && touch /srv/canary /srv/open/canary && chmod 666 /srv/*canary /srv/open/* && chown ashore-look /srv/open';
    const made = await host.exec(['sh', '-c', text]);
    expect(made.status, made.stderr).toBe(0);
  }
  writeFileSync(`${keys.plan}.known`, knownHosts());
});
afterAll(async () => {
  await fleet.stop();
});

function knownHosts(): string {
  return [...fleet.lab.hosts.values()].map((host) => `${host.address} ${host.hostKey}\n`).join('');
}

function options(key: string): string[] {
  const set = [
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    'LogLevel=ERROR',
    `UserKnownHostsFile=${keys.plan}.known`,
  ];
  return ['-F', '/dev/null', '-i', key, ...set.flatMap((one) => ['-o', one])];
}

/** ssh(1) with the key that plans; `words` are further options and the command. */
function ssh(host: LabHost, words: readonly string[], stdin = ''): Promise<Outcome> {
  const [flags, command] = [
    words.filter((word) => word.startsWith('-')),
    words.filter((word) => !word.startsWith('-')),
  ];
  return run(
    ['timeout', '60', 'ssh', ...options(keys.plan), ...flags, `ashore-plan@${host.address}`, ...command],
    { stdin },
  );
}

async function watched(host: LabHost, attack: () => Promise<unknown>): Promise<void> {
  const written = await startWatch(host);
  const running = await unitsOf(host);
  await attack();
  expect((await written()).filter((path) => !ON_DEMAND.test(path))).toEqual([]);
  expect(await unitsOf(host)).toBe(running);
}

/** Where systemd's own services have their private files, which come and go with them: D-Bus starts some when they are asked. */
const ON_DEMAND =
  /^\/(var\/)?tmp\/systemd-private-[0-9a-f]{32}-systemd-[a-z]+\.service-\w+(\/tmp)?$|^\/var\/tmp$/;

/** Processes of what must go on as it was. */
async function unitsOf(host: LabHost): Promise<string> {
  const argv = 'systemctl show -p Id,ActiveState,UnitFileState,MainPID cron ssh systemd-journald dbus'.split(
    ' ',
  );
  const shown = await host.exec(['sh', '-c', `${argv.join(' ')}; hostname; systemctl show-environment`]);
  return shown.stdout;
}

describe.each(['old', 'new'])('on %s', (name) => {
  it.each(SCRIPTS)('a look that does: %s', async (script) => {
    const host = fleet.lab.host(name);
    await watched(host, () => ssh(host, [], `${script}\n`));
  });

  it('a look that is left alone afterwards', async () => {
    const host = fleet.lab.host(name);
    await watched(host, async () => {
      await ssh(host, [], "(trap '' HUP TERM; setsid sh -c 'sleep 1; : >/srv/open/late; : >/tmp/late' &)\n");
      await new Promise((resolve) => void setTimeout(resolve, 1500));
    });
  });

  it.each([
    ['touch /srv/open/canary2'],
    ['sh -c "touch /srv/open/canary2"'],
    ['sudo -n /bin/sh -s'],
    ['/usr/local/lib/ashore/look; touch /srv/open/canary2'],
    ['internal-sftp'],
    ['-tt', 'touch /srv/open/canary2'],
    ['-s', 'sftp'],
    ['-oSetEnv=BASH_ENV=/srv/open/canary', 'id'],
  ])('words that come with the login: %s %s', async (...words) => {
    const host = fleet.lab.host(name);
    await watched(host, async () => {
      const answer = await ssh(host, words, 'id -un; touch /srv/open/canary3\n');
      // At most the look itself, with all that was said to it on stdin.
      expect(answer.stdout).toMatch(/^(ashore-look\r?\n)?$/);
    });
  });

  it('copies nothing in either direction', async () => {
    const host = fleet.lab.host(name);
    await watched(host, async () => {
      for (const flags of [['-O'], []]) {
        const to = `ashore-plan@${host.address}:/srv/open/copied`;
        const copied = await run([
          'timeout',
          '5',
          'scp',
          ...options(keys.plan),
          ...flags,
          `${keys.plan}.pub`,
          to,
        ]);
        expect(copied.status).not.toBe(0);
      }
    });
  });

  it.each([
    ['-W127.0.0.1:22', ''],
    ['-oExitOnForwardFailure=yes', '-R2222:127.0.0.1:22'],
    ['-oExitOnForwardFailure=yes', '-R/tmp/canary.sock:127.0.0.1:22'],
  ])('forwards nothing: %s %s', async (...flags) => {
    const host = fleet.lab.host(name);
    await watched(host, async () => {
      const forwarded = await ssh(host, flags.filter(Boolean), 'exit 0\n');
      expect(forwarded.status, forwarded.stdout).not.toBe(0);
      expect(forwarded.stdout).not.toMatch(/^SSH-/);
    });
  });

  it('still looks after all that, and the deploy key is another one', async () => {
    const host = fleet.lab.host(name);
    const files = fleet.files({
      'a.yml': `on: ${name}\nresources:\n  - file: /srv/canary\n    absent: true\n`,
    });
    expect(linesOf(await fleet.plan(files))).toEqual([`${name} delete file//srv/canary`]);
    const deploy = await run(['ssh', ...options(keys.deploy), `ashore-plan@${host.address}`], { stdin: '' });
    expect(deploy.stderr).toMatch(/Permission denied/);
    const written = await startWatch(host);
    const other = ['ssh', ...options(keys.deploy), `deploy@${host.address}`, 'sudo -n /bin/sh -s'];
    await run(other, { stdin: ': >/srv/open/canary\n' });
    expect(await written()).toContain('/srv/open/canary');
  });
});
