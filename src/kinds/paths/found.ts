// What lies at paths of a host, by stat(1) without following links; one process for all, names told apart by NUL.
import type { Reader } from '../../core/host.ts';
import type { Sighting, World } from '../../core/kind.ts';
import { readText } from '../../core/look.ts';
import type { Reason } from '../../core/reason.ts';
import { showPath } from './path.ts';
import { parseRecords } from './records.ts';

/** State of a path, whatever lies there. */
export interface Found {
  readonly is: FileType;
  /** By name, or by number where the host knows none. */
  readonly owner: string;
  readonly uid: string;
  readonly group: string;
  readonly gid: string;
  /** Octal, four digits. */
  readonly mode: string;
}

export interface Stat {
  readonly found: Found;
  /** Names of the same file. */
  readonly links: number;
  /** In bytes. */
  readonly size: number;
  /** When anything of it last changed (ctime, which nobody can set), in seconds since 1970. */
  readonly changedAt: number;
}

/** What is there; a path where nothing is is left out. */
export async function readStats(host: Reader, paths: readonly string[]): Promise<ReadonlyMap<string, Stat>> {
  if (paths.length === 0) return new Map();
  const argv = ['xargs', '-0', '-r', 'stat', '--printf', FORMAT, '--'];
  // 123: a stat failed, which is how an absent path looks; who may not look there is told apart by readAround.
  return parseStats(await readText(host, argv, { stdin: paths.join('\0'), expected: [0, 123] }));
}

/** The part of a change that says since when it is there so. */
export function sightedAt(seconds: number | null | undefined): { readonly sighted?: Sighting } {
  return seconds == null ? {} : { sighted: { at: new Date(Math.floor(seconds) * 1000).toISOString() } };
}

/** Why a resource of one kind cannot be where something of another type lies; undefined when the plan moves that away. */
export function refuseOther(id: string, is: FileType, kind: FileType, world: World): Reason | undefined {
  if (is === kind || world.planned(is, id) === 'delete') return undefined;
  const declarable = is === 'file' || is === 'directory' || is === 'symlink';
  const next = declarable ? { next: `Declare \`${is}: ${showPath(id)}\` with \`absent: true\` above.` } : {};
  return { code: 'PATH_OCCUPIED', message: `${showPath(id)} is ${TYPE_NAMES[is]} on the host`, ...next };
}

export type FileType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'fifo'
  | 'socket'
  | 'character-device'
  | 'block-device'
  | 'unknown';

const TYPE_NAMES: Readonly<Record<FileType, string>> = {
  file: 'a regular file',
  directory: 'a directory',
  symlink: 'a symbolic link',
  fifo: 'a named pipe',
  socket: 'a socket',
  'character-device': 'a character device',
  'block-device': 'a block device',
  unknown: 'of an unknown type',
};

const FORMAT = ['%f', '%h', '%s', '%u', '%U', '%g', '%G', '%Z', '%n']
  .map((field) => String.raw`${field}\0`)
  .join('');

function parseStats(text: string): Map<string, Stat> {
  const stats = new Map<string, Stat>();
  for (const record of parseRecords(text, 9)) {
    const [bits = '', links, size, uid = '', owner = '', gid = '', group = '', changed, path = ''] = record;
    const mode = Number.parseInt(bits, 16);
    const found = {
      is: typeOf(mode),
      owner: owner === UNNAMED ? uid : owner,
      uid,
      group: group === UNNAMED ? gid : group,
      gid,
      mode: (mode & 0o7777).toString(8).padStart(4, '0'),
    };
    stats.set(path, { found, links: Number(links), size: Number(size), changedAt: Number(changed) });
  }
  return stats;
}

/** What stat(1) prints for an owner that no account has. */
const UNNAMED = 'UNKNOWN';

/** The type bits of a mode (inode(7)). */
function typeOf(mode: number): FileType {
  switch (mode & 0o170000) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'symlink';
    case 0o010000:
      return 'fifo';
    case 0o140000:
      return 'socket';
    case 0o020000:
      return 'character-device';
    case 0o060000:
      return 'block-device';
    default:
      return 'unknown';
  }
}
