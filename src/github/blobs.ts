// What was read from git on GitHub, kept in memory by its name, which is a hash of it. The oldest go first.

const MAX_KEPT = 64 * 1024 * 1024;
const MOST_TREES = 200;

export interface Entry {
  readonly path?: string;
  readonly mode?: string;
  readonly size?: number;
}

export interface Tree {
  readonly tree: readonly (Entry & { readonly type: string; readonly sha: string })[];
  readonly truncated: boolean;
}

/** Blobs by their name, which is a hash of their bytes: whoever knows the name has the same bytes. Oldest go first; so do trees. */
export interface Blobs {
  readonly get: (sha: string) => Uint8Array | undefined;
  readonly put: (sha: string, bytes: Uint8Array) => void;
  /** Reads it only when it is not known and nobody is just reading it. */
  readonly tree: (name: string, read: () => Promise<Tree>) => Promise<Tree>;
}

export function createBlobs(): Blobs {
  const kept = new Map<string, Uint8Array>();
  const trees = new Map<string, Promise<Tree>>();
  let size = 0;
  return {
    tree: (name, read) => {
      const known = trees.get(name) ?? read();
      trees.set(name, known);
      const [oldest] = trees.keys();
      if (trees.size > MOST_TREES && oldest !== undefined) trees.delete(oldest);
      // What failed may be there the next time.
      known.catch(() => trees.delete(name));
      return known;
    },
    get: (sha) => kept.get(sha),
    put: (sha, bytes) => {
      if (kept.has(sha)) return;
      kept.set(sha, bytes);
      size += bytes.length;
      for (const [oldest, old] of kept) {
        if (size <= MAX_KEPT) return;
        kept.delete(oldest);
        size -= old.length;
      }
    },
  };
}
