// Swap space in a file: made without holes, closed to others, and a swap unit of systemd that is enabled and on.
// Nothing in it is data: it is made anew when its size changes, which memory has to have room for.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import type { Json } from '../core/json.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, Field, KindChange, Unresolved } from '../core/kind.ts';
import type { Reason } from '../core/reason.ts';
import type { Step } from '../core/step.ts';
import { formatUnit, literal } from '../formats/unit.ts';
import { resolveAlone } from './absent.ts';
import { noteOn } from './files/follow.ts';
import { judgeAround, readAround } from './paths/around.ts';
import type { Around } from './paths/around.ts';
import { Absent, parentOf, Path, showPath } from './paths/path.ts';
import { leadsTo, placeSteps } from './paths/placed.ts';
import { apartSwap, readMemory, readSwapFiles } from './swaps/look.ts';
import type { Memory, SwapFile } from './swaps/look.ts';
import { makeStep } from './swaps/make.ts';
import { changeUnit } from './systemd/change.ts';
import { escapePath } from './systemd/escape.ts';
import { systemctl } from './systemd/parts.ts';
import { readUnitStates } from './systemd/read.ts';
import { apartUnit, ownedUnit, rememberUnit, wholeUnit } from './systemd/state.ts';
import type { State as UnitState, Want as UnitWant } from './systemd/state.ts';

const MIB = 1024 * 1024;

const Spec = z.strictObject({
  size: z
    .string()
    .regex(/^[1-9][0-9]{0,5}[MG]$/, 'a size in MiB or GiB, such as 512M or 2G')
    .optional()
    .describe('How large it is: `512M` or `2G`, in MiB and GiB'),
  priority: z
    .int()
    .min(0)
    .max(32_767)
    .optional()
    .describe('The space with the highest is used first; left to the kernel when left out'),
  absent: Absent.optional().describe('It is switched off, and its file deleted'),
});
type Spec = z.infer<typeof Spec>;

interface Want {
  /** MiB; null where there should be none. */
  readonly size: number | null;
  readonly priority: number | null;
}

interface State {
  readonly file: Omit<SwapFile, 'filesystem'>;
  readonly unit: UnitState | null;
  readonly leads?: string;
  readonly [ASIDE]: { readonly around: Around; readonly memory: Memory; readonly filesystem: string };
}

export const swap = defineKind<Spec, State, Want>({
  name: 'swap',
  about: 'Swap space in a file, on now and at every boot, by a unit of systemd.',
  id: Path.regex(/^[\x21-\x5b\x5d-\x7e]+$/, 'a path without spaces, backslashes and other than ASCII')
    .refine((path) => escapePath(path).length <= 200, 'a shorter path')
    .describe('The file, such as `/swapfile`.'),
  spec: Spec,
  resolve,
  read,
  change,
  apart: (have) => ({ ...apartUnit(have?.unit), swap: apartSwap(have?.file) }),
  owns: (id) => [id, ...ownedUnit(unitOf(id))],
  needs: (id, { size }) => (size === null ? [] : [{ kind: 'directory', id: parentOf(id) }]),
  remember: ({ size, priority }) => ({ size, priority }),
});

const Remembered = z.object({ size: z.number().nullable(), priority: z.number().nullable() });

function resolve(spec: Spec): { want: Want } | { unresolved: Unresolved } {
  if (spec.absent) {
    const alone = resolveAlone(spec);
    return 'want' in alone ? { want: NONE } : alone;
  }
  const { size, priority = null } = spec;
  if (size === undefined) return { unresolved: { path: [], message: 'size is needed, or absent: true' } };
  return { want: { size: Number(size.slice(0, -1)) * (size.endsWith('G') ? 1024 : 1), priority } };
}

const NONE: Want = { size: null, priority: null };

function unitOf(id: string): string {
  return `${escapePath(id)}.swap`;
}

function unitWant(id: string, { size, priority }: Want): UnitWant {
  if (size === null) return { absent: true };
  const text = formatUnit({
    Unit: { Description: literal(id) },
    Swap: { What: literal(id), ...(priority === null ? {} : { Priority: priority }) },
    Install: { WantedBy: 'swap.target' },
  });
  // The schema lets nothing through that a unit cannot hold.
  if (typeof text !== 'string') throw new TypeError(text.problem);
  return wholeUnit(text, 2);
}

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const ids = [...wanted.keys()];
  const units = new Map([...wanted].map(([id, want]) => [unitOf(id), want && unitWant(id, want)]));
  const needed = ids.map((id) => [id, { directory: parentOf(id), owner: null, group: null }] as const);
  const [files, unitStates, arounds, memory] = await Promise.all([
    readSwapFiles(host, ids),
    readUnitStates(host, units),
    readAround(host, new Map(needed)),
    readMemory(host),
  ]);
  const states = new Map<string, State>();
  for (const [id, want] of wanted) {
    const found = files.get(id);
    const around = arounds.get(id);
    const unit = unitStates.get(unitOf(id)) ?? null;
    if (!found || !around || (found.is === 'nothing' && !unit && (want?.size ?? null) === null)) continue;
    const { filesystem, ...file } = found;
    states.set(id, { file, unit, ...leadsTo(around), [ASIDE]: { around, memory, filesystem } });
  }
  return states;
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { want, have } = request;
  if (!have) return undefined;
  const leaving = !want || want.size === null;
  return leaving ? planLeaving(request, have) : planKept(request, have, want.size ?? 0);
}

function planKept(
  request: ChangeRequest<Want, State>,
  have: State,
  size: number,
): KindChange | Blocked | undefined {
  const { id, world } = request;
  const { file, unit } = have;
  const refused = refuseFile(id, have);
  if (refused) return { blocked: refused };
  const around = judgeAround(have[ASIDE].around, world);
  if ('blocked' in around) return around;
  const fresh = file.is === 'nothing' || file.bytes !== size * MIB;
  const up = unit?.run === 'up';
  // What is switched off to be made anew is off for the unit.
  const changed = changePart(request, fresh && unit ? { ...unit, run: 'down' } : unit);
  if (changed && 'blocked' in changed) return changed;
  if (fresh) return noteOn(planFresh(id, size, have, changed), [...around.notes, ...usedNotes(id, have, up)]);
  if (file.access === '0 600') return noteOn(changed, around.notes);
  const step: Step = { do: 'own', path: id, owner: 'root', group: null, mode: '0600' };
  return {
    verb: 'update',
    reason: 'others could read what was in memory',
    fields: [{ name: 'owner and mode', before: file.access, after: '0 600' }, ...(changed?.fields ?? [])],
    steps: [...placeSteps([step], have[ASIDE].around, world), ...(changed?.steps ?? [])],
    interrupts: changed?.interrupts ?? [],
    notes: around.notes,
  };
}

function changePart({ id, want, last, world }: ChangeRequest<Want, State>, unit: UnitState | null) {
  const known = Remembered.safeParse(last).data ?? NONE;
  const remembered: Json = rememberUnit(unitWant(id, known));
  return changeUnit({
    id: unitOf(id),
    want: want && unitWant(id, want),
    have: unit ?? undefined,
    last: remembered,
    world,
  });
}

function refuseFile(id: string, { file, unit, [ASIDE]: { memory, filesystem } }: State): Reason | undefined {
  if (file.is === 'other' || (file.is === 'file' && !file.made))
    return { code: 'PATH_OCCUPIED', message: `${showPath(id)} is there and is no swap space` };
  if (unit?.run === 'up') return undefined;
  if (memory.container !== null) {
    const message = `the host is a container (${memory.container}): its swap space is that of the machine it runs on`;
    return { code: 'SWAP_UNSUITABLE', message };
  }
  if (!NO_SWAP_FILES.includes(filesystem)) return undefined;
  return {
    code: 'SWAP_UNSUITABLE',
    message: `${showPath(id)} would lie on ${filesystem}, which holds no swap files`,
  };
}

/** swapon(8), Files with holes; names of stat(1). */
const NO_SWAP_FILES = ['tmpfs', 'ramfs', 'overlayfs', 'nfs', 'zfs', 'fuseblk', 'squashfs'];

function planFresh(
  id: string,
  size: number,
  { file, unit, [ASIDE]: { around } }: State,
  changed: KindChange | undefined,
): KindChange {
  const there = file.is === 'file';
  const up = unit?.run === 'up';
  const before = there ? `${file.bytes / MIB} MiB` : null;
  const field: Field = { name: 'size', before, after: `${size} MiB` };
  const directory = around.real === '' ? parentOf(id) : around.real;
  return {
    verb: there ? 'replace' : 'create',
    reason: there ? `its size is ${before}; it is made anew` : 'it is not there',
    fields: [field, ...(changed?.fields ?? []).filter(({ name }) => name !== 'running')],
    steps: [
      ...(up ? [systemctl('stop', unitOf(id))] : []),
      makeStep(directory, id, size),
      ...(changed?.steps ?? []),
    ],
    interrupts: up ? [{ what: unitOf(id), how: 'stop' }] : [],
  };
}

function usedNotes(id: string, { [ASIDE]: { memory } }: State, up: boolean): readonly string[] {
  if (!up) return [];
  const used = Math.ceil((memory.used.get(id) ?? 0) / 1024);
  const available = Math.floor(memory.available / 1024);
  return [`switching it off brings ${used} MiB back into memory, of which ${available} MiB can be had now`];
}

function planLeaving(request: ChangeRequest<Want, State>, have: State): KindChange | Blocked | undefined {
  const { id, want, world } = request;
  const { file, unit } = have;
  const changed = unit ? changePart(request, unit) : undefined;
  if (changed && ('blocked' in changed || changed.verb === 'forget')) return changed;
  const ours = file.is === 'file' && file.made && (changed !== undefined || want !== undefined);
  if (!ours && !changed) return want || file.is === 'nothing' ? undefined : FORGOTTEN;
  const remove: Step = { do: 'remove', path: id };
  const before = `${file.bytes / MIB} MiB`;
  return noteOn(
    {
      verb: 'delete',
      reason: changed?.reason ?? 'declared absent',
      fields: [...(changed?.fields ?? []), ...(ours ? [{ name: 'size', before, after: null }] : [])],
      steps: [...(changed?.steps ?? []), ...(ours ? placeSteps([remove], have[ASIDE].around, world) : [])],
      interrupts: changed?.interrupts ?? [],
    },
    usedNotes(id, have, unit?.run === 'up'),
  );
}

const FORGOTTEN: KindChange = {
  verb: 'forget',
  reason: 'no longer declared; its unit is gone already, so the file stays as it is',
  fields: [],
  steps: [],
  data: 'kept',
};
