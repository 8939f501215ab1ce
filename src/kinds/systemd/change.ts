// What a unit needs, from how it is wanted and how it was found. Pure.
import { sha256 } from '../../core/json.ts';
import { ASIDE } from '../../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, World } from '../../core/kind.ts';
import type { Reason } from '../../core/reason.ts';
import { noteOn } from '../files/follow.ts';
import { judgeVerdict } from '../files/verdict.ts';
import { sightedAt } from '../paths/found.ts';
import { causesOf, foreignFiles, planBoot, planDaemon, planFiles, planRunning } from './parts.ts';
import { planAbsent, planOmission } from './removal.ts';
import { dropInPath, isThere, reason, unitPath } from './state.ts';
import type { Declared, State, Want } from './state.ts';

/** `id` is the whole name of the unit. */
export function changeUnit(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id: unit, want, have, last, world } = request;
  if (!want) return have && planOmission(unit, have, last);
  if ('absent' in want) return have && planAbsent(unit, have);
  const refused = refuseUnit(unit, want, have, world);
  if (refused) return { blocked: refused };
  const verdict = judgeVerdict(unitPath(unit), want.unit ?? undefined, have?.[ASIDE].verdict, world);
  return 'blocked' in verdict ? verdict : noteOn(planDeclared(unit, want, have, world), verdict.notes);
}

function refuseUnit(unit: string, want: Declared, have: State | undefined, world: World): Reason | undefined {
  if (!isThere(have) && want.unit === null && !isExpected(unit, world))
    return reason('UNIT_MISSING', `${unit} is neither on the host nor brought by the plan so far`);
  if (!have) return undefined;
  if (have.alias !== null)
    return reason('UNIT_UNSUITABLE', `${unit} is another name of ${have.alias}; declare that one`);
  if (have.load === 'masked')
    return reason('UNIT_UNSUITABLE', `${unit} is masked on the host (systemctl unmask ${unit})`);
  return refuseFiles(unit, want, have) ?? refuseAbilities(unit, want, have);
}

/** Which units a package brings is not known before it is installed; files of units say it by their path. */
function isExpected(unit: string, world: World): boolean {
  return world.plannedIds('package', ['create', 'update']).length > 0 || foreignFiles(unit, world).length > 0;
}

function refuseFiles(unit: string, want: Declared, have: State): Reason | undefined {
  const { file, dropIn } = have[ASIDE];
  const written = [
    ...(want.unit === null ? [] : [{ path: unitPath(unit), standing: file }]),
    ...(want.dropIn === null ? [] : [{ path: dropInPath(unit), standing: dropIn }]),
  ];
  const taken = written.find(({ standing }) => standing.is === 'link' || standing.is === 'other');
  if (!taken) return undefined;
  const what = taken.standing.is === 'link' ? `a symbolic link to ${taken.standing.to}` : 'not a file';
  return reason('PATH_OCCUPIED', `${taken.path} is ${what}`);
}

/** Why systemd would not enable a unit in such a state (systemctl(1), is-enabled). */
const NOT_ENABLED: Readonly<Record<string, string>> = {
  static: 'has no [Install] section, so it cannot be enabled',
  indirect: 'has nothing of its own to enable, only other units (Also=)',
  generated: 'is made by a generator, and enabled or not by that',
  transient: 'was made while the host ran and has no file',
};

function refuseAbilities(unit: string, want: Declared, have: State): Reason | undefined {
  const rewritten = want.unit !== null && have.file !== sha256(want.unit);
  const boot = want.enabled ? NOT_ENABLED[have.enabled] : undefined;
  if (boot !== undefined && !rewritten) return reason('UNIT_UNSUITABLE', `${unit} ${boot}`);
  if (want.unit !== null || want.dropIn !== null || !isThere(have)) return undefined;
  if (want.running && have.ends)
    return reason('UNIT_UNSUITABLE', `${unit} is of Type=oneshot and ends by itself; leave \`running\` out`);
  if (want.reloadOn.length === 0 || have.canReload) return undefined;
  return reason('UNIT_UNSUITABLE', `${unit} cannot be reloaded; use restart_on`);
}

function planDeclared(
  unit: string,
  want: Declared,
  have: State | undefined,
  world: World,
): KindChange | undefined {
  const files = planFiles(unit, want, have);
  const foreign = foreignFiles(unit, world);
  const boot = planBoot(unit, want, have);
  const daemon = planDaemon(unit, want, have, { own: files, boot, foreign });
  const causes = causesOf(want, have, world);
  const moved = [...files.because, ...foreign.map((path) => `${path} changes in this plan`)];
  const running = planRunning(unit, want, have, { ...causes, restart: [...moved, ...causes.restart] });
  const parts = [files, daemon, boot, running];
  const steps = parts.flatMap((part) => part.steps);
  if (steps.length === 0) return undefined;
  const onlyRunning = files.steps.length + boot.steps.length === 0 && running.steps.length > 0;
  const because = [...new Set(parts.flatMap((part) => part.because))].join('; ');
  return {
    verb: isThere(have) ? (onlyRunning ? running.verb : 'update') : 'create',
    reason: isThere(have) ? because : createReason(want),
    fields: parts.flatMap((part) => part.fields),
    steps,
    interrupts: running.interrupts,
    ...sightedOf(have, files.steps.length > 0, running.steps.length > 0),
  };
}

const MICROSECONDS = 1_000_000;

/** Its files where they differ, else its state where that does; when a unit was enabled or not, nothing on a host says. */
function sightedOf(have: State | undefined, files: boolean, running: boolean): Pick<KindChange, 'sighted'> {
  const changed = have?.[ASIDE].changed;
  if (!changed) return {};
  const at = files ? changed.files : running && have.run !== 'up' ? changed.state : null;
  return sightedAt(at === null ? null : at / MICROSECONDS);
}

function createReason(want: Declared): string {
  return want.unit === null ? 'its unit comes with what is planned above' : 'there is no such unit';
}
