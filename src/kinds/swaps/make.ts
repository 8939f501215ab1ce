// How a swap file is made: beside its name, whole, and only then in the place of what was there. Pure.
import type { Step } from '../../core/step.ts';

/** `directory` is where it really lies. */
export function makeStep(directory: string, id: string, size: number): Step {
  const name = id.slice(id.lastIndexOf('/') + 1);
  return { do: 'run', argv: ['sh', '-c', MAKE, 'swap', directory, name, String(size)], limit: 3600 };
}

/**
 * Arguments: directory, name, MiB. By dd, because what fallocate(1) makes has holes to some file systems (swapon(8)), and on btrfs with
 * copying on write turned off, which only an empty file can have.
 */
const MAKE = `set -e; umask 077
cd -P -- "$1"
[ "$PWD" = "$1" ] || { echo "$1 leads to $PWD now"; exit 1; }
new=".$2.ashore-new"
rm -f -- "$new"
trap 'rm -f -- "$new"' EXIT
: >"$new"
chattr +C -- "$new" 2>/dev/null || :
dd if=/dev/zero of="$new" bs=1M count="$3" conv=notrunc,fsync status=none
mkswap -- "$new"
mv -f -T -- "$new" "$2"`;
