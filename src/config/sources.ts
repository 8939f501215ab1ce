// Files below deploy-configs/ that resources take their bytes from. Nothing outside of that directory can be named.
import type { SourceFiles } from '../core/kind.ts';
import { LARGEST } from './bounds.ts';
import type { Budget } from './bounds.ts';

export const ROOT = 'deploy-configs/';

export interface Sources extends SourceFiles {
  /** Paths, for "did you mean". */
  readonly paths: readonly string[];
  isTooLarge(path: string): boolean;
}

export function sourcesOf(files: ReadonlyMap<string, Uint8Array>, budget: Budget): Sources {
  const bytesAt = (path: string): Uint8Array | undefined => files.get(ROOT + path);
  const isTooLarge = (path: string): boolean => (bytesAt(path)?.length ?? 0) > LARGEST;
  return {
    paths: [...files.keys()].filter((path) => path.startsWith(ROOT)).map((path) => path.slice(ROOT.length)),
    read: (path) => {
      const bytes = bytesAt(path);
      return !isTooLarge(path) && budget.spend(bytes?.length ?? 0) ? bytes : undefined;
    },
    isTooLarge,
  };
}
