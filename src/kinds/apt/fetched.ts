// Which sources of packages apt has the lists of.
import type { Reader } from '../../core/host.ts';
import { readText } from '../../core/look.ts';

/** Those of the files in /etc/apt/sources.list.d for which lists are there. */
export async function readFetched(host: Reader, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  return new Set((await readText(host, ['sh', '-c', LOOK, 'look', ...paths], { limit: 60 })).split('\n'));
}

/** Only what has been fetched is a target (apt-get(8), indextargets). It writes no cache: see UNWRITTEN in look.ts. */
const LOOK = `for path do
  [ -f "$path" ] || continue
  found=$(apt-get indextargets -o Dir::Etc::sourcelist="$path" -o Dir::Etc::sourceparts=- \\
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= --format '$(FILENAME)' 'Created-By: Packages' 2>/dev/null) || found=
  if [ -n "$found" ]; then printf '%s\\n' "$path"; fi
done`;
