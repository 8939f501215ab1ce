// The states of units, by their whole names: one turn for systemd, the files that Ashore writes, and the times of what is watched.
import type { Reader } from '../../core/host.ts';
import { readVerdicts } from '../files/verdict.ts';
import { readChangeTimes, readStandings, readUnits } from './look.ts';
import type { Standing } from './look.ts';
import { dropInDirectory, dropInPath, stateOf, unitPath } from './state.ts';
import type { State, Want } from './state.ts';

/** Left out: there is nothing of it. */
export async function readUnitStates(
  host: Reader,
  wanted: ReadonlyMap<string, Want | undefined>,
): Promise<ReadonlyMap<string, State>> {
  const names = [...wanted.keys()];
  const own = names.flatMap((unit) => [unitPath(unit), dropInPath(unit)]);
  const [units, standings, times] = await Promise.all([
    readUnits(host, names),
    readStandings(host, own),
    readChangeTimes(host, watchedPaths(wanted)),
  ]);
  const verdicts = await readVerdicts(host, dueTexts(wanted, standings));
  const states = [...wanted].map(([name, want]) => {
    const unit = units.get(name);
    const file = standings.get(unitPath(name)) ?? { is: 'nothing' };
    const verdict = verdicts.get(unitPath(name));
    const dropIn = standings.get(dropInPath(name)) ?? { is: 'nothing' };
    return [name, unit && stateOf({ name, want, unit, file, dropIn, times, verdict })] as const;
  });
  return new Map(states.flatMap(([name, state]) => (state ? [[name, state] as const] : [])));
}

/** Unit files that would be written. */
function dueTexts(
  wanted: ReadonlyMap<string, Want | undefined>,
  standings: ReadonlyMap<string, Standing>,
): ReadonlyMap<string, Uint8Array> {
  const due = [...wanted].flatMap(([name, want]) => {
    const text = want && 'unit' in want ? want.unit : null;
    const standing = standings.get(unitPath(name));
    if (text === null || (standing?.is === 'file' && standing.text === text)) return [];
    return [[unitPath(name), new TextEncoder().encode(text)] as const];
  });
  return new Map(due);
}

/** The files of the unit that the administrator has in /etc count as watched; those of packages are left to their packages. */
function watchedPaths(wanted: ReadonlyMap<string, Want | undefined>): readonly string[] {
  const paths = [...wanted].flatMap(([name, want]) => {
    if (!want || 'absent' in want) return [];
    return [unitPath(name), dropInDirectory(name), ...want.restartOn, ...want.reloadOn];
  });
  return [...new Set(paths)];
}
