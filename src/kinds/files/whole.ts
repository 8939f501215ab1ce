// What kinds that write whole files share: the bytes they want, what comes before them, what the ledger keeps. Pure.
import type { Ref } from '../../core/address.ts';
import { sha256 } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import { bytesOf } from '../../core/step.ts';
import type { Content } from '../../core/step.ts';
import { parentOf } from '../paths/path.ts';
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
