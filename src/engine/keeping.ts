// What a run can put back when it fails: which changes that is, by their steps, and what of the host is set aside for it. Pure.
import { formatLedgerEntry } from '../core/ledger.ts';
import type { Ledger, LedgerLine } from '../core/ledger.ts';
import type { Change, Duty } from '../core/plan.ts';
import type { Step } from '../core/step.ts';

export interface Kept {
  /** Real paths: the directory of each holds no link. */
  readonly paths: readonly string[];
  readonly units: readonly string[];
}

/** Changes of a stack that are nothing but files, links, directories and units, and not guarded, which the host undoes in its own way. */
export function keptChanges(stack: string, changes: readonly Change[]): readonly Change[] {
  return changes.filter(
    (change) => change.stack === stack && change.guard === undefined && keptOf(change.steps) !== undefined,
  );
}

/** The duty with the paths and units of these changes; nothing where there are none. */
export function fillKeeping(duty: Duty, changes: readonly Change[]): readonly Duty[] {
  const kept = keptChanges(duty.stack, changes).flatMap(({ steps }) => keptOf(steps) ?? []);
  const paths = [...new Set(kept.flatMap((one) => one.paths))].toSorted();
  const units = [...new Set(kept.flatMap((one) => one.units))];
  if (paths.length + units.length === 0) return [];
  const steps = duty.steps.map((step) => (step.do === 'keep' ? { ...step, paths, units } : step));
  return [{ ...duty, steps }];
}

/** What the ledger says of them before the run, so that it can say it again. */
export function keptLines(kept: readonly Change[], ledger: Ledger, at: string): readonly LedgerLine[] {
  return kept.flatMap(({ ref }) => {
    const entry = ledger.entries.get(ref);
    return entry ? formatLedgerEntry(entry) : [{ ref, forgotten: at }];
  });
}

export function isKeeping({ steps }: Pick<Duty, 'steps'>, back?: boolean): boolean {
  return steps.some((step) => step.do === 'keep' && (back === undefined || step.back === back));
}

/** Undefined: one of the steps cannot be undone. A change of the record alone has nothing to undo, and goes with the others. */
function keptOf(steps: readonly Step[]): Kept | undefined {
  const each = steps.map(keptOfStep);
  if (each.includes(undefined)) return undefined;
  return { paths: each.flatMap((one) => one?.paths ?? []), units: each.flatMap((one) => one?.units ?? []) };
}

const NOTHING: Kept = { paths: [], units: [] };

function keptOfStep(step: Step): Kept | undefined {
  switch (step.do) {
    case 'put':
    case 'mkdir':
    case 'own':
    case 'link':
    case 'remove':
    case 'rmdir':
      return step.at === null ? undefined : { ...NOTHING, paths: [realPath(step.path, step.at)] };
    case 'settle':
      return { ...NOTHING, units: [step.unit] };
    case 'check':
    case 'keep':
      return NOTHING;
    case 'run':
      return step.beside ? NOTHING : unitsOf(step.argv);
    default:
      return step satisfies never;
  }
}

function realPath(path: string, at: string | undefined): string {
  return at === undefined ? path : `${at === '/' ? '' : at}/${path.slice(path.lastIndexOf('/') + 1)}`;
}

const UNIT_VERBS: ReadonlySet<string> = new Set([
  'start',
  'stop',
  'restart',
  'reload',
  'enable',
  'disable',
  'reset-failed',
]);

/** A command is opaque but for those of systemctl that name one unit. */
function unitsOf([program, verb = '', ...words]: readonly string[]): Kept | undefined {
  if (program !== 'systemctl') return undefined;
  if (verb === 'daemon-reload') return NOTHING;
  const [unit, ...more] = words;
  if (!UNIT_VERBS.has(verb) || unit === undefined || unit.startsWith('-') || more.length > 0)
    return undefined;
  return { ...NOTHING, units: [unit] };
}
