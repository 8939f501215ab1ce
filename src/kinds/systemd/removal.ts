// What happens to a unit that shall be absent, or is no longer declared. Pure.
// By omission only that goes which Ashore wrote and nobody changed since.
import { z } from 'zod';
import { ASIDE } from '../../core/kind.ts';
import type { Blocked, Field, KindChange } from '../../core/kind.ts';
import type { Json } from '../../core/json.ts';
import type { Step } from '../../core/step.ts';
import { systemctl } from './parts.ts';
import { dropInDirectory, dropInPath, reason, unitPath } from './state.ts';
import type { State } from './state.ts';

/** SHA-256 of what Ashore wrote; null where it wrote nothing. */
export const Remembered = z.object({ unit: z.string().nullable(), dropIn: z.string().nullable() });

export function planOmission(unit: string, have: State, last: Json | undefined): KindChange {
  const wrote = Remembered.safeParse(last).data ?? { unit: null, dropIn: null };
  if (wrote.unit !== null && have.file === wrote.unit)
    return planDelete(unit, have, 'no longer declared; Ashore wrote it');
  if (wrote.dropIn !== null && have.dropIn === wrote.dropIn) return planDropInDelete(unit, have);
  const changed =
    (wrote.unit !== null && have.file !== null) || (wrote.dropIn !== null && have.dropIn !== null);
  const why = changed ? 'its file was changed by hand since Ashore wrote it' : 'Ashore did not write it';
  return {
    verb: 'forget',
    reason: `no longer declared; it stays as it is, because ${why}`,
    fields: [],
    steps: [],
    data: 'kept',
  };
}

export function planAbsent(unit: string, have: State): KindChange | Blocked {
  const { file, fragment } = have[ASIDE];
  if (have.alias !== null) {
    const message = `${unit} is another name of ${have.alias}; declare that one`;
    return { blocked: reason('UNIT_UNSUITABLE', message) };
  }
  if (file.is === 'file' || have.load === 'not-found') return planDelete(unit, have, 'declared absent');
  const from = fragment === '' ? '' : ` It stands at ${fragment}.`;
  const message = `${unit} has no file in /etc/systemd/system that could be deleted.${from} Remove its package, or declare running: false and enabled: false`;
  return { blocked: reason('UNIT_UNSUITABLE', message) };
}

function planDelete(unit: string, have: State, why: string): KindChange {
  const { file, dropIn } = have[ASIDE];
  const up = have.run === 'up' || have.run === 'looping';
  const enabled = ['enabled', 'enabled-runtime', 'bad'].includes(have.enabled);
  const fields: readonly Field[] = [
    ...(file.is === 'file' ? [{ name: 'unit', before: file.text, after: null, as: 'text' as const }] : []),
    ...(dropIn.is === 'file'
      ? [{ name: 'drop_in', before: dropIn.text, after: null, as: 'text' as const }]
      : []),
    ...(enabled ? [{ name: 'enabled', before: have.enabled, after: null }] : []),
    ...(up ? [{ name: 'running', before: 'running', after: null }] : []),
  ];
  return {
    verb: 'delete',
    reason: why,
    fields,
    steps: [
      // Before the file goes: a unit without its file goes on running unseen.
      ...(up ? [systemctl('stop', unit)] : []),
      ...(enabled ? [systemctl('disable', unit)] : []),
      ...(file.is === 'file' ? [{ do: 'remove', path: unitPath(unit) } satisfies Step] : []),
      ...(dropIn.is === 'file' ? removeDropIn(unit) : []),
      systemctl('daemon-reload'),
      { do: 'run', argv: ['sh', '-c', FORGET_FAILURE, 'reset-failed', unit] },
    ],
    interrupts: up ? [{ what: unit, how: 'stop' }] : [],
  };
}

/** systemd keeps a unit that failed, or was stopped with an error, and refuses to forget one that it does not keep. */
const FORGET_FAILURE = 'systemctl reset-failed "$1" 2>/dev/null || :';

function removeDropIn(unit: string): readonly Step[] {
  const argv = ['rmdir', '--ignore-fail-on-non-empty', '--', dropInDirectory(unit)];
  return [
    { do: 'remove', path: dropInPath(unit) },
    { do: 'run', argv },
  ];
}

function planDropInDelete(unit: string, have: State): KindChange {
  const { dropIn } = have[ASIDE];
  const up = have.run === 'up' || have.run === 'looping';
  return {
    verb: 'delete',
    reason: 'no longer declared; the drop-in that Ashore wrote goes, the unit itself stays',
    fields: dropIn.is === 'file' ? [{ name: 'drop_in', before: dropIn.text, after: null, as: 'text' }] : [],
    steps: [
      ...removeDropIn(unit),
      systemctl('daemon-reload'),
      ...(up ? [systemctl('restart', unit), { do: 'settle', unit, seconds: 5 } satisfies Step] : []),
    ],
    interrupts: up ? [{ what: unit, how: 'restart' }] : [],
  };
}
