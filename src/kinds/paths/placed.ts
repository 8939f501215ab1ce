// Where a path really is, beyond the symbolic links on its way. That is state: an account that may swap a directory for a link must
// not lead a deploy elsewhere, so the plan names the place and the run writes there or nowhere. Pure.
import type { Blocked, KindChange, World } from '../../core/kind.ts';
import type { Step } from '../../core/step.ts';
import type { Around } from './around.ts';

/** The part of a State: where the directory really is, when that is not how the path is spelled. */
export function leadsTo({ directory, real }: Around): { readonly leads?: string } {
  return real === '' || real === directory ? {} : { leads: real };
}

/** The same change with each step at the place that the look saw; a link that the same plan makes may lead anywhere. */
export function placeChange<Decided extends KindChange | Blocked | undefined>(
  decided: Decided,
  around: Around,
  world: World,
): Decided | KindChange {
  if (!decided || 'blocked' in decided) return decided;
  return { ...decided, steps: placeSteps(decided.steps, around, world) };
}

export function placeSteps(
  steps: readonly Step[],
  { directory, real }: Around,
  world: World,
): readonly Step[] {
  const links = world.plannedIds('symlink', ['create', 'update', 'replace']);
  const unknown = links.some((link) => directory === link || directory?.startsWith(`${link}/`));
  if (!unknown && (real === '' || real === directory)) return steps;
  const at = unknown ? null : real;
  return steps.map((step) => ('path' in step ? { ...step, at } : step));
}
