// `absent: true` stands alone: what should not be there cannot be told how to be. Pure.
import type { Unresolved } from '../core/kind.ts';

type Resolved<Spec> = { readonly want: Spec } | { readonly unresolved: Unresolved };

/** What is wanted is what is written, unless something stands beside `absent`. */
export function resolveAlone<Spec extends object>(spec: Spec): Resolved<Spec> {
  const stray = Object.keys(spec).find((key) => key !== 'absent');
  if (!('absent' in spec) || stray === undefined) return { want: spec };
  const message = `${stray} says how it should be, and absent that it should not be there`;
  return { unresolved: { path: [stray], message } };
}
