// What the program that will read a file says of its bytes before they are written. It is only asked to check, and never runs what
// they name. It is asked as an account without any rights: what a file includes is read by it, and what it says is shown.
import { decode } from '../../core/host.ts';
import type { Reader } from '../../core/host.ts';
import type { Blocked, World } from '../../core/kind.ts';
import { checkCron } from './crontab.ts';

const CHECKERS = {
  sudoers: { command: 'visudo -c', package: 'sudo' },
  sshd: { command: 'sshd -t', package: 'openssh-server' },
  nftables: { command: 'nft -c', package: 'nftables' },
  unit: { command: 'systemd-analyze verify', package: 'systemd' },
} as const;
type Checker = keyof typeof CHECKERS;

export interface Verdict {
  readonly by: Checker;
  /** unchecked: the program is not there, or could not say. */
  readonly is: 'taken' | 'refused' | 'unchecked';
  /** Its own words. */
  readonly said: string;
}

const PLACES: readonly (readonly [RegExp, Checker])[] = [
  [/^\/etc\/sudoers(?:\.d\/[^/]+)?$/, 'sudoers'],
  [/^\/etc\/ssh\/sshd_config(?:\.d\/[^/]+\.conf)?$/, 'sshd'],
  [/^\/etc\/nftables(?:\.conf|\.d\/[^/]+)$/, 'nftables'],
  // A template is no unit before it has an instance.
  [/^\/etc\/systemd\/system\/[^/]*[^@/]\.(?:service|socket|timer|path|target|mount|slice)$/, 'unit'],
];

export function isChecked(path: string): boolean {
  return checkerOf(path) !== undefined;
}

function checkerOf(path: string): Checker | undefined {
  return PLACES.find(([place]) => place.test(path))?.[1];
}

/** Bytes by the path where they shall stand; paths that no program is known for are left out. */
export async function readVerdicts(
  host: Reader,
  asked: ReadonlyMap<string, Uint8Array>,
): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = [...asked].map(async ([path, bytes]) => {
    const by = checkerOf(path);
    return by && ([path, await readVerdict(host, by, path, bytes)] as const);
  });
  return new Map((await Promise.all(verdicts)).filter((entry) => entry !== undefined));
}

async function readVerdict(host: Reader, by: Checker, path: string, bytes: Uint8Array): Promise<Verdict> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const look = await host.look(['sh', '-c', CHECK, 'look', by, name], { stdin: bytes, limit: 60 });
  const said = decode(look.stdout).trim().slice(0, 4000);
  return { by, is: judge(by, look.status, said), said };
}

/** 127 and 126: it is not there, or not for us. What it could not look into says nothing about the bytes. */
function judge(by: Checker, status: number, said: string): Verdict['is'] {
  if (status === 0) return 'taken';
  if (status >= 124 && status !== 255) return 'unchecked';
  switch (by) {
    case 'unit':
      // It makes a directory of its own in /tmp, which the plan's key cannot.
      if (/Failed to setup working directory/.test(said)) return 'unchecked';
      // A program that is missing yet, or a key of a newer systemd, is said and no refusal.
      return /bad unit file setting|Refusing\./.test(said) ? 'refused' : 'taken';
    case 'nftables':
      return /\bError: (?:syntax error|Could not resolve|unknown|Unexpected|Conflicting)/i.test(said)
        ? 'refused'
        : 'unchecked';
    case 'sudoers':
    case 'sshd':
      return /Permission denied|Missing privilege separation/.test(said) ? 'unchecked' : 'refused';
    default:
      return by satisfies never;
  }
}

/**
 * Root's checks see a /tmp of their own, in memory and gone with them: systemd-analyze writes to /tmp whatever it is told, and a
 * look leaves the host's as it is. `-h`: without a host key that it may read, sshd says nothing about its configuration.
 */
const CHECK = `
nobody='setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all'
[ "$(id -u)" -eq 0 ] || nobody='setpriv --ambient-caps=-all'
set -- $nobody --inh-caps=-all --no-new-privs sh -c '
PATH=$PATH:/usr/sbin:/sbin
case $1 in
  sudoers) exec visudo -c -f - 2>&1 ;;
  nftables) exec nft -c -f - 2>&1 ;;
esac
command -v "$([ "$1" = sshd ] && echo sshd || echo systemd-analyze)" >/dev/null || exit 127
place=$(mktemp -d) || exit 126
trap "rm -rf \\"$place\\"" EXIT
cat >"$place/$2" || exit 126
if [ "$1" = sshd ]; then
  ssh-keygen -q -t ed25519 -N "" -f "$place/key" </dev/null >/dev/null 2>&1 || exit 126
  said=$("$(command -v sshd)" -t -f "$place/$2" -h "$place/key" 2>&1 </dev/null)
else
  said=$(systemd-analyze verify --man=no --recursive-errors=no "$place/$2" 2>&1 </dev/null)
fi
status=$?
printf "%s\\n" "$said" | sed "s|$place/||g"
exit $status
' look "$@"
if unshare --mount true 2>/dev/null; then
  exec unshare --mount sh -c 'mount -t tmpfs -o mode=1777,size=16m ashore-look /tmp && unset TMPDIR; exec "$@"' own "$@"
fi
exec "$@"`;

/** Whether the bytes may be written, and what to say of them. A program that the plan brings or replaces may think otherwise. */
export function judgeVerdict(
  path: string,
  text: string | undefined,
  verdict: Verdict | undefined,
  world: World,
): Blocked | { readonly notes: readonly string[] } {
  const cron = text === undefined ? undefined : checkCron(path, text);
  if (cron !== undefined) return refuse('cron', cron);
  if (!verdict) return { notes: [] };
  const { command, package: name } = CHECKERS[verdict.by];
  const coming = world.planned('package', name) !== undefined;
  switch (verdict.is) {
    case 'taken':
      return {
        notes: verdict.by === 'unit' ? lines(verdict.said).filter((line) => !isComing(line, world)) : [],
      };
    case 'unchecked':
      return { notes: [`${command} could not check it before the deploy`] };
    case 'refused':
      if (!coming) return refuse(command, verdict.said);
      return {
        notes: [`${command} refuses it, as it is before ${name} changes in this plan: ${verdict.said}`],
      };
    default:
      return verdict.is satisfies never;
  }
}

/** That a program is missing which the same plan may bring: by its path, or within a package or a release. */
function isComing(line: string, world: World): boolean {
  const program = /Command (\/.*) is not executable: No such file/.exec(line)?.[1];
  if (program === undefined) return false;
  const brought = ['package', 'release'].some(
    (kind) => world.plannedIds(kind, ['create', 'update', 'replace']).length > 0,
  );
  return brought || ['file', 'symlink'].some((kind) => world.planned(kind, program) !== undefined);
}

function refuse(command: string, said: string): Blocked {
  const first = said.split('\n')[0] ?? '';
  const message = `${command} does not take it: ${first}`;
  return { blocked: { code: 'CONTENT_REFUSED', message, evidence: { command, output: said } } };
}

function lines(said: string): readonly string[] {
  return said.split('\n').filter((line) => line !== '');
}
