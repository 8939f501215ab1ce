// The parts of a change of a unit, each with its steps, what it shows, and its cause: files, boot, and running. Pure.
import { ASIDE } from '../../core/kind.ts';
import type { Field, Interruption, Verb, World } from '../../core/kind.ts';
import type { Step } from '../../core/step.ts';
import type { Standing, Unit } from './look.ts';
import { dropInDirectory, dropInPath, isThere, unitFilesOf, unitPath } from './state.ts';
import type { Declared, State } from './state.ts';

/** Empty where nothing is due. */
export interface Part {
  readonly steps: readonly Step[];
  readonly fields: readonly Field[];
  readonly because: readonly string[];
}

const NOTHING: Part = { steps: [], fields: [], because: [] };

/** The unit file and the drop-in, as far as they differ. */
export function planFiles(unit: string, want: Declared, have: State | undefined): Part {
  const standing = have?.[ASIDE];
  const directory: Step = {
    do: 'mkdir',
    path: dropInDirectory(unit),
    owner: null,
    group: null,
    mode: '0755',
  };
  const whole = planText('unit', want.unit, standing?.file, (text) => [put(unitPath(unit), text)]);
  const part = planText('drop_in', want.dropIn, standing?.dropIn, (text) => [
    directory,
    put(dropInPath(unit), text),
  ]);
  return {
    steps: [...whole.steps, ...part.steps],
    fields: [...whole.fields, ...part.fields],
    because: [...whole.because, ...part.because],
  };
}

function planText(
  name: string,
  after: string | null,
  standing: Standing | undefined,
  stepsOf: (text: string) => readonly Step[],
): Part {
  const before = standing?.is === 'file' ? standing.text : null;
  if (after === null || before === after) return NOTHING;
  const words = name === 'unit' ? 'unit file' : 'drop-in';
  const because = before === null ? `its ${words} is not there` : `its ${words} differs`;
  return { steps: stepsOf(after), fields: [{ name, before, after, as: 'text' }], because: [because] };
}

function put(path: string, text: string): Step {
  return { do: 'put', path, owner: null, group: null, mode: '0644', content: { text } };
}

/** Paths that the plan so far changes. */
function changedPaths(world: World): readonly string[] {
  const kinds = ['file', 'symlink', 'directory'];
  return [...kinds.flatMap((kind) => world.plannedIds(kind, CHANGING)), ...changedLinks(world)];
}

const CHANGING = ['create', 'update', 'replace', 'delete'] as const;

/** Of releases; what is behind one changes with it. */
function changedLinks(world: World): readonly string[] {
  return world.plannedIds('release', CHANGING).map((id) => `${id}/current`);
}

/** Files of the unit that other resources of this plan change. */
export function foreignFiles(unit: string, world: World): readonly string[] {
  return unitFilesOf(unit, changedPaths(world));
}

/**
 * systemd reads its files anew only when it is told to. To enable or disable a unit ends with a reload (systemctl(1), enable), so
 * where `boot` does that no other is needed; but for a script of init.d, which a package of this plan may bring, it does not.
 */
export function planDaemon(
  unit: string,
  want: Declared,
  have: State | undefined,
  { own, boot, foreign }: { readonly own: Part; readonly boot: Part; readonly foreign: readonly string[] },
): Part {
  const because = [
    ...foreign.map((path) => `${path} changes in this plan`),
    ...(have?.needsReload ? ['systemd has not yet read its changed files'] : []),
  ];
  if (own.steps.length === 0 && because.length === 0) return NOTHING;
  const ofSystemd = !isUnseen(want, have) || foreign.includes(unitPath(unit));
  const steps = ofSystemd && boot.steps.length > 0 ? [] : [systemctl('daemon-reload')];
  return { steps, fields: [], because };
}

export function planBoot(unit: string, want: Declared, have: State | undefined): Part {
  const before = have === undefined || have.enabled === '' ? null : have.enabled;
  // A package may enable its unit when it is installed; both commands do nothing where nothing is to do.
  const unseen = !isThere(have) && want.unit === null;
  const on = before === 'enabled' || before === 'enabled-runtime';
  if (want.enabled === null || (want.enabled ? before === 'enabled' : !on && !unseen)) return NOTHING;
  const after = want.enabled ? 'enabled' : 'disabled';
  const runtime = before === 'enabled-runtime' && !want.enabled ? ['--runtime'] : [];
  return {
    steps: [systemctl(want.enabled ? 'enable' : 'disable', ...runtime, unit)],
    fields: [{ name: 'enabled', before, after }],
    because: [before === null ? `it shall be ${after}` : `it is ${before}`],
  };
}

export interface Running extends Part {
  readonly verb: Verb;
  readonly interrupts: readonly Interruption[];
}

const UNTOUCHED: Running = { ...NOTHING, verb: 'update', interrupts: [] };

/** Why a running unit must be started anew, or reloaded: what the host shows, and what this plan changes. */
export function causesOf(
  want: Declared,
  have: State | undefined,
  world: World,
): { readonly restart: readonly string[]; readonly reload: readonly string[] } {
  const changed = changedPaths(world);
  const links = changedLinks(world);
  const changes = (path: string): boolean =>
    changed.includes(path) || links.some((link) => path.startsWith(`${link}/`));
  const planned = (paths: readonly string[]): string[] =>
    paths.filter(changes).map((path) => `${path} changes in this plan`);
  const { restart = [], reload = [] } = have?.newer ?? {};
  return {
    restart: [...planned(want.restartOn), ...restart.map((path) => `${path} changed after it was started`)],
    reload: [...planned(want.reloadOn), ...reload.map((path) => `${path} changed after it was loaded`)],
  };
}

export function planRunning(
  unit: string,
  want: Declared,
  have: State | undefined,
  causes: { readonly restart: readonly string[]; readonly reload: readonly string[] },
): Running {
  const run = have?.run ?? 'down';
  const settle: Step = { do: 'settle', unit, seconds: want.settle };
  const up = run === 'up' || run === 'looping';
  if (want.running === false) return up || isUnseen(want, have) ? planStop(unit, run) : UNTOUCHED;
  if (!up && isUnseen(want, have)) return planUnseen(unit, want, settle);
  if (up && causes.restart.length > 0) return planRestart(unit, run, causes.restart, settle);
  if (run === 'up' && causes.reload.length > 0) return planReload(unit, causes.reload);
  if (want.running === null || run === 'up') return UNTOUCHED;
  if (run === 'looping') return planRestart(unit, run, ['it keeps failing and being started again'], settle);
  return {
    ...UNTOUCHED,
    steps: [...resetSteps(unit, run), systemctl('start', unit), settle],
    fields: [{ name: 'running', before: RUN_WORDS[run], after: 'running' }],
    because: [run === 'failed' ? 'it has failed' : 'it is not running'],
  };
}

/** Without this a unit that failed too often in a short time is refused its start (systemd.unit(5), StartLimitBurst=). */
function resetSteps(unit: string, run: Unit['run']): readonly Step[] {
  return run === 'failed' || run === 'looping' ? [systemctl('reset-failed', unit)] : [];
}

const RUN_WORDS: Readonly<Record<Unit['run'], string>> = {
  up: 'running',
  down: 'stopped',
  failed: 'failed',
  looping: 'in a crash loop',
};

/** Its unit comes with something planned above; how that leaves it cannot be known before. */
function isUnseen(want: Declared, have: State | undefined): boolean {
  return want.unit === null && !isThere(have);
}

/** Debian starts what it installs, with the configuration of that moment: what is watched here came after that. */
function planUnseen(unit: string, want: Declared, settle: Step): Running {
  const watches = want.dropIn !== null || want.restartOn.length > 0 || want.reloadOn.length > 0;
  if (want.running === null && !watches) return UNTOUCHED;
  const command = want.running === null ? 'try-restart' : watches ? 'restart' : 'start';
  const fields = want.running ? [{ name: 'running', before: null, after: 'running' }] : [];
  const steps = [systemctl(command, unit), ...(want.running ? [settle] : [])];
  return { ...UNTOUCHED, steps, fields, because: ['it shall run with what is declared here'] };
}

function planStop(unit: string, run: Unit['run']): Running {
  return {
    verb: 'update',
    steps: [...resetSteps(unit, run), systemctl('stop', unit)],
    fields: [{ name: 'running', before: RUN_WORDS[run], after: 'stopped' }],
    because: ['it shall not run'],
    interrupts: run === 'down' ? [] : [{ what: unit, how: 'stop' }],
  };
}

function planRestart(unit: string, run: Unit['run'], because: readonly string[], settle: Step): Running {
  return {
    verb: 'restart',
    steps: [...resetSteps(unit, run), systemctl('restart', unit), settle],
    fields: [{ name: 'restart', before: null, after: `because ${because.join(', ')}` }],
    because,
    interrupts: [{ what: unit, how: 'restart' }],
  };
}

function planReload(unit: string, because: readonly string[]): Running {
  return {
    verb: 'reload',
    steps: [systemctl('reload', unit)],
    fields: [{ name: 'reload', before: null, after: `because ${because.join(', ')}` }],
    because,
    interrupts: [{ what: unit, how: 'reload' }],
  };
}

export function systemctl(...words: readonly string[]): Step {
  return { do: 'run', argv: ['systemctl', ...words] };
}
