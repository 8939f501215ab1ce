// How a release comes to a host and how old ones go: fetched or laid down, its sum checked, unpacked beside the others by an account
// that has nothing, and only then given its name. Pure.
import type { Reason } from '../../core/reason.ts';
import type { Content, Step } from '../../core/step.ts';
import type { Around } from '../paths/around.ts';
import { parentOf, showPath } from '../paths/path.ts';
import type { Compression } from './compression.ts';
import { linkedRelease } from './look.ts';
import type { Releases } from './look.ts';

export interface ReleaseWant {
  readonly sum: string;
  /** One of the two. */
  readonly url: string | null;
  readonly content: Content | null;
  /** The name of a single program; null for an archive. */
  readonly file: string | null;
  readonly strip: number;
  readonly owner: string;
  readonly group: string;
  readonly keep: number;
  readonly compression: Compression | null;
}

export interface ReleaseAside {
  readonly around: Around;
  readonly programs: ReadonlySet<string>;
}

type RunStep = Extract<Step, { do: 'run' }>;

/** Where the steps stand: directories as the look saw them, behind no link. Null: behind one that the same plan makes. */
export interface Places {
  /** Holds the program's directory. */
  readonly above: string | null;
  readonly program: string | null;
  readonly releases: {
    readonly at: string | null;
    readonly run: { readonly directory: string; readonly pinned?: true };
  };
}

export function placesOf(id: string, { real }: Around, unknown: boolean): Places {
  const above = unknown ? null : real === '' ? parentOf(id) : real;
  if (above === null)
    return { above, program: null, releases: { at: null, run: { directory: `${id}/releases` } } };
  const program = `${above === '/' ? '' : above}${id.slice(id.lastIndexOf('/'))}`;
  const at = `${program}/releases`;
  return { above, program, releases: { at, run: { directory: at, pinned: true } } };
}

export function refusePlace(id: string, { place, current }: Releases): Reason | undefined {
  if (place === 'other' || current === 'other') {
    const what = place === 'other' ? showPath(id) : showPath(`${id}/current`);
    return { code: 'PATH_OCCUPIED', message: `${what} is not what a release needs there` };
  }
  if (place !== 'foreign') return undefined;
  const message = `${showPath(id)} or its releases belong to another account than root, which could swap what root writes there`;
  return {
    code: 'PATH_OCCUPIED',
    message,
    next: 'Give the directory to root; `owner` says whose the releases are.',
  };
}

/** How it lies there, as the host notes it: whose it is, and what was made of its bytes. */
export function layoutOf(want: ReleaseWant): string {
  return unpackWords(want).join(' ');
}

function unpackWords({ file, strip, owner, group, compression }: ReleaseWant): readonly string[] {
  const options = [`--strip-components=${strip}`, ...(compression ? [compression.flag] : [])];
  return [`${owner}:${group}`, ...(file === null ? ['archive', ...options] : ['file', file])];
}

/** `inUse`: what is unpacked takes the place of what the link points to. */
export function fetchSteps(
  id: string,
  want: ReleaseWant,
  { place, stocked }: Releases,
  { above, program, releases }: Places,
  inUse: boolean,
): readonly Step[] {
  const { sum, url, content } = want;
  const root = { owner: null, group: null, mode: '0755' };
  const archive = `.${sum}.archive`;
  return [
    ...(place === 'missing' ? [{ do: 'mkdir', path: id, at: above, ...root } satisfies Step] : []),
    ...(stocked ? [] : [{ do: 'mkdir', path: `${id}/releases`, at: program, ...root } satisfies Step]),
    url === null
      ? {
          do: 'put',
          path: `${id}/releases/${archive}`,
          at: releases.at,
          owner: null,
          group: null,
          mode: '0600',
          content: content ?? { text: '' },
        }
      : {
          do: 'run',
          argv: [HELPER, 'download-file', url, `./${archive}`, `SHA256:${sum}`],
          limit: 3600,
          ...releases.run,
          beside: true,
        },
    {
      do: 'run',
      argv: ['sh', '-c', UNPACK, 'release', '.', sum, ...unpackWords(want)],
      ...releases.run,
      ...(inUse ? {} : { beside: true }),
    },
  ];
}

/** The one in use until now stays, so that the way back is short. */
export function pruneSteps({ sum, keep }: ReleaseWant, releases: Releases, places: Places): readonly Step[] {
  const former = linkedRelease(releases);
  const others = releases.kept.filter((other) => other !== sum);
  const sorted = others.toSorted((a, b) => Number(b === former) - Number(a === former));
  const gone = sorted.slice(Math.max(keep - 1, 0));
  const beside = former === undefined || sorted.indexOf(former) < keep - 1;
  return removeSteps(gone, places).map((step) => ({ ...step, ...(beside ? { beside } : {}) }));
}

export function removeSteps(sums: readonly string[], { releases }: Places): readonly RunStep[] {
  if (sums.length === 0) return [];
  const names = [...sums, ...sums.map((sum) => `.${sum}.layout`)];
  return [{ do: 'run', argv: ['rm', '-rf', '--one-file-system', '--', ...names], ...releases.run }];
}

/** curl and wget are no part of every Debian; apt is. Its apt-helper looks at the sum on Debian 13 only, so the sum is taken again. */
const HELPER = '/usr/lib/apt/apt-helper';

/**
 * Arguments: directory, sum, owner, and either `archive` with options of tar or `file` with a name. The account 65533 owns nothing and no
 * process runs as it, so what an archive makes tar do it can do below the new directory only. Names that lead out of it, devices, pipes and
 * sockets are refused before anything is unpacked, links that lead out of it before it gets its name: what is run from a release is what was
 * pinned. Set-id bits are taken off. What a run that was torn left goes first. How it was unpacked is noted last, so that a note never
 * promises more than what is there.
 */
export const UNPACK = `set -e; umask 022
LEADS_OUT='root=$1; shift
for link do
  case $(readlink -- "$link") in /*) to=/ ;; *) to=$(realpath -m -- "$link") ;; esac
  case $to in "$root" | "$root"/*) ;; *) printf "%s " "$link" ;; esac
done'
cd -P -- "$1"
sum=$2 owner=$3 how=$4; shift 4
refuse() { echo "$1" >&2; rm -rf -- ".$sum.new" ".$sum.archive"; exit 1; }
[ "$(stat -c %u .)" -eq "$(id -u)" ] || { echo "$PWD belongs to another account" >&2; exit 1; }
printf '%s  %s\\n' "$sum" ".$sum.archive" | sha256sum -c --quiet - || refuse 'the bytes are not those that were pinned'
find . -mindepth 1 -maxdepth 1 \\( -name '.?*.new' -o -name '.?*.old' -o -name '.?*.archive' \\) ! -name ".$sum.archive" -exec rm -rf --one-file-system -- {} +
mkdir -m 0755 ".$sum.new"
if [ "$how" = file ]; then install -m 0755 -T -- ".$sum.archive" ".$sum.new/$1"
else
  list() { tar -P --quoting-style=escape "$@" -f - <".$sum.archive" || refuse 'tar cannot read it'; }
  if list -t "$@" | grep -E '^/|(^|/)[.][.](/|$)' >/dev/null; then refuse 'a name in the archive leads out of its directory'; fi
  if list -tv "$@" | grep '^[^dlh-]' >/dev/null; then refuse 'the archive holds devices, pipes or sockets'; fi
  as=
  if [ "$(id -u)" -eq 0 ]; then
    chown 65533:65533 ".$sum.new"
    as='setpriv --reuid=65533 --regid=65533 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs'
  fi
  (cd -- ".$sum.new" && exec $as tar -x --no-same-owner --no-same-permissions --delay-directory-restore "$@" -f -) <".$sum.archive" ||
    refuse 'tar could not unpack it'
  [ -n "$(find ".$sum.new" -mindepth 1 -print -quit)" ] || refuse 'nothing was left to unpack; is strip too large?'
fi
strays=$(cd -P -- ".$sum.new" && find . -type l -exec sh -c "$LEADS_OUT" look "$PWD" {} +) || refuse 'its links cannot be followed'
[ -z "$strays" ] || refuse "a link in the archive leads out of its directory: $strays"
chmod -R u-s,g-s,o-w -- ".$sum.new"
chmod 0755 -- ".$sum.new"
chown -R -h -- "$owner" ".$sum.new"
touch -- ".$sum.new"
sync -f -- ".$sum.new"
if [ -e "$sum" ]; then mv -T -- "$sum" ".$sum.old"; fi
mv -T -- ".$sum.new" "$sum"
printf '%s\\n' "$sum $owner $how $*" >".$sum.layout"
rm -rf -- ".$sum.archive" ".$sum.old"`;
