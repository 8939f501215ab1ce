// SHA-256 of files that are to hold a secret. Their bytes never leave the host, and no wanted sum goes there.
import type { Reader } from '../../core/host.ts';
import { readText } from '../../core/look.ts';
import type { OldContent } from './contents.ts';
import { parseRecords } from './records.ts';

/** What is no regular file is left out. */
export async function readSums(
  host: Reader,
  paths: readonly string[],
): Promise<ReadonlyMap<string, OldContent>> {
  if (paths.length === 0) return new Map();
  const argv = ['xargs', '-0', '-r', '-n', '256', '-s', '1500000', 'sh', '-c', EACH, 'look'];
  const text = await readText(host, argv, { stdin: paths.map((path) => `${path}\0`).join('') });
  return new Map(
    parseRecords(text, 3).map(([path = '', sum = '', flags = '']) => {
      const immutable = flags.includes('i');
      return [path, { sha256: sum === '' ? null : sum, bytes: null, immutable, open: false }];
    }),
  );
}

const EACH = `
for path do
  if [ ! -f "$path" ] || [ -L "$path" ]; then continue; fi
  sum=
  [ ! -r "$path" ] || sum=$(sha256sum -z -- "$path" 2>/dev/null | cut -z -b 1-64 | tr -d '\\0')
  flags=$(lsattr -d -- "$path" 2>/dev/null) || flags=-
  printf '%s\\0' "$path" "$sum" "\${flags%% *}"
done
`;
