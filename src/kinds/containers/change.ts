// What a container needs: its image on the host, its environment, its unit. Pure.
import { z } from 'zod';
import { ASIDE } from '../../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, World } from '../../core/kind.ts';
import { changeFile } from '../files/change.ts';
import { noteOn } from '../files/follow.ts';
import type { FileState } from '../files/read.ts';
import type { Want as FileWant } from '../files/spec.ts';
import { rememberFile } from '../files/whole.ts';
import { showPath } from '../paths/path.ts';
import { judgeProgram } from '../programs.ts';
import { changeUnit } from '../systemd/change.ts';
import { joinParts } from '../join.ts';
import { isThere, rememberUnit, unitPath, wholeUnit } from '../systemd/state.ts';
import type { State as UnitState, Want as UnitWant } from '../systemd/state.ts';
import type { Declared, Want } from './resolve.ts';
import { envPath } from './unit.ts';

export interface State {
  readonly unit: UnitState | null;
  readonly env: FileState | null;
  /** Whether the image is in podman's storage; null where none is wanted. */
  readonly image: boolean | null;
  readonly [ASIDE]: {
    readonly podman: boolean;
    /** A container of that name is there. */
    readonly named: boolean;
    /** The archive is there, where one is named. */
    readonly archive: boolean;
  };
}

export function unitOf(id: string): string {
  return `${id}.service`;
}

export function unitWant(id: string, want: Want): UnitWant {
  if ('absent' in want) return want;
  const { unit, env, restartOn, settle } = want;
  const watched = 'absent' in env ? restartOn : [envPath(id), ...restartOn];
  return { ...wholeUnit(unit, settle), restartOn: watched };
}

export function envWant(want: Want): FileWant {
  return 'absent' in want ? want : want.env;
}

export function rememberContainer(want: Want) {
  const unit = 'absent' in want ? want : { ...wholeUnit(want.unit, want.settle) };
  return { unit: rememberUnit(unit), env: rememberFile(envWant(want)) };
}

const Remembered = z.object({ unit: z.json(), env: z.json() });

export function changeContainer(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id, want, have, world } = request;
  if (!want || 'absent' in want) return leave(request);
  const refused = refuseName(id, have);
  if (refused) return refused;
  const program = judgeProgram(
    { program: 'podman', from: 'podman', there: have?.[ASIDE].podman ?? false },
    world,
  );
  if ('blocked' in program) return program;
  const image = have?.image ? undefined : bringImage(want, have, world);
  if (image && 'blocked' in image) return image;
  const env = changeEnv(request);
  const unit = changeContainerUnit(request, env && 'verb' in env ? envPath(id) : undefined);
  const parts = [
    { name: 'image', change: image },
    { name: 'env', change: env },
    { name: 'service', change: unit },
  ].filter((part) => part.change !== undefined);
  return noteOn(joinParts(parts), program.notes);
}

/** What somebody else runs under this name would be gone at the first start (--replace). */
function refuseName(id: string, have: State | undefined): Blocked | undefined {
  const unit = have?.unit;
  const fragment = unit?.[ASIDE].fragment ?? '';
  if (unit?.file === null && fragment !== '' && fragment !== unitPath(unitOf(id))) {
    const message = `${unitOf(id)} is already a unit of the host, at ${fragment}; give the container another name`;
    return { blocked: { code: 'UNIT_UNSUITABLE', message } };
  }
  if (isThere(unit ?? undefined) || !have?.[ASIDE].named) return undefined;
  const message = `a container ${id} is there already, and no unit of that name runs it`;
  return { blocked: { code: 'CONTAINER_TAKEN', message } };
}

function bringImage(want: Declared, have: State | undefined, world: World): KindChange | Blocked {
  const { ref, archive } = want;
  const change = (how: string, steps: KindChange['steps'], notes: readonly string[] = []): KindChange => ({
    verb: 'update',
    reason: 'it is not on the host',
    fields: [{ name: how, before: null, after: ref }],
    steps,
    notes,
  });
  if (archive === null) {
    return change('pull', [
      { do: 'run', argv: ['podman', 'pull', '--quiet', ref], limit: PULL_LIMIT, beside: true },
    ]);
  }
  const notes = judgeArchive(archive, have?.[ASIDE].archive ?? false, world);
  if ('blocked' in notes) return notes;
  const argv = ['podman', 'load', '--quiet', '--input', archive];
  // An archive with another image in it must not pass for this one.
  return change(
    'load',
    [
      { do: 'run', argv, limit: PULL_LIMIT, beside: true },
      { do: 'run', argv: ['podman', 'image', 'exists', ref], beside: true },
    ],
    notes.notes,
  );
}

/** Seconds that a registry may take. */
const PULL_LIMIT = 1800;

function judgeArchive(
  archive: string,
  there: boolean,
  world: World,
): Blocked | { readonly notes: readonly string[] } {
  const going = world.planned('file', archive) === 'delete';
  if (there && !going) return { notes: [] };
  const makes = ['create', 'update', 'replace'] as const;
  const file = world.planned('file', archive);
  const releases = world.plannedIds('release', makes).filter((id) => archive.startsWith(`${id}/`));
  if (file === 'create' || releases.length > 0) return { notes: [] };
  const bringers = [...world.plannedIds('package', makes), ...world.plannedIds('command', ['run'])];
  if (bringers.length > 0 && !going)
    return { notes: [`${showPath(archive)} must come with ${bringers.join(', ')}`] };
  const message = `${showPath(archive)}, which the image is loaded from, is not on the host, and nothing above brings it`;
  return { blocked: { code: 'IMAGE_MISSING', message } };
}

function changeEnv(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id, want, have, last } = request;
  return changeFile({
    ...request,
    id: envPath(id),
    want: want && envWant(want),
    have: have?.env ?? undefined,
    last: Remembered.safeParse(last).data?.env,
  });
}

/** `changed`: a file of its own that this change writes, so that it is started anew. */
function changeContainerUnit(
  request: ChangeRequest<Want, State>,
  changed?: string,
): KindChange | Blocked | undefined {
  const { id, want, have, last, world } = request;
  const plannedIds: World['plannedIds'] = (kind, verbs) => {
    const own = kind === 'file' && changed !== undefined && verbs.includes('update') ? [changed] : [];
    return [...world.plannedIds(kind, verbs), ...own];
  };
  return changeUnit({
    ...request,
    id: unitOf(id),
    want: want && unitWant(id, want),
    have: have?.unit ?? undefined,
    last: Remembered.safeParse(last).data?.unit,
    world: { ...world, plannedIds },
  });
}

/** The unit goes first, and with it the container. What it wrote into volumes is nobody's to delete by omission. */
function leave(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const joined = joinParts([
    { name: 'service', change: changeContainerUnit(request) },
    { name: 'env', change: changeEnv(request) },
  ]);
  if (!joined || 'blocked' in joined || joined.verb !== 'delete') return joined;
  return noteOn({ ...joined, data: 'kept' }, [
    'its image and its volumes stay (podman image rm, podman volume rm)',
  ]);
}
