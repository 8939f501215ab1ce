// The looks at swap files: what stands at each path, whether it is swap space, and what of it is in use.
import type { Reader } from '../../core/host.ts';
import { readText } from '../../core/look.ts';
import { parseRecords } from '../paths/records.ts';

export interface SwapFile {
  readonly is: 'nothing' | 'file' | 'other';
  readonly bytes: number;
  /** Owner's number and mode, such as `0 600`. */
  readonly access: string;
  /** It has the signature of swap space. */
  readonly made: boolean;
  /** Type of the file system of its directory, as stat(1) calls it. */
  readonly filesystem: string;
}

/** What of it is the same whatever is wanted. */
export function apartSwap(file: Pick<SwapFile, 'is'> | undefined): unknown {
  return file && file.is !== 'nothing' ? file : null;
}

export async function readSwapFiles(
  host: Reader,
  paths: readonly string[],
): Promise<ReadonlyMap<string, SwapFile>> {
  const argv = ['xargs', '-0', '-r', 'sh', '-c', LOOK, 'look'];
  const text = await readText(host, argv, { stdin: paths.map((path) => `${path}\0`).join('') });
  return new Map(
    parseRecords(text, 5).map(([path = '', is = '', stat = '', signature = '', filesystem = '']) => {
      const [size = '0', ...access] = stat.split(' ');
      const file: SwapFile = {
        is: is === 'file' || is === 'nothing' ? is : 'other',
        bytes: Number(size),
        access: access.join(' '),
        made: signature === 'SWAPSPACE2',
        filesystem,
      };
      return [path, file];
    }),
  );
}

/** The signature stands at the end of the first page (mkswap(8)). */
const LOOK = `
page=$(getconf PAGESIZE) || exit 255
for path do
  is=nothing stat= signature=
  if [ -f "$path" ] && [ ! -L "$path" ]; then
    is=file
    stat=$(stat -c '%s %u %a' -- "$path") || exit 255
    signature=$(tail -c "+$((page - 9))" -- "$path" | head -c 10 | tr -d '\\0') || exit 255
  elif [ -e "$path" ] || [ -L "$path" ]; then is=other; fi
  printf '%s\\0%s\\0%s\\0%s\\0%s\\0' "$path" "$is" "$stat" "$signature" "$(stat -f -c %T -- "\${path%/*}/" 2>/dev/null)"
done`;

export interface Memory {
  /** KiB of each swap space in use, by its path. */
  readonly used: ReadonlyMap<string, number>;
  /** KiB of memory that programs could still get. */
  readonly available: number;
  /** What kind of container the host is; null for none. */
  readonly container: string | null;
}

export async function readMemory(host: Reader): Promise<Memory> {
  const [swaps, memory, virt] = await Promise.all([
    readText(host, ['cat', '/proc/swaps']),
    readText(host, ['cat', '/proc/meminfo']),
    // Its status is 1 where there is none (systemd-detect-virt(1)).
    readText(host, ['systemd-detect-virt', '--container'], { expected: [0, 1] }),
  ]);
  const rows = swaps
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/));
  const container = virt.trim();
  return {
    used: new Map(rows.map(([path = '', , , used = '0']) => [unescape(path), Number(used)])),
    available: Number(/^MemAvailable:\s+(\d+) kB$/m.exec(memory)?.[1] ?? 0),
    container: container === 'none' || container === '' ? null : container,
  };
}

/** The kernel writes blanks and backslashes as octal numbers (seq_file_path of linux/seq_file.h). */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
