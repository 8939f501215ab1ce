// JSON: two spaces, keys in the order given, a newline at the end.
import type { Json } from '../core/json.ts';
import { prove } from './proof.ts';
import type { Formatted } from './proof.ts';

export function formatJson(value: Json): Formatted {
  return prove(`${JSON.stringify(value, null, 2)}\n`, value, JSON.parse);
}
