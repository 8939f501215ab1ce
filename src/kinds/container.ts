// A container of podman as a unit of systemd: its image pinned, started and watched like every other service, without a daemon.
// What was applied is compared by the text of the unit, its environment and the presence of the image; nothing is inspected.
import { z } from 'zod';
import type { Ref } from '../core/address.ts';
import type { Reader } from '../core/host.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import { changeContainer, envWant, rememberContainer, unitOf, unitWant } from './containers/change.ts';
import type { State } from './containers/change.ts';
import { resolveContainer } from './containers/resolve.ts';
import type { Want } from './containers/resolve.ts';
import { ContainerSpec } from './containers/spec.ts';
import { hasImage, readStorage } from './containers/storage.ts';
import { envPath } from './containers/unit.ts';
import { readFiles } from './files/read.ts';
import { apartFile } from './files/shown.ts';
import { joinMembers } from './join.ts';
import { guardUnit } from './lifelines.ts';
import { readStats } from './paths/found.ts';
import { bringersOf } from './paths/path.ts';
import { readPrograms } from './programs.ts';
import { readUnitStates } from './systemd/read.ts';
import { apartUnit, ownedUnit } from './systemd/state.ts';

export const container = defineKind<ContainerSpec, State, Want>({
  name: 'container',
  about: 'A container of podman, run by systemd as a unit of its name; its image is pinned.',
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'letters, digits, `_`, `.` and `-`')
    .max(100)
    .refine(
      (id) => !/\.(?:service|socket|timer|target|mount|slice|scope)$/.test(id),
      'a container is named without `.service`',
    )
    .describe('Name of the container; its unit has the same name.'),
  spec: ContainerSpec,
  resolve: resolveContainer,
  read,
  change: guardUnit(changeContainer, unitOf),
  apart: (have) => joinMembers({ unit: apartUnit(have?.unit), env: apartFile(have?.env) }),
  owns: (id) => [...ownedUnit(unitOf(id)), envPath(id)],
  needs,
  remember: rememberContainer,
});

async function read(
  host: Reader,
  wanted: ReadonlyMap<string, Want | undefined>,
): Promise<ReadonlyMap<string, State>> {
  const declared = [...wanted.values()].filter((want) => want !== undefined && 'ref' in want);
  const archives = declared.flatMap(({ archive }) => archive ?? []);
  const [units, files, storage, programs, stats] = await Promise.all([
    readUnitStates(host, new Map([...wanted].map(([id, want]) => [unitOf(id), want && unitWant(id, want)]))),
    readFiles(host, new Map([...wanted].map(([id, want]) => [envPath(id), want && envWant(want)]))),
    readStorage(host),
    readPrograms(host, ['podman']),
    readStats(host, archives),
  ]);
  const states = new Map<string, State>();
  for (const [id, want] of wanted) {
    const present = want && 'ref' in want ? want : undefined;
    const unit = units.get(unitOf(id)) ?? null;
    const env = files.get(envPath(id)) ?? null;
    if (!present && !unit && !env?.found) continue;
    const archive = stats.has(present?.archive ?? '');
    states.set(id, {
      unit,
      env,
      image: present ? hasImage(storage, present.ref) : null,
      [ASIDE]: { podman: programs.has('podman'), named: storage.containers.has(id), archive },
    });
  }
  return states;
}

function needs(_id: string, want: Want): readonly Ref[] {
  if ('absent' in want) return [];
  const { archive, paths, restartOn } = want;
  const brought = [...paths, ...restartOn, ...(archive === null ? [] : [archive])];
  return [{ kind: 'package', id: 'podman' }, ...brought.flatMap(bringersOf)];
}
