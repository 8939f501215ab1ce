// How paths, owners and modes are written in a declaration. Pure.
import { z } from 'zod';
import type { Ref } from '../../core/address.ts';

const encoder = new TextEncoder();

/** The longest name that leaves room for the temporary name beside it (NAME_MAX is 255 bytes). */
const NAME_MAX = 240;
/** PATH_MAX without its NUL, less the same room. */
const PATH_MAX = 4080;

/** The id of what lies at a path: any name that the kernel takes, in one spelling only. */
export const Path = z
  .string()
  .regex(
    /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+$/,
    'an absolute path without //, . or .. and without a slash at its end',
  )
  .refine((path) => path.isWellFormed(), 'a path that can be written in UTF-8')
  .refine((path) => byteLength(path) <= PATH_MAX, `a path of at most ${PATH_MAX} bytes`)
  .refine(
    (path) => path.split('/').every((name) => byteLength(name) <= NAME_MAX),
    `names of at most ${NAME_MAX} bytes`,
  )
  .describe('Absolute path, such as `/etc/motd`: no `//`, `.`, `..` nor a slash at its end');

const account = /^(?:[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?|[0-9]{1,10})$/;

export const Account = z
  .string({ error: 'the name in quotes' })
  .regex(account, 'a name, or a number in quotes');

export const Mode = z
  .string({ error: 'an octal mode in quotes, such as "0640"' })
  .regex(/^[0-7]{3,4}$/, 'an octal mode of three or four digits, such as "0640"');

/** `absent: true`; there is no false. */
export const Absent = z.literal(true);

/** Who owns a path, and its mode; null is left as it is. */
export interface Owned {
  readonly owner: string | null;
  readonly group: string | null;
  readonly mode: string;
}

interface WrittenOwned {
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly mode?: string | undefined;
}

export function ownedOf({ owner, group, mode }: WrittenOwned, defaultMode: string): Owned {
  return { owner: owner ?? null, group: group ?? null, mode: (mode ?? defaultMode).padStart(4, '0') };
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** What may bring what is at a path, where it is declared: a link of a release is brought by it, with all that is behind the link. */
export function bringersOf(path: string): readonly Ref[] {
  const links = [...path.matchAll(/\/current(?=\/|$)/g)].filter(({ index }) => index > 0);
  return [
    ...['file', 'symlink', 'directory'].map((kind) => ({ kind, id: path })),
    ...links.map(({ index }) => ({ kind: 'release', id: path.slice(0, index) })),
  ];
}

/** A path as a person reads it on one line, whatever is in it. */
export function showPath(path: string): string {
  return /^[\x21-\x7e\u00a1-\uffff]+$/.test(path) ? path : JSON.stringify(path);
}

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
