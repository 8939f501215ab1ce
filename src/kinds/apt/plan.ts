// What is planned where apt said what it would do: the change of a package, or of several that are installed in one call. Pure.
import { ASIDE } from '../../core/kind.ts';
import type { Interruption, KindChange, Sighting } from '../../core/kind.ts';
import { formatExact, formatMark, formatNotes } from './format.ts';
import type { Along, Transaction } from './transaction.ts';

interface Seen {
  readonly sighted?: Sighting;
}

export type Due = {
  readonly is: 'due';
  readonly installed: string | null;
  readonly [ASIDE]: Pick<Transaction, 'units'> & Seen;
} & Pick<Transaction, 'lines' | 'automatic' | 'together'>;

/** It is installed by the change of a package above, in the same call of apt. */
export type Comes = {
  readonly is: 'comes';
  readonly installed: string | null;
  readonly [ASIDE]?: Seen;
} & Along;

export function planInstall(id: string, version: string | undefined, have: Due | Comes): KindChange {
  const { installed } = have;
  const verb = installed === null ? 'create' : 'update';
  const wanted =
    installed === null ? 'not installed' : `version ${installed} is installed, ${version} is wanted`;
  const above = 'a package planned above brings it along';
  if (have.is === 'comes') {
    const how = have.to === null ? above : `it comes with ${have.by}, by the same call of apt`;
    const fields = have.to === null ? [] : [{ name: 'version', before: installed, after: have.to }];
    return { verb, reason: `${wanted}; ${how}`, fields, steps: [], ...sightedOf(have) };
  }
  const { lines, automatic, together = [id] } = have;
  const own = lines.find(({ name }) => name === id);
  const replaced = version !== undefined && lines.some(({ from, to }) => from !== null && to !== null);
  const brought = together.filter((one) => !lines.some(({ name }) => name === one));
  return {
    verb,
    reason: own ? wanted : `${wanted}; ${above}`,
    fields: own ? [{ name: 'version', before: installed, after: own.to }] : [],
    steps: [
      ...(lines.length > 0 ? [formatExact(lines, replaced)] : []),
      ...formatMark('manual', brought),
      ...formatMark('auto', automatic),
    ],
    interrupts: interruptsOf(have),
    notes: [...noteTogether(together), ...formatNotes(together, lines)],
    ...sightedOf(have),
  };
}

function noteTogether(together: readonly string[]): readonly string[] {
  return together.length > 1 ? [`one call of apt for ${together.length}: ${together.join(', ')}`] : [];
}

export function planRemoval(id: string, have: Due): KindChange {
  const along = 'it goes along with a package that is removed above';
  return {
    verb: 'delete',
    reason: have.lines.length > 0 ? 'declared absent' : `declared absent; ${along}`,
    fields: [{ name: 'version', before: have.installed, after: null }],
    steps: have.lines.length > 0 ? [formatExact(have.lines, false)] : [],
    data: 'kept',
    interrupts: interruptsOf(have),
    notes: [...formatNotes([id], have.lines), 'its configuration files and data stay'],
    ...sightedOf(have),
  };
}

function sightedOf({ [ASIDE]: { sighted } = {} }: Due | Comes): Pick<KindChange, 'sighted'> {
  return sighted ? { sighted } : {};
}

function interruptsOf({ [ASIDE]: { units } }: Due): readonly Interruption[] {
  return units.map(({ unit, how }) => ({ what: unit, how }));
}
