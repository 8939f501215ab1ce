// How much a change may hurt, and what a set of changes comes to. Markers always stand beside their word.
import { CAUSES } from '../core/plan.ts';
import type { Cause, Change } from '../core/plan.ts';
import type { Verb } from '../core/kind.ts';

export const RISKS = ['low', 'medium', 'high'] as const;
export type Risk = (typeof RISKS)[number];

const MARKS = { low: '⬜', medium: '🟨', high: '🟥' } as const satisfies Record<Risk, string>;

export function markOf(risk: Risk): string {
  return MARKS[risk];
}

/** high: something goes away · medium: somebody may notice, or a command of one's own runs · low: the rest. */
export function riskOf(change: Change): Risk {
  if (change.data === 'lost' || change.verb === 'delete' || change.verb === 'replace') return 'high';
  const noticed = change.interrupts.length > 0 || ['restart', 'reload', 'run'].includes(change.verb);
  return noticed ? 'medium' : 'low';
}

export function rankOf(risk: Risk): number {
  return RISKS.indexOf(risk);
}

/** The highest of them; low where there is none. */
export function riskOfAll(changes: readonly Change[]): Risk {
  const risks = new Set(changes.map(riskOf));
  return RISKS.findLast((risk) => risks.has(risk)) ?? 'low';
}

export interface Tally {
  readonly create: number;
  readonly change: number;
  readonly delete: number;
  /** Written into the ledger only: adopt and forget. */
  readonly recorded: number;
  /** `shop.service restart`, each once. */
  readonly interrupts: readonly string[];
  readonly causes: ReadonlyMap<Cause, number>;
  /** Refs whose data is lost; the lists below leave these out. */
  readonly lost: readonly string[];
  readonly gone: readonly string[];
  readonly replaced: readonly string[];
  readonly ran: readonly string[];
}

export function tallyChanges(changes: readonly Change[]): Tally {
  const column = (name: Column): number => changes.filter((change) => COLUMNS[change.verb] === name).length;
  const refs = (verb: Verb): readonly string[] => [
    ...new Set(
      changes.flatMap((change) => (change.verb === verb && change.data !== 'lost' ? [change.ref] : [])),
    ),
  ];
  return {
    create: column('create'),
    change: column('change'),
    delete: column('delete'),
    recorded: column('recorded'),
    interrupts: [...new Set(changes.flatMap(interruptionsOf))],
    causes: countCauses(changes),
    lost: [...new Set(changes.flatMap((change) => (change.data === 'lost' ? [change.ref] : [])))],
    gone: refs('delete'),
    replaced: refs('replace'),
    ran: refs('run'),
  };
}

/** What a change interrupts; a restart or reload whose kind names nothing interrupts the resource itself. */
export function interruptionsOf(change: Change): readonly string[] {
  if (change.interrupts.length > 0) return change.interrupts.map(({ what, how }) => `${what} ${how}`);
  return change.verb === 'restart' || change.verb === 'reload' ? [`${change.ref} ${change.verb}`] : [];
}

type Column = 'create' | 'change' | 'delete' | 'recorded';

const COLUMNS = {
  create: 'create',
  update: 'change',
  reload: 'change',
  restart: 'change',
  replace: 'change',
  run: 'change',
  delete: 'delete',
  adopt: 'recorded',
  forget: 'recorded',
} as const satisfies Record<Verb, Column>;

function countCauses(changes: readonly Change[]): ReadonlyMap<Cause, number> {
  const counts = CAUSES.map((cause): [Cause, number] => [
    cause,
    changes.filter((change) => change.causes.includes(cause)).length,
  ]);
  return new Map(counts.filter(([, n]) => n > 0));
}
