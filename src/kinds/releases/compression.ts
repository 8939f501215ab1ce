// How an archive is compressed, by its name, and the program that undoes it. Pure.

export interface Compression {
  /** Option of tar(1). */
  readonly flag: string;
  readonly program: string;
  /** The package that has it in Debian. */
  readonly from: string;
}

const COMPRESSIONS: readonly (readonly [RegExp, Compression])[] = [
  [/\.(?:tar\.gz|tgz)$/, { flag: '--gzip', program: 'gzip', from: 'gzip' }],
  [/\.(?:tar\.xz|txz)$/, { flag: '--xz', program: 'xz', from: 'xz-utils' }],
  [/\.(?:tar\.zst|tzst)$/, { flag: '--zstd', program: 'zstd', from: 'zstd' }],
  [/\.(?:tar\.bz2|tbz2?)$/, { flag: '--bzip2', program: 'bzip2', from: 'bzip2' }],
];

/** Null where it is not compressed. What follows `?` or `#` in an address is no part of the name. */
export function compressionOf(name: string): Compression | null {
  const bare = name.replace(/[?#].*$/, '').toLowerCase();
  return COMPRESSIONS.find(([ending]) => ending.test(bare))?.[1] ?? null;
}
