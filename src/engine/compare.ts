// Whether a host is still as the plan saw it. Pure: still `before` is done, already as wanted is skipped, else it moved.
import { fingerprint } from '../core/json.ts';
import type { Change, HostPlan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import type { Observation } from './observe.ts';

export interface Compared {
  /** Changes whose resource is already as wanted: nothing is done, only recorded. */
  readonly done: ReadonlySet<string>;
  /** Why nothing may be written, with what moved; undefined when all is as planned. */
  readonly moved: Reason | undefined;
}

export function compareHost(planned: HostPlan, again: HostPlan, found: Observation): Compared {
  const now = new Map(again.changes.map((change) => [change.ref, change]));
  const blocked = new Map(again.blocked.map((entry) => [entry.ref, entry.reason]));
  const done = new Set<string>();
  const moved: string[] = [];
  for (const change of planned.changes) {
    const have = found.states.get(change.ref);
    const fresh = now.get(change.ref);
    const obstacle = blocked.get(change.ref);
    // Nothing calls for it any more: of a command that was run meanwhile only the record says so.
    if (!fresh && !obstacle) done.add(change.ref);
    else if (fingerprint(have) === change.before) continue;
    else if (obstacle) moved.push(`${change.ref}: ${obstacle.message}`);
    else if (fresh && isDone(fresh, have)) done.add(change.ref);
    else if (fresh) moved.push(`${change.ref}: ${describeMove(change, fresh)}`);
  }
  return { done, moved: moved.length === 0 ? undefined : staleReason(planned.host, moved) };
}

/** Nothing is left to do: as wanted already, or to be removed and gone already. */
function isDone(fresh: Change, have: unknown): boolean {
  return fresh.verb === 'adopt' || (fresh.verb === 'forget' && have === undefined);
}

function staleReason(host: string, moved: readonly string[]): Reason {
  const what = moved.length === 1 ? 'one resource is' : `${moved.length} resources are`;
  return {
    code: 'PLAN_STALE',
    message: `${what} no longer as the plan saw them on ${host}; nothing was written there`,
    evidence: { output: moved.join('\n') },
  };
}

/** The fields whose `before` is another one now; the reasons where no field shows it. */
function describeMove(planned: Change, fresh: Change): string {
  const was = new Map(planned.fields.map((field) => [field.name, field.before]));
  const lines = fresh.fields
    .filter((field) => (was.has(field.name) ? was.get(field.name) !== field.before : true))
    .map((field) => `${field.name} was ${shorten(was.get(field.name))}, is ${shorten(field.before)}`);
  if (lines.length > 0) return lines.join('; ');
  const notes = fresh.notes.filter((note) => !planned.notes.includes(note));
  const now = [fresh.reason, ...notes].join('; ');
  return `planned to ${planned.verb} (${planned.reason}), now it would be ${fresh.verb} (${now})`;
}

function shorten(value: string | null | undefined): string {
  if (value === null) return 'absent';
  if (value === undefined) return 'as declared';
  const flat = JSON.stringify(value);
  return flat.length <= 200 ? flat : `${flat.slice(0, 200)}… (${value.length} characters)`;
}
