// Proof that a text says what was given: it is read back from its bytes and compared, value by value.
// What would not come back as it went in is a problem in words, never silently altered. Pure.
import type { Json } from '../core/json.ts';

/** A text, or why the value cannot be written in this format. */
export type Formatted = string | { readonly problem: string };

/** The text, when reading it back gives exactly `want`. */
export function prove(text: string, want: Json, parse: (text: string) => unknown): Formatted {
  const found = readBack(text, parse);
  if ('problem' in found) return found;
  const problem = findDifference(want, found.value, '');
  return problem === undefined ? text : { problem };
}

/** A key below a path of keys, as a person would write it. */
export function joinPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  // smol-toml and ini make objects without a prototype; a Date or a Map is no record.
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** By way of UTF-8, as a host would read it: what is not Unicode does not come back. */
function readBack(
  text: string,
  parse: (text: string) => unknown,
): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parse(new TextDecoder().decode(new TextEncoder().encode(text))) };
  } catch (error) {
    return {
      problem: `it could not be read back: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function findDifference(want: unknown, got: unknown, path: string): string | undefined {
  if (Array.isArray(want) && Array.isArray(got) && want.length === got.length) {
    return firstOf(want.keys(), (index) => findDifference(want[index], got[index], joinPath(path, index)));
  }
  if (isRecord(want) && isRecord(got)) {
    const keys = new Set([...Object.keys(want), ...Object.keys(got)]);
    return firstOf(keys, (key) => findDifference(own(want, key), own(got, key), joinPath(path, key)));
  }
  if (want === got) return undefined;
  return `${path === '' ? 'the value' : path}: ${describe(want)} would be read back as ${describe(got)}`;
}

function firstOf<Key>(keys: Iterable<Key>, find: (key: Key) => string | undefined): string | undefined {
  for (const key of keys) {
    const found = find(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Not what the prototype holds: `__proto__` and `constructor` are keys like any other. */
function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (isRecord(value)) return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
