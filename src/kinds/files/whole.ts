// What kinds that write whole files share: the bytes they want, what comes before them, what the ledger keeps, and the look at them.
import type { Ref } from '../../core/address.ts';
import type { Reader } from '../../core/host.ts';
import { sha256 } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import { bytesOf } from '../../core/step.ts';
import type { Content } from '../../core/step.ts';
import { parentOf } from '../paths/path.ts';
import { readFiles } from './read.ts';
import type { FileState } from './read.ts';
import type { Bytes, Want } from './spec.ts';

/** A file of root's own, as most kinds write them. */
export function rootFile(content: Content, mode = '0644'): Bytes {
  return { content, sha256: sha256(bytesOf(content)), owner: 'root', group: 'root', mode };
}

export function fileNeeds(path: string, want: Want): readonly Ref[] {
  if ('absent' in want) return [];
  return [
    { kind: 'directory', id: parentOf(path) },
    ...(want.owner === null ? [] : [{ kind: 'user', id: want.owner }]),
    ...(want.group === null ? [] : [{ kind: 'group', id: want.group }]),
  ];
}

export function rememberFile(want: Want): Json {
  if ('absent' in want) return null;
  const { content, sha256: sum } = want;
  return 'seal' in content ? { sha256: sum, secret: content.secret } : { sha256: sum };
}

/** A kind whose resources are one file each, at a path that follows from the id. */
export interface OneFile {
  readonly file: Want;
}

/** The files of such resources, by their ids. */
export async function readWhole(
  host: Reader,
  wanted: ReadonlyMap<string, OneFile | undefined>,
  pathOf: (id: string) => string,
): Promise<ReadonlyMap<string, FileState>> {
  const files = await readFiles(host, new Map([...wanted].map(([id, want]) => [pathOf(id), want?.file])));
  const found = [...wanted.keys()].map((id) => [id, files.get(pathOf(id))] as const);
  return new Map(found.flatMap(([id, state]) => (state ? [[id, state] as const] : [])));
}
