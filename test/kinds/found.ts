// Whole files as they are found on a host, for tables of kinds that write some.
import { sha256 } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import { parentOf } from '../../src/kinds/paths/path.ts';

/** A file of root's with that text. */
export function fileAt(path: string, text: string, mode = '0644', more: object = {}) {
  const sum = sha256(text);
  const owned = { owner: 'root', uid: '0', group: 'root', gid: '0', mode };
  return {
    found: { is: 'file', ...owned, sha256: sum },
    [ASIDE]: { ...aside(path), sum, old: { text }, size: text.length, ...more },
  };
}

/** Nothing there; what stands around it. */
export function noFileAt(path: string, around: object = {}, more: object = {}) {
  const { around: plain, ...rest } = aside(path);
  return { [ASIDE]: { ...rest, around: { ...plain, ...around }, ...more } };
}

function aside(path: string) {
  const around = { directory: parentOf(path), owner: null, group: null, place: 'directory' };
  const known = { real: parentOf(path), ownerKnown: true, groupKnown: true };
  return {
    around: { ...around, ...known },
    links: 1,
    size: 0,
    immutable: false,
    open: true,
    sum: null,
    old: null,
  };
}
