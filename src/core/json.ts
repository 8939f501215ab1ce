// Canonical JSON and its SHA-256: the one way in which plans, specs and states become digests.
// Keys are sorted and undefined members left out, so equal values always give equal bytes.
import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Canonical text of any JSON-like value. Throws a TypeError for what JSON cannot hold (functions, NaN, bytes). */
export function canonical(value: unknown): string {
  let text = '';
  write(value, (part) => (text += part));
  return text;
}

function write(value: unknown, emit: (part: string) => void): void {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') emit(JSON.stringify(value));
  else if (typeof value === 'number' && Number.isFinite(value)) emit(JSON.stringify(value));
  else if (Array.isArray(value)) writeArray(value, emit);
  else if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    writeMembers(Object.entries(value), emit);
  } else throw new TypeError(`not JSON: ${typeof value}`);
}

function writeArray(values: readonly unknown[], emit: (part: string) => void): void {
  emit('[');
  for (const [index, value] of values.entries()) {
    if (index > 0) emit(',');
    write(value, emit);
  }
  emit(']');
}

function writeMembers(entries: readonly (readonly [string, unknown])[], emit: (part: string) => void): void {
  const members = entries.filter(([, member]) => member !== undefined);
  emit('{');
  for (const [index, [key, member]] of members.toSorted(([a], [b]) => (a < b ? -1 : 1)).entries()) {
    emit(`${index > 0 ? ',' : ''}${JSON.stringify(key)}:`);
    write(member, emit);
  }
  emit('}');
}

/** Lower-case hexadecimal SHA-256 (64 characters) of bytes or UTF-8 text. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Characters that are gathered before they are hashed. */
const PIECE = 65_536;

/**
 * SHA-256 of the canonical JSON of a value; `undefined` (an absent resource) has a fingerprint of its own. In pieces, so that
 * the text of a plan of a thousand hosts is never in memory as a whole.
 */
export function fingerprint(value: unknown): string {
  if (value === undefined) return 'absent';
  const hash = createHash('sha256');
  let piece = '';
  write(value, (part) => {
    piece += part;
    if (piece.length < PIECE) return;
    hash.update(piece);
    piece = '';
  });
  return hash.update(piece).digest('hex');
}
