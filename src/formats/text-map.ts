// Values of formats that know text only: what a number or a truth value is written as, and what is no text at all.
import { joinPath } from './proof.ts';

export type Scalar = string | number | boolean;

export function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** The values of one key: one for a scalar, each for a list; undefined when it is neither. */
export function scalarsOf(value: unknown): readonly Scalar[] | undefined {
  if (isScalar(value)) return [value];
  if (!Array.isArray(value) || value.length === 0 || !value.every(isScalar)) return undefined;
  return value;
}

/** Why a value has no place in such a format. */
export function refuseValue(path: readonly string[], value: unknown): { readonly problem: string } {
  const where = path.reduce<string>(joinPath, '');
  return { problem: `${where}: ${nameValue(value)} cannot be written here` };
}

function nameValue(value: unknown): string {
  if (value === null) return 'null (leave the key out instead)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list of other than plain values';
  return 'a map';
}
