// The name under which a file is made before it takes the place of what stands there. Pure.
import { sha256 } from './json.ts';

/** Where new bytes stand before the rename: the same directory, hence the same file system. */
export function freshName(name: string): string {
  const fresh = `.${name}.ashore-new`;
  return Buffer.byteLength(fresh) <= LONGEST_NAME ? fresh : `.${sha256(name)}.ashore-new`;
}

/** Bytes of a file name that Linux allows (limits.h, NAME_MAX). */
const LONGEST_NAME = 255;
