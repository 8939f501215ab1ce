// A systemd unit: its file or a drop-in, whether it starts at boot, whether it runs, and what makes it start anew.
// Whether a restart is due is read off the host: a watched file that changed after the unit came up, whoever changed it.
import { z } from 'zod';
import type { Ref } from '../core/address.ts';
import type { Reader } from '../core/host.ts';
import { defineKind } from '../core/kind.ts';
import type { Unresolved } from '../core/kind.ts';
import { formatUnit, parseUnit } from '../formats/unit.ts';
import { resolveAlone } from './absent.ts';
import { guardUnit } from './lifelines.ts';
import { Absent, bringersOf, Path } from './paths/path.ts';
import { changeUnit } from './systemd/change.ts';
import { readUnitStates } from './systemd/read.ts';
import { apartUnit, dropInPath, ownedUnit, rememberUnit, unitToken } from './systemd/state.ts';
import type { Declared, State, Want } from './systemd/state.ts';

const Value = z.union([z.string(), z.number(), z.boolean()]);
const Sections = z.record(z.string(), z.record(z.string(), z.union([Value, z.array(Value)])));

const Spec = z.strictObject({
  unit: Sections.optional().describe(
    'The whole unit file as data, by section; a list repeats its key. Written to /etc/systemd/system/.',
  ),
  unit_file: z.string().min(1).optional().describe('The whole unit file as text, in place of `unit`.'),
  drop_in: Sections.optional().describe(
    'Settings on top of a unit that a package brings, as data by section.',
  ),
  enabled: z.boolean().optional().describe('Whether it starts at boot. Left out: as it is.'),
  running: z
    .boolean()
    .optional()
    .describe('Whether it runs. Left out: as it is, but a running one is restarted when that is due.'),
  restart_on: z
    .array(Path)
    .optional()
    .describe(
      'Files, links, directories, or a release’s `<path>/current`; when one changes, the unit is restarted.',
    ),
  reload_on: z.array(Path).optional().describe('The same; when one changes, the unit is reloaded.'),
  settle: z
    .int()
    .min(2)
    .max(120)
    .optional()
    .describe('Seconds that the unit must stay up after it was started; 5 when left out.'),
  absent: Absent.optional().describe(
    'The unit is stopped, disabled, and its file deleted; only for units in /etc/systemd/system/.',
  ),
});
type Spec = z.infer<typeof Spec>;

const SUFFIX = /\.(?:service|socket|timer|path|target|mount|automount|swap|slice|scope|device)$/;

export const service = defineKind<Spec, State, Want>({
  name: 'service',
  about: 'A systemd unit: its file, and whether it is enabled and running.',
  id: z
    .string()
    .regex(/^[A-Za-z0-9_:][A-Za-z0-9_:.\\-]*(?:@[A-Za-z0-9_:.\\-]+)?$/)
    .max(240)
    .refine((id) => !/@(?:\.|$)/.test(id), 'an instance, not a template')
    // One unit, one address: under both names it could be declared twice.
    .refine((id) => !id.endsWith('.service'), 'a service is named without `.service`')
    .describe(
      'Name of the unit; without a suffix a service is meant. An instance (`x@y`) may be named, a template not.',
    ),
  spec: Spec,
  resolve,
  read,
  change: guardUnit((request) => changeUnit({ ...request, id: unitName(request.id) }), unitName),
  apart: apartUnit,
  owns,
  needs,
  remember: rememberUnit,
});

function unitName(id: string): string {
  return SUFFIX.test(id) ? id : `${id}.service`;
}

type Resolved = { readonly want: Want } | { readonly unresolved: Unresolved };

function resolve(spec: Spec): Resolved {
  if (spec.absent) {
    const alone = resolveAlone(spec);
    return 'want' in alone ? { want: { absent: true } } : alone;
  }
  if (spec.unit && spec.unit_file !== undefined)
    return unresolved('unit_file', '`unit` is given already; one of the two');
  if (spec.drop_in && (spec.unit || spec.unit_file !== undefined))
    return unresolved('drop_in', 'the whole unit is given already; put these settings there');
  const unit = spec.unit ? formatUnit(spec.unit) : (spec.unit_file ?? null);
  if (typeof unit === 'object' && unit) return unresolved('unit', unit.problem);
  const dropIn = spec.drop_in ? formatUnit(spec.drop_in) : null;
  if (typeof dropIn === 'object' && dropIn) return unresolved('drop_in', dropIn.problem);
  const sections = parseSections(unit);
  if (sections === undefined) return unresolved('unit_file', 'systemd would not read this as a unit file');
  return (
    judgeUnit(spec, sections, unit !== null) ?? {
      want: wantOf(spec, { unit, dropIn, user: lastOf(sections, 'Service', 'User') }),
    }
  );
}

function unresolved(key: string, message: string): { readonly unresolved: Unresolved } {
  return { unresolved: { path: [key], message } };
}

type Sections = ReturnType<typeof parseUnit>;

function parseSections(text: string | null): Sections | undefined {
  try {
    return text === null ? {} : parseUnit(text);
  } catch {
    return undefined;
  }
}

function lastOf(sections: Sections, section: string, key: string): string | undefined {
  return sections[section]?.[key]?.at(-1);
}

/** What can be known of a unit that is given whole, before any host is asked. */
function judgeUnit(spec: Spec, sections: Sections, whole: boolean): Resolved | undefined {
  if (!whole) return undefined;
  if (spec.enabled && !sections['Install'])
    return unresolved('enabled', 'the unit has no [Install] section, so it cannot be enabled');
  const ends =
    lastOf(sections, 'Service', 'Type') === 'oneshot' &&
    !isYes(lastOf(sections, 'Service', 'RemainAfterExit'));
  if (spec.running && ends)
    return unresolved(
      'running',
      'a unit of Type=oneshot ends by itself; leave `running` out, or set RemainAfterExit',
    );
  const reloads =
    sections['Service']?.['ExecReload'] !== undefined ||
    lastOf(sections, 'Service', 'Type') === 'notify-reload';
  if (spec.reload_on?.length && sections['Service'] && !reloads)
    return unresolved('reload_on', 'the unit has no ExecReload, so it cannot be reloaded; use restart_on');
  return undefined;
}

/** Truth values of systemd.syntax(7). */
function isYes(text: string | undefined): boolean {
  return text !== undefined && /^(?:1|yes|y|true|t|on)$/i.test(text);
}

function wantOf(spec: Spec, written: Pick<Declared, 'unit' | 'dropIn'> & { user: string | undefined }): Want {
  return {
    unit: written.unit,
    dropIn: written.dropIn,
    enabled: spec.enabled ?? null,
    running: spec.running ?? null,
    restartOn: spec.restart_on ?? [],
    reloadOn: spec.reload_on ?? [],
    settle: spec.settle ?? 5,
    user: written.user ?? null,
  };
}

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const states = await readUnitStates(host, new Map([...wanted].map(([id, want]) => [unitName(id), want])));
  const found = [...wanted.keys()].map((id) => [id, states.get(unitName(id))] as const);
  return new Map(found.flatMap(([id, state]) => (state ? [[id, state] as const] : [])));
}

/** A unit whose file comes from elsewhere is owned in what it does, not in that file. */
function owns(id: string, want: Want): readonly string[] {
  const unit = unitName(id);
  if ('absent' in want || want.unit !== null) return ownedUnit(unit);
  return [unitToken(unit), ...(want.dropIn === null ? [] : [dropInPath(unit)])];
}

function needs(_id: string, want: Want): readonly Ref[] {
  if ('absent' in want) return [];
  const watched = [...want.restartOn, ...want.reloadOn].flatMap(bringersOf);
  return want.user === null ? watched : [...watched, { kind: 'user', id: want.user }];
}
