// A change of a file together with what has to follow it: a live value, a service, a list that is read. Pure.
import type { Blocked, Field, Interruption, KindChange, Verb } from '../../core/kind.ts';
import type { Step } from '../../core/step.ts';

/** What is due besides the file, or because of it. */
export interface Following {
  readonly steps: readonly Step[];
  readonly fields?: readonly Field[];
  readonly because?: readonly string[];
  readonly interrupts?: readonly Interruption[];
  readonly notes?: readonly string[];
  /** Where only this is due; `update` when left out. */
  readonly verb?: Verb;
}

/** `first` stands before the file's own steps. Undefined where nothing at all is due. */
export function followFile(
  changed: KindChange | Blocked | undefined,
  following: Following | undefined,
  first: readonly Step[] = [],
): KindChange | Blocked | undefined {
  if (changed && 'blocked' in changed) return changed;
  if (!following) return changed && { ...changed, steps: [...first, ...changed.steps] };
  const { steps, fields = [], because = [], interrupts = [], notes = [], verb = 'update' } = following;
  const reasons = [...(changed ? [changed.reason] : []), ...because];
  return {
    ...changed,
    verb: changed?.verb ?? verb,
    reason: reasons.join('; '),
    fields: [...(changed?.fields ?? []), ...fields],
    steps: [...(changed ? first : []), ...(changed?.steps ?? []), ...steps],
    interrupts: [...(changed?.interrupts ?? []), ...interrupts],
    notes: [...(changed?.notes ?? []), ...notes],
  };
}

/** Adds lines for the reader of a plan. */
export function noteOn(
  changed: KindChange | Blocked | undefined,
  notes: readonly string[],
): KindChange | Blocked | undefined {
  if (!changed || 'blocked' in changed || notes.length === 0) return changed;
  return { ...changed, notes: [...(changed.notes ?? []), ...notes] };
}
