// Changes of several units or files that are one resource: one change, its fields told apart by their names. Pure.
import type { Blocked, KindChange, Members, Verb } from '../core/kind.ts';

export interface Part {
  readonly name: string;
  readonly change: KindChange | Blocked | undefined;
}

/** What several units or files, which are one resource, have apart from what is wanted. */
export function joinMembers(parts: Readonly<Record<string, Members>>): Members {
  const named = Object.entries(parts).flatMap(([part, members]) =>
    Object.entries(members).map(([name, value]) => [`${part} ${name}`, value] as const),
  );
  return Object.fromEntries(named);
}

/** In the order of the steps. */
export function joinParts(parts: readonly Part[]): KindChange | Blocked | undefined {
  const changes: KindChange[] = [];
  for (const { name, change } of parts) {
    if (change && 'blocked' in change) return change;
    if (!change) continue;
    const fields = change.fields.map((field) => ({ ...field, name: `${name} ${field.name}` }));
    changes.push({ ...change, fields, reason: `${name}: ${change.reason}` });
  }
  const [first, ...others] = changes;
  if (!first) return undefined;
  const kept = changes.every(({ data }) => data === 'kept');
  return {
    verb: others.length === 0 && parts.length === 1 ? first.verb : joinVerbs(changes.map(({ verb }) => verb)),
    reason: changes.map(({ reason }) => reason).join('; '),
    fields: changes.flatMap(({ fields }) => fields),
    steps: changes.flatMap(({ steps }) => steps),
    interrupts: changes.flatMap(({ interrupts }) => interrupts ?? []),
    notes: changes.flatMap(({ notes }) => notes ?? []),
    ...newestOf(changes),
    ...(kept ? { data: 'kept' as const } : {}),
  };
}

function newestOf(changes: readonly KindChange[]): Pick<KindChange, 'sighted'> {
  const sighted = changes.flatMap((change) => change.sighted ?? []);
  const newest = sighted.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
  return newest ? { sighted: newest } : {};
}

/** What is made in part is made; what goes in part has gone; anything else changes what is there. */
function joinVerbs(verbs: readonly Verb[]): Verb {
  for (const verb of ['create', 'delete'] as const) if (verbs.includes(verb)) return verb;
  return verbs.every((verb) => verb === 'forget') ? 'forget' : 'update';
}
