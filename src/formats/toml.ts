// TOML 1.0. It has no null; a whole number is written as an integer, because YAML and JSON know no other.
import { parse, stringify } from 'smol-toml';
import type { Json } from '../core/json.ts';
import { isRecord, joinPath, prove } from './proof.ts';
import type { Formatted } from './proof.ts';

export function formatToml(value: Json): Formatted {
  if (!isRecord(value)) return { problem: 'TOML is a map at its top' };
  const nowhere = findNull(value, '');
  if (nowhere !== undefined) return { problem: `${nowhere}: TOML has no null; leave the key out instead` };
  const text = writeToml(value);
  return typeof text === 'string' ? prove(text, value, parse) : text;
}

function writeToml(value: Readonly<Record<string, unknown>>): Formatted {
  try {
    return stringify(value);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function findNull(value: unknown, path: string): string | undefined {
  if (value === null) return path;
  const members = Array.isArray(value) ? [...value.entries()] : isRecord(value) ? Object.entries(value) : [];
  for (const [key, member] of members) {
    const found = findNull(member, joinPath(path, key));
    if (found !== undefined) return found;
  }
  return undefined;
}
