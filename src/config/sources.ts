// Files below deploy-configs/ that resources take their bytes from. Nothing outside of that directory can be named.
import type { SourceFiles } from '../core/kind.ts';
import { LARGEST } from './document.ts';

export const ROOT = 'deploy-configs/';

export interface Sources extends SourceFiles {
  /** Paths, for "did you mean". */
  readonly paths: readonly string[];
  isTooLarge(path: string): boolean;
}

export function sourcesOf(files: ReadonlyMap<string, Uint8Array>): Sources {
  const bytesAt = (path: string): Uint8Array | undefined => files.get(ROOT + path);
  const isTooLarge = (path: string): boolean => (bytesAt(path)?.length ?? 0) > LARGEST;
  return {
    paths: [...files.keys()].filter((path) => path.startsWith(ROOT)).map((path) => path.slice(ROOT.length)),
    read: (path) => (isTooLarge(path) ? undefined : bytesAt(path)),
    isTooLarge,
  };
}
