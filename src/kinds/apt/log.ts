// When dpkg last did something with a package, and what apt wrote down of who asked for it. An account is named only where
// apt itself has noted it; what dpkg did without apt has a time and nothing more.
import type { Reader } from '../../core/host.ts';
import type { Sighting } from '../../core/kind.ts';
import { readText } from '../../core/look.ts';
import { parseRecords } from '../paths/records.ts';

/** In the same turn as the other looks at what is due. By name; one of which the logs say nothing is left out. */
export async function readSightings(
  host: Reader,
  names: readonly string[],
): Promise<ReadonlyMap<string, Sighting>> {
  if (names.length === 0) return new Map();
  const [doings, history] = await Promise.all([
    readText(host, ['sh', '-c', DOINGS, 'look', ...names]),
    readText(host, ['sh', '-c', HISTORY]),
  ]);
  return parseSightings(doings, history);
}

/** Logs are in the local time of the host, whatever that was then; date(1) there knows what it means. */
const DOINGS = `cd /var/log || exit 0
for name do
  grep -hF -e " install $name:" -e " upgrade $name:" -e " remove $name:" -e " purge $name:" dpkg.log.1 dpkg.log 2>/dev/null |
    tail -n 1 | {
      read -r day clock rest || exit 0
      at=$(date -u -d "$day $clock" +%Y-%m-%dT%H:%M:%SZ) && printf '%s\\0%s\\0%s\\0' "$name" "$at" "$day $clock"
    }
done`;

/** The newest of it. */
const HISTORY = 'tail -c 131072 /var/log/apt/history.log 2>/dev/null || :';

export function parseSightings(doings: string, history: string): ReadonlyMap<string, Sighting> {
  const entries = history.split(/\n\n+/).map(parseEntry);
  return new Map(
    parseRecords(doings, 3).map(([name = '', at = '', local = '']) => {
      const entry = entries.findLast((each) => each.from <= local && local <= each.to && touches(each, name));
      return [name, { at, ...(entry ? asked(entry) : {}) }];
    }),
  );
}

interface Entry {
  /** Local time. */
  readonly from: string;
  readonly to: string;
  readonly command: string | undefined;
  readonly by: string | undefined;
  /** Lines of what was done to which packages. */
  readonly done: readonly string[];
}

function parseEntry(text: string): Entry {
  const valueOf = (key: string): string | undefined => new RegExp(`^${key}: *(.*)$`, 'm').exec(text)?.[1];
  const time = (key: string): string => (valueOf(key) ?? '').replace(/ +/, ' ');
  return {
    from: time('Start-Date'),
    to: time('End-Date'),
    command: valueOf('Commandline'),
    // `ada (1000)`: the account from which sudo or pkexec was called.
    by: valueOf('Requested-By')?.replace(/ \(\d+\)$/, ''),
    done: text
      .split('\n')
      .filter((line) => /^(?:Install|Reinstall|Upgrade|Downgrade|Remove|Purge): /.test(line)),
  };
}

function touches({ done }: Entry, name: string): boolean {
  return done.some((line) => line.includes(` ${name}:`));
}

function asked({ by, command }: Entry): Pick<Sighting, 'by' | 'how'> {
  return { ...(by ? { by } : {}), ...(command ? { how: plainWords(command) } : {}) };
}

const LONGEST = 200;

/** Options may hold anything, the password of a proxy too. */
function plainWords(command: string): string {
  const words = command.split(' ').filter((word) => !/^-|::|:\/\//.test(word));
  return words.join(' ').slice(0, LONGEST);
}
