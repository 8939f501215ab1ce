// apt as a reader: it leaves nothing on the host, and still uses the caches that are there. Parsing all of Debian's lists
// again takes a second of processor time for each call.

/**
 * As root, apt replaces the caches that it finds stale, and logs what it was asked to solve, also while it only looks. So it
 * is shown them as links in a directory of the look's own: what it replaces then are the links (rename(2)), and the next call
 * of the same look finds what this one made. TMPDIR is that of the look and goes with it.
 */
const UNWRITTEN = `
if [ -n "$TMPDIR" ]; then
  caches=$TMPDIR/apt
  mkdir -p -- "$caches" || exit 91
else
  caches=$(mktemp -d) || exit 91
  trap 'rm -rf -- "$caches"' EXIT
fi
for name in pkgcache srcpkgcache; do
  if [ -e "$caches/$name.bin" ] || [ ! -e "/var/cache/apt/$name.bin" ]; then continue; fi
  ln -s "/var/cache/apt/$name.bin" "$caches/" || exit 91
done
unwritten() {
  program=$1
  shift
  LC_ALL=C "$program" -o "Dir::Cache::pkgcache=$caches/pkgcache.bin" \\
    -o "Dir::Cache::srcpkgcache=$caches/srcpkgcache.bin" -o Dir::Log::Planner= -o Dir::Log::Solver= "$@"
}
`;

const RUN = `${UNWRITTEN}
unwritten "$@"`;

export type AptProgram = 'apt-cache' | 'apt-get' | 'apt-mark';

export function unwritten(program: AptProgram, words: readonly string[]): readonly string[] {
  return ['sh', '-c', RUN, 'look', program, ...words];
}

/**
 * What the lists offer, only of packages that are not there as wanted: where all are, apt is not asked at all. Arguments are
 * pairs of a name and a version, which is `*` for any; it holds no other character that a pattern knows.
 */
const OFFERS = `
rows="
$(dpkg-query -W -f '\${Package}\\t\${Architecture}\\t\${db:Status-Abbrev}\\t\${Version}\\n')
" || exit 1
own=$(dpkg --print-architecture) || exit 1
left=$#
while [ "$left" -gt 1 ]; do
  case $rows in
    *"
$1	$own	"?[iWt]?"	"$2"
"* | *"
$1	all	"?[iWt]?"	"$2"
"*) ;;
    *) set -- "$@" "$1" ;;
  esac
  shift 2
  left=$((left - 2))
done
[ $# -gt 0 ] || exit 0
${UNWRITTEN}
unwritten apt-cache policy "$@"`;

/** The version is null where any will do. */
export function lookAtOffers(wanted: ReadonlyMap<string, string | null>): readonly string[] {
  return ['sh', '-c', OFFERS, 'look', ...[...wanted].flatMap(([name, version]) => [name, version ?? '*'])];
}
