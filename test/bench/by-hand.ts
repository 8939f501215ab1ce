// The floor: what somebody who knows the host would write by hand for this one purpose. One sh script over one
// connection of OpenSSH, which reads the same state; and one that does the same work on a fresh host.
import type { Work } from './work.ts';
import { templateText } from './work.ts';
import { runTimed } from './processes.ts';
import type { Timed } from './processes.ts';

export interface Login {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly keyPath: string;
  /** A known_hosts file in which the host is called `bench`. */
  readonly knownHosts: string;
}

/** OpenSSH's own default is slower for the processor; the floor takes the fastest. */
export const FAST_KEX = ['-o', 'KexAlgorithms=curve25519-sha256', '-o', 'Ciphers=aes128-gcm@openssh.com'];

const SSH = 'ssh -F none -T -o IdentitiesOnly=yes -o BatchMode=yes -o HostKeyAlias=bench'.split(' ');

/** A cold connection: nothing is shared with an earlier one. */
export function sshTo({ port, keyPath, knownHosts }: Omit<Login, 'address' | 'user'>): readonly string[] {
  return [...SSH, '-p', String(port), '-i', keyPath, '-o', `UserKnownHostsFile=${knownHosts}`];
}

export async function runByHand(
  login: Login,
  script: string,
  kex: readonly string[] = FAST_KEX,
): Promise<Timed> {
  const where = `${login.user}@${login.address}`;
  const argv = [...sshTo(login), ...kex, where, login.user === 'root' ? 'sh -s' : 'sudo -n sh -s'];
  return runTimed(argv, { stdin: script });
}

/** Content, owner and mode of files; versions of packages; state of units; accounts with their groups. */
export function lookScript({ files, packages, services, users, template }: Work): string {
  const paths = [...files.map(({ path }) => path), ...(template ? [template.path] : [])].join('\n');
  return [
    'main() { export LC_ALL=C',
    ...(paths === ''
      ? []
      : [
          `paths='${paths}'`,
          'printf %s "$paths" | xargs sha256sum --',
          'printf %s "$paths" | xargs stat -c "%n %F %U %G %a %h" --',
        ]),
    ...(packages.length === 0
      ? []
      : ["dpkg-query -W -f '${Package} ${Architecture} ${db:Status-Abbrev} ${Version}\\n'"]),
    ...(services.length === 0
      ? []
      : [
          `systemctl show -p Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,NRestarts,ActiveEnterTimestamp ${services.join(' ')}`,
        ]),
    ...(users.length === 0 ? [] : [`getent passwd ${users.join(' ')}`, 'cat /etc/group']),
    'cat /var/lib/ashore/ledger 2>/dev/null || :',
    '}',
    'main </dev/null',
    '',
  ].join('\n');
}

/** The whole of it on a fresh host: one call of apt, and nothing looked at before or after. */
export function applyScript({ files, packages, services, users, template }: Work, host: string): string {
  const written = [
    ...files,
    ...(template ? [{ ...template, owner: 'root', content: templateText(host) }] : []),
  ];
  const apt = 'DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install';
  return [
    'main() { set -e',
    ...users.map((name) => `useradd --system --user-group --no-create-home ${name}`),
    ...(packages.length === 0 ? [] : [`${apt} ${packages.join(' ')}`]),
    ...written.flatMap(({ path, content, owner, mode }) => [
      `cat >${path} <<'END'`,
      `${content}END`,
      `chown ${owner} ${path}; chmod ${mode} ${path}`,
    ]),
    ...(services.length === 0
      ? []
      : ['systemctl daemon-reload', `systemctl enable --now ${services.join(' ')}`]),
    '}',
    'main </dev/null',
    '',
  ].join('\n');
}

/** Back to before, for whoever did it: packages with what came along, units, files, users and the record. */
export function undoScript({ files, packages, services, users, template }: Work): string {
  const paths = [...files.map(({ path }) => path), ...(template ? [template.path] : [])];
  return [
    'exec </dev/null >/dev/null 2>&1',
    ...(services.length === 0 ? [] : [`systemctl disable --now ${services.join(' ')}`]),
    `rm -f ${paths.join(' ')}`,
    'systemctl daemon-reload',
    ...(packages.length === 0
      ? []
      : [`DEBIAN_FRONTEND=noninteractive apt-get -y -q --auto-remove purge ${packages.join(' ')}`]),
    ...users.map((name) => `userdel ${name}`),
    'rm -rf /var/lib/ashore /run/ashore /root/.ansible /home/deploy/.ansible',
    'sync; exit 0',
    '',
  ].join('\n');
}
