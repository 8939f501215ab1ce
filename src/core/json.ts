// Canonical JSON and its SHA-256: the one way in which plans, specs and states become digests.
// Keys are sorted and undefined members left out, so equal values always give equal bytes.
import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Canonical text of any JSON-like value. Throws a TypeError for what JSON cannot hold (functions, NaN, bytes). */
export function canonical(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`not JSON: ${typeof value}`);
}

/** Lower-case hexadecimal SHA-256 (64 characters) of bytes or UTF-8 text. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 of the canonical JSON of a value; `undefined` (an absent resource) has a fingerprint of its own. */
export function fingerprint(value: unknown): string {
  return value === undefined ? 'absent' : sha256(canonical(value));
}
