// The releases of a program on a host, and which one is in use.
import type { Reader } from '../../core/host.ts';
import { readText } from '../../core/look.ts';
import { parseRecords } from '../paths/records.ts';

export interface Releases {
  /** The program's directory: there and of whoever looks, missing, of another account, or something else. */
  readonly place: 'own' | 'missing' | 'foreign' | 'other';
  /** Whether the directory of the releases is there. */
  readonly stocked: boolean;
  /** Where the link `current` points; `other` for what is no link, null for nothing. */
  readonly current: string | null;
  /** Sums of the releases that are whole, the newest first. */
  readonly kept: readonly string[];
  /** How each of them was unpacked, by its sum; left out where an older version did it. */
  readonly layouts?: Readonly<Record<string, string>>;
}

export async function readReleases(
  host: Reader,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Releases>> {
  const argv = ['xargs', '-0', '-r', 'sh', '-c', LOOK, 'look'];
  const text = await readText(host, argv, { stdin: paths.map((path) => `${path}\0`).join('') });
  return new Map(
    parseRecords(text, 6).map(
      ([path = '', place = '', stocked = '', current = '', found = '', notes = '']) => {
        const kept = found
          .split('\n')
          .map((line) => line.split(' '))
          .filter(([, name]) => name !== undefined && /^[0-9a-f]{64}$/.test(name))
          .toSorted(([a], [b]) => Number(b) - Number(a))
          .map(([, name = '']) => name);
        const link = current === '' ? null : current.replace(/^link /, '');
        const layouts = parseLayouts(notes, kept);
        return [path, { place: placeOf(place), stocked: stocked === 'yes', current: link, kept, ...layouts }];
      },
    ),
  );
}

/** A note of what is there no more says nothing. */
function parseLayouts(notes: string, kept: readonly string[]): Pick<Releases, 'layouts'> {
  const noted = notes.split('\n').map((line) => [line.slice(0, 64), line.slice(65)] as const);
  const layouts = noted.filter(([sum]) => kept.includes(sum));
  return layouts.length === 0 ? {} : { layouts: Object.fromEntries(layouts) };
}

/** The sum of the release in use, where the link points to one. */
export function linkedRelease({ current }: Releases): string | undefined {
  return /^releases\/([0-9a-f]{64})$/.exec(current ?? '')?.[1];
}

function placeOf(word: string): Releases['place'] {
  return word === 'own' || word === 'foreign' || word === 'other' ? word : 'missing';
}

/**
 * Root writes below it, so it must be root's: nobody else may swap what is there. With another login than root the plan may be
 * made by another account than the deploy, so there the deploy alone decides.
 */
const LOOK = `
for path do
  place=missing stocked=
  if [ -L "$path" ]; then place=other
  elif [ -d "$path" ]; then
    place=own
    for one in "$path" "$path/releases"; do
      if [ -L "$one" ] || { [ -e "$one" ] && [ ! -d "$one" ]; }; then place=other
      elif [ -d "$one" ] && [ "$(stat -c %u -- "$one")" -ne 0 ] && [ "$place" = own ]; then place=foreign; fi
    done
    if [ -d "$path/releases" ]; then stocked=yes; fi
  elif [ -e "$path" ]; then place=other; fi
  printf '%s\\0%s\\0%s\\0' "$path" "$place" "$stocked"
  if [ -L "$path/current" ]; then printf 'link '; readlink -n -- "$path/current"
  elif [ -e "$path/current" ]; then printf other; fi
  printf '\\0'
  if [ -d "$path/releases" ]; then find "$path/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\\n' || exit 255; fi
  printf '\\0'
  if [ -d "$path/releases" ]; then grep -shm 1 . "$path"/releases/.*.layout || :; fi
  printf '\\0'
done`;
