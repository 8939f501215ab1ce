// A kind tried on this machine: declare, look, plan, carry out, look again. Worlds are what a plan has made true so far.
import { expect } from 'vitest';
import { formatRef } from '../../src/core/address.ts';
import type { Json } from '../../src/core/json.ts';
import type { AnyKind, Blocked, KindChange, Verb, World } from '../../src/core/kind.ts';
import { createLocalReader, runSteps } from '../support/local-reader.ts';

/** What is planned so far, by `kind/id`; `declared` names what is declared and in sync. */
export function worldOf(verbs: Readonly<Record<string, Verb>> = {}, declared: readonly string[] = []): World {
  return {
    logins: ['deploy'],
    planned: (kind, id) => verbs[formatRef({ kind, id })],
    plannedIds: (kind, wanted) =>
      Object.entries(verbs)
        .filter(([ref, verb]) => ref.startsWith(`${kind}/`) && wanted.includes(verb))
        .map(([ref]) => ref.slice(kind.length + 1)),
    declared: (kind, id) => {
      const ref = formatRef({ kind, id });
      return Object.hasOwn(verbs, ref) || declared.includes(ref);
    },
  };
}

/** The specification as its schema takes it, resolved; fails the test when it is refused. */
export function want(
  kind: AnyKind,
  id: string,
  spec: unknown,
  files: Readonly<Record<string, Uint8Array>> = {},
): unknown {
  expect(kind.id.parse(id)).toBe(id);
  const parsed = kind.spec.parse(spec);
  const resolved = kind.resolve?.(parsed, { read: (path) => files[path] }) ?? { want: parsed };
  if ('unresolved' in resolved) throw new Error(resolved.unresolved.message);
  return resolved.want;
}

interface Asked {
  readonly last?: Json;
  readonly world?: World;
}

/** What is planned for resources of this machine, all read at once. */
export async function planAll(
  kind: AnyKind,
  wanted: ReadonlyMap<string, unknown>,
  { last, world = worldOf() }: Asked = {},
): Promise<(KindChange | Blocked | undefined)[]> {
  const states = await kind.read(createLocalReader(), wanted);
  return [...wanted].map(([id, one]) => kind.change({ id, want: one, have: states.get(id), last, world }));
}

/** What is planned for one resource of this machine. */
export async function plan(kind: AnyKind, id: string, wanted: unknown, asked: Asked = {}) {
  const [change] = await planAll(kind, new Map([[id, wanted]]), asked);
  return change;
}

/** Plans and carries out; afterwards nothing may be left to do. Gives the changes that were made. */
export async function deployAll(
  kind: AnyKind,
  wanted: ReadonlyMap<string, unknown>,
  asked: Asked = {},
): Promise<readonly KindChange[]> {
  const made: KindChange[] = [];
  for (const change of await planAll(kind, wanted, asked)) {
    if (!change || 'blocked' in change) throw new Error(`nothing to carry out: ${JSON.stringify(change)}`);
    await runSteps(change.steps);
    made.push(change);
  }
  const states = await kind.read(createLocalReader(), wanted);
  const left = [...wanted].map(([id, one]) => {
    const last = one === undefined ? undefined : kind.remember?.(one);
    return kind.change({ id, want: one, have: states.get(id), last, world: worldOf() });
  });
  expect(left.filter((change) => change !== undefined)).toEqual([]);
  return made;
}

/** The same for one resource. */
export async function deploy(
  kind: AnyKind,
  id: string,
  wanted: unknown,
  asked: Asked = {},
): Promise<KindChange> {
  const [change] = await deployAll(kind, new Map([[id, wanted]]), asked);
  if (!change) throw new Error('nothing was made');
  return change;
}

/** The verb of a change, the code of what blocks it, or that it is in sync. */
export function verdictOf(change: KindChange | Blocked | undefined): string {
  if (!change) return 'in sync';
  return 'blocked' in change ? change.blocked.code : change.verb;
}
