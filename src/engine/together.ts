// Which changes of a host bring up units directly after one another: they are begun in their order and watched together. Pure.
import type { AnyKind } from '../core/kind.ts';
import type { Change } from '../core/plan.ts';
import type { Resource } from '../core/resource.ts';
import { needRefs } from './order.ts';

/**
 * Each such change but the first of a group says so. Only within a stack; what needs another one waits until that one has held,
 * and so does what watches the same unit, and what is guarded.
 */
export function watchTogether(
  changes: readonly Change[],
  resources: readonly Resource[],
  kinds: readonly AnyKind[],
): readonly Change[] {
  if (changes.filter(isWatched).length < 2) return changes;
  const needs = needRefs(resources, kinds);
  let group: Change[] = [];
  return changes.map((change) => {
    const before = group.at(-1);
    const joins = before !== undefined && belongs(change, group, needs.get(change.ref) ?? []);
    group = joins ? [...group, change] : isWatched(change) ? [change] : [];
    if (!joins) return change;
    const note = `begun right after ${before.ref}; their units are watched together`;
    return { ...change, together: true, notes: [...change.notes, note] };
  });
}

/** Its last step is to see whether a unit stays up. */
function isWatched({ steps, guard }: Change): boolean {
  return guard === undefined && steps.at(-1)?.do === 'settle';
}

function belongs(change: Change, group: readonly Change[], needs: readonly string[]): boolean {
  if (!isWatched(change) || group.some(({ ref }) => needs.includes(ref))) return false;
  const units = new Set(group.map(unitOf));
  return change.stack === group[0]?.stack && !units.has(unitOf(change));
}

function unitOf({ steps }: Change): string | undefined {
  const last = steps.at(-1);
  return last?.do === 'settle' ? last.unit : undefined;
}
