// Owner, group and mode of a path: where they differ, and the step that sets them. Pure.
import type { Field } from '../../core/kind.ts';
import type { Step } from '../../core/step.ts';
import type { Found } from './found.ts';
import type { Owned } from './path.ts';

/** The fields of what is wanted; `have` undefined: it is made. Only what differs. */
export function ownedFields(want: Owned, have: Found | undefined): readonly Field[] {
  const fields: Field[] = [];
  if (want.owner !== null && !isAccount(want.owner, have?.owner, have?.uid)) {
    fields.push({ name: 'owner', before: have?.owner ?? null, after: want.owner });
  }
  if (want.group !== null && !isAccount(want.group, have?.group, have?.gid)) {
    fields.push({ name: 'group', before: have?.group ?? null, after: want.group });
  }
  if (want.mode !== have?.mode) fields.push({ name: 'mode', before: have?.mode ?? null, after: want.mode });
  return fields;
}

/** Sets the fields that differ. The mode is set again after a change of owner, which clears its upper bits (chown(2)). */
export function ownStep(path: string, want: Owned, fields: readonly Field[]): Step {
  const differs = (name: string): boolean => fields.some((field) => field.name === name);
  return {
    do: 'own',
    path,
    owner: differs('owner') ? want.owner : null,
    group: differs('group') ? want.group : null,
    mode: want.mode,
  };
}

/** Why a change is needed, in words: `mode is 0600, wanted 0640`. */
export function explainFields(fields: readonly Field[]): string {
  return fields.map(({ name, before, after }) => `${name} is ${before}, wanted ${after}`).join('; ');
}

function isAccount(want: string, name: string | undefined, number: string | undefined): boolean {
  return want === name || want === number;
}
