// The lines of keys in authorized_keys, and where such a file is. Lines of other keys are not sent.
import type { Reader } from '../../core/host.ts';
import { readText } from '../../core/look.ts';
import { parseRecords } from '../paths/records.ts';

export interface KeyAsked {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  /** Null where only the name is known. */
  readonly blob: string | null;
}

/** user, root: who owns the way to the file; root only where the user can swap none of it. homeless: the account has no home that is there. nobody: there is no such account. */
export interface KeyPlace {
  readonly is: 'user' | 'root' | 'homeless' | 'nobody' | 'link' | 'other';
  /** Of the file; empty where there is no account. */
  readonly path: string;
}

export interface KeyState {
  readonly place: KeyPlace;
  readonly lines: readonly string[];
  /** Another resource that declares the same key. */
  readonly twice?: string;
}

/** By their ids; left out where only the ledger knows it and it is not there. */
export async function readKeys(
  host: Reader,
  asked: readonly KeyAsked[],
): Promise<ReadonlyMap<string, KeyState>> {
  const words = asked.flatMap(({ id, user, name, blob }) => [id, user, blob ?? name]);
  const text = await readText(host, ['xargs', '-0', '-r', '-n', '3', 'sh', '-c', LOOK, 'look'], {
    stdin: words.map((word) => `${word}\0`).join(''),
  });
  const states = new Map<string, KeyState>();
  for (const [id = '', is = '', path = '', lines = ''] of parseRecords(text, 4)) {
    const own = asked.find((one) => one.id === id);
    const other = asked.find((one) => one.id !== id && one.user === own?.user && one.blob === own.blob);
    const twice = own?.blob == null || !other ? {} : { twice: other.id };
    const found = lines.split('\n').filter((line) => line !== '');
    states.set(id, { place: placeOf(is, path), lines: found, ...twice });
  }
  return states;
}

const PLACES = ['user', 'root', 'homeless', 'link', 'other'] as const;

function placeOf(word: string, path: string): KeyPlace {
  return { is: PLACES.find((one) => one === word) ?? 'nobody', path };
}

/** A file that may not be read ends the look. sshd takes leading spaces and comments; a comment is no key. */
const LOOK = `
entry=$(getent passwd "$2") || { printf '%s\\0nobody\\0\\0\\0' "$1"; exit 0; }
home=$(printf '%s' "$entry" | cut -d : -f 6)
file=$home/.ssh/authorized_keys is=user
if [ ! -d "$home" ]; then printf '%s\\0homeless\\0%s\\0\\0' "$1" "$file"; exit 0; fi
if [ "$(stat -L -c %u -- "$home")" -eq 0 ]; then
  if [ ! -d "$home/.ssh" ] || [ "$(stat -L -c %u -- "$home/.ssh")" -eq 0 ]; then is=root; fi
fi
if [ -L "$file" ] || [ -L "$home/.ssh" ]; then is=link
elif [ -e "$file" ] && [ ! -f "$file" ]; then is=other; fi
printf '%s\\0%s\\0%s\\0' "$1" "$is" "$file"
if [ -f "$file" ] && [ ! -L "$file" ] && [ ! -L "$home/.ssh" ]; then
  awk -v key="$3" '/^[[:space:]]*#/ { next } { for (i = 1; i <= NF; i++) if ($i == key) { print; next } }' "$file" || exit 255
fi
printf '\\0'`;
