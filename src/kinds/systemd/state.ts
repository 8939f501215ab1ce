// How a unit is wanted and how it was found: what the parts of the kind `service` share.
import { sha256 } from '../../core/json.ts';
import { ASIDE } from '../../core/kind.ts';
import type { Members } from '../../core/kind.ts';
import type { Reason, ReasonCode } from '../../core/reason.ts';
import type { Verdict } from '../files/verdict.ts';
import type { Standing, Unit } from './look.ts';

export interface Declared {
  /** Texts of the unit file and of the drop-in that Ashore writes. */
  readonly unit: string | null;
  readonly dropIn: string | null;
  readonly enabled: boolean | null;
  readonly running: boolean | null;
  readonly restartOn: readonly string[];
  readonly reloadOn: readonly string[];
  readonly settle: number;
  /** The user that the unit runs as, where the unit is given. */
  readonly user: string | null;
}

export type Want = Declared | { readonly absent: true };

/** What the declaration does not touch stands at its resting value, so that it may change as it likes. */
export interface State {
  readonly load: string;
  /** The main name, where the unit was asked for by another one. */
  readonly alias: string | null;
  /** At the paths that Ashore writes: SHA-256 of a file's text, `link` or `other`; null for nothing. */
  readonly file: string | null;
  readonly dropIn: string | null;
  readonly enabled: string;
  readonly run: Unit['run'];
  readonly ends: boolean;
  readonly canReload: boolean;
  readonly needsReload: boolean;
  /** Watched files that changed after the unit came up, or after it was last reloaded. */
  readonly newer: { readonly restart: readonly string[]; readonly reload: readonly string[] };
  readonly [ASIDE]: {
    readonly file: Standing;
    readonly dropIn: Standing;
    readonly fragment: string;
    /** Whether it runs was looked at. */
    readonly runs?: boolean;
    /** When its files, and its state, came to be as they are. */
    readonly changed?: { readonly files: number | null; readonly state: number | null };
    /** What systemd says of a unit file that would be written. */
    readonly verdict?: Verdict | undefined;
  };
}

/** A unit given whole, enabled and running. */
export function wholeUnit(text: string, settle: number): Declared {
  const plain = { dropIn: null, enabled: true, running: true, restartOn: [], reloadOn: [], user: null };
  return { ...plain, unit: text, settle };
}

/** What a resource owns that gives a unit whole. */
export function ownedUnit(unit: string): readonly string[] {
  return [unitPath(unit), unitToken(unit)];
}

/** Whether it starts at boot, and runs. */
export function unitToken(unit: string): string {
  return `unit ${unit}`;
}

/** What the ledger keeps of a unit. */
export function rememberUnit(want: Want): { unit: string | null; dropIn: string | null } {
  if ('absent' in want) return { unit: null, dropIn: null };
  const mark = (text: string | null): string | null => (text === null ? null : sha256(text));
  return { unit: mark(want.unit), dropIn: mark(want.dropIn) };
}

export interface Found {
  readonly name: string;
  readonly want: Want | undefined;
  readonly unit: Unit;
  readonly file: Standing;
  readonly dropIn: Standing;
  readonly times: ReadonlyMap<string, number>;
  readonly verdict?: Verdict | undefined;
}

/** undefined: there is nothing of it. */
export function stateOf({ name, want, unit, file, dropIn, times, verdict }: Found): State | undefined {
  const bare = file.is === 'nothing' && dropIn.is === 'nothing' && !isUp(unit);
  if (unit.load === 'not-found' && bare && !verdict) return undefined;
  const leaving = !want || 'absent' in want;
  if (leaving && unit.load === 'masked' && !isUp(unit)) return undefined;
  const declared = leaving ? undefined : want;
  const starts = declared?.unit ?? declared?.dropIn ?? declared?.restartOn[0] ?? declared?.reloadOn[0];
  const runs = leaving || declared?.running !== null || starts !== undefined;
  // A oneshot that a timer starts is active now and then, and is never restarted.
  const looksAtRun = runs && (leaving || !unit.ends || declared?.running === false);
  return {
    load: unit.load,
    alias: unit.id === name ? null : unit.id,
    file: standingMark(file),
    dropIn: standingMark(dropIn),
    enabled: leaving || declared?.enabled !== null ? unit.enabled : '',
    run: looksAtRun ? unit.run : 'down',
    ends: declared?.running === true && unit.ends,
    canReload: declared !== undefined && declared.reloadOn.length > 0 && unit.canReload,
    needsReload: !leaving && unit.needsReload,
    newer:
      declared && declared.running !== false && runs
        ? newerOf(name, declared, unit, times)
        : { restart: [], reload: [] },
    [ASIDE]: {
      file,
      dropIn,
      fragment: unit.fragment,
      runs: looksAtRun,
      changed: { files: newestOf(name, times), state: unit.stateSince },
      ...(verdict ? { verdict } : {}),
    },
  };
}

/** Of the files that Ashore writes. */
function newestOf(name: string, times: ReadonlyMap<string, number>): number | null {
  const own = [unitPath(name), dropInPath(name)].flatMap((path) => times.get(path) ?? []);
  return own.length === 0 ? null : Math.max(...own);
}

/** What of a unit is the same whatever is wanted of it. Whether it starts at boot and runs is left out where nothing is said of that. */
export function apartUnit(have: State | null | undefined): Members {
  if (!have) return { file: null, dropIn: null };
  const { file, dropIn, enabled, run } = have;
  const runs = have[ASIDE].runs ?? false;
  return { file, dropIn, enabled: enabled || undefined, run: runs ? run : undefined };
}

function isUp({ run }: Unit): boolean {
  return run === 'up' || run === 'looping';
}

function standingMark(standing: Standing): string | null {
  if (standing.is === 'nothing') return null;
  return standing.is === 'file' ? sha256(standing.text) : standing.is;
}

/**
 * Kernel times are up to 4 ms behind the clock, so what is written and then started never looks newer. A time that is still to come
 * is from before the clock was set back, and says nothing of before and after.
 */
function newerOf(
  name: string,
  want: Declared,
  unit: Unit,
  times: ReadonlyMap<string, number>,
): State['newer'] {
  const { upSince, changedAt, reloadFailed, now } = unit;
  if (upSince === null || unit.ends) return { restart: [], reload: [] };
  const own = [...times.keys()].filter(
    (path) =>
      path === unitPath(name) || (path.startsWith(`${dropInDirectory(name)}/`) && path.endsWith('.conf')),
  );
  const after = (paths: readonly string[], since: number): string[] =>
    [...new Set(paths)].filter((path) => {
      const time = times.get(path) ?? 0;
      return time > since && time < now + MINUTE;
    });
  return {
    restart: after([...own, ...want.restartOn], upSince),
    // A reload that failed changes the time of the state as well, and has loaded nothing.
    reload: after(want.reloadOn, reloadFailed ? upSince : Math.max(upSince, changedAt ?? 0)),
  };
}

/** Clocks are put right by less than that all the time. */
const MINUTE = 60_000_000;

/** systemd knows such a unit; one whose file is gone may still run. */
export function isThere(have: State | undefined): have is State {
  return have !== undefined && have.load !== 'not-found';
}

export function reason(code: ReasonCode, message: string): Reason {
  return { code, message };
}

const DIRECTORY = '/etc/systemd/system';

export function unitPath(unit: string): string {
  return `${DIRECTORY}/${unit}`;
}

export function dropInDirectory(unit: string): string {
  return `${DIRECTORY}/${unit}.d`;
}

export function dropInPath(unit: string): string {
  return `${dropInDirectory(unit)}/ashore.conf`;
}

/** Those among the paths that define a unit: its file, that of its template, drop-ins, a quadlet (podman-systemd.unit(5)). */
export function unitFilesOf(unit: string, paths: readonly string[]): readonly string[] {
  const names = [unit, unit.replace(/@.*(\.[a-z]+)$/, '@$1')];
  const bare = unit.replace(/\.[a-z]+$/, '');
  return paths.filter((path) => {
    const [, rest] = /^\/(?:etc|run|lib|usr\/lib|usr\/local\/lib)\/systemd\/system\/(.+)$/.exec(path) ?? [];
    if (rest !== undefined) return names.some((name) => rest === name || rest.startsWith(`${name}.d/`));
    return path.startsWith(`/etc/containers/systemd/${bare}.`);
  });
}
