// Files below deploy-configs/ that resources take their bytes from. Nothing outside of that directory can be named.
import type { SourceFiles } from '../core/kind.ts';
import type { SecretSources } from '../core/secret.ts';
import { LARGEST } from './bounds.ts';
import type { Budget } from './bounds.ts';

export const ROOT = 'deploy-configs/';

export interface Sources extends SourceFiles {
  readonly secrets: SecretSources;
  /** Names of the secrets that were asked for so far. */
  readonly used: ReadonlySet<string>;
  /** Paths, for "did you mean". */
  readonly paths: readonly string[];
  isTooLarge(path: string): boolean;
}

/** Where nobody may open a secret, whether it is there is not known either: the server may have it. */
const CLOSED: SecretSources = {
  find: () => 'unchecked',
  compose: () => {
    throw new TypeError('nothing can be put together from secrets that are closed');
  },
};

export function sourcesOf(
  files: ReadonlyMap<string, Uint8Array>,
  budget: Budget,
  secrets: SecretSources = CLOSED,
): Sources {
  const used = new Set<string>();
  const bytesAt = (path: string): Uint8Array | undefined => files.get(ROOT + path);
  const isTooLarge = (path: string): boolean => (bytesAt(path)?.length ?? 0) > LARGEST;
  return {
    paths: [...files.keys()].filter((path) => path.startsWith(ROOT)).map((path) => path.slice(ROOT.length)),
    read: (path) => {
      const bytes = bytesAt(path);
      return !isTooLarge(path) && budget.spend(bytes?.length ?? 0) ? bytes : undefined;
    },
    isTooLarge,
    used,
    secrets: {
      find: (name) => {
        used.add(name);
        return secrets.find(name);
      },
      compose: (names, composed) => secrets.compose(names, composed),
    },
  };
}
