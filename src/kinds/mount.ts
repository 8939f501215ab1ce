// A mounted file system: a mount unit of systemd that Ashore writes whole, enabled and mounted. /etc/fstab is left alone; what stands
// there for the same place is overridden by the unit (systemd.mount(5)).
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import { defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Unresolved } from '../core/kind.ts';
import { formatUnit, literal } from '../formats/unit.ts';
import { resolveAlone } from './absent.ts';
import { noteOn } from './files/follow.ts';
import { Absent, Path } from './paths/path.ts';
import { changeUnit } from './systemd/change.ts';
import { escapePath } from './systemd/escape.ts';
import { readUnitStates } from './systemd/read.ts';
import { apartUnit, ownedUnit, rememberUnit, wholeUnit } from './systemd/state.ts';
import type { State, Want as UnitWant } from './systemd/state.ts';

const Word = z.string().regex(/^[^\s\p{Cc},\\]+$/u, 'a word without spaces, commas and backslashes');

const Spec = z.strictObject({
  what: z
    .string()
    .regex(/^[^\s\p{Cc}\\]+$/u, 'without spaces and backslashes')
    .optional()
    .describe('What is mounted: a device, `UUID=…`, `LABEL=…`, `server:/path`, or a name such as `tmpfs`'),
  type: Word.optional().describe('Type of the file system; found out by the host when left out'),
  options: z.array(Word).min(1).optional().describe('Options of mount(8)'),
  absent: Absent.optional().describe('It is unmounted and its unit deleted; what is on it stays'),
});
type Spec = z.infer<typeof Spec>;

interface Want {
  /** Null where nothing should be mounted. */
  readonly what: string | null;
  readonly type: string | null;
  readonly options: readonly string[];
}

export const mount = defineKind<Spec, State, Want>({
  name: 'mount',
  about: 'A file system that is mounted now and at every boot, by a unit of systemd.',
  id: Path.regex(/^[\x21-\x5b\x5d-\x7e]+$/, 'a path without spaces, backslashes and other than ASCII')
    .refine((path) => escapePath(path).length <= 200, 'a shorter path')
    .describe('Where it is mounted: an absolute path; made when it is not there.'),
  spec: Spec,
  resolve,
  read,
  change,
  apart: apartUnit,
  owns: (id) => ownedUnit(unitOf(id)),
  needs: (id, { what }) => (what === null ? [] : [{ kind: 'directory', id }]),
  remember: ({ what, type, options }) => ({ what, type, options: [...options] }),
});

const Remembered = z.object({
  what: z.string().nullable(),
  type: z.string().nullable(),
  options: z.array(z.string()),
});

function resolve(spec: Spec): { want: Want } | { unresolved: Unresolved } {
  if (spec.absent) {
    const alone = resolveAlone(spec);
    return 'want' in alone ? { want: NOTHING } : alone;
  }
  const { what, type, options } = spec;
  if (what === undefined) return { unresolved: { path: [], message: 'what is needed, or absent: true' } };
  return { want: { what, type: type ?? null, options: options ?? [] } };
}

const NOTHING: Want = { what: null, type: null, options: [] };

function unitOf(id: string): string {
  return `${escapePath(id)}.mount`;
}

function unitWant(id: string, { what, type, options }: Want): UnitWant {
  if (what === null) return { absent: true };
  const text = formatUnit({
    Unit: { Description: literal(id) },
    Mount: {
      What: literal(deviceOf(what)),
      Where: literal(id),
      ...(type === null ? {} : { Type: type }),
      ...(options.length > 0 ? { Options: literal(options.join(',')) } : {}),
    },
    Install: { WantedBy: type !== null && NETWORK.test(type) ? 'remote-fs.target' : 'local-fs.target' },
  });
  // The schema lets nothing through that a unit cannot hold.
  if (typeof text !== 'string') throw new TypeError(text.problem);
  return wholeUnit(text, 2);
}

const NETWORK = /^(?:nfs4?|cifs|smb3|ceph|glusterfs|fuse\.sshfs)$/;

/** What=, unlike /etc/fstab, has no words for these; udev has links. */
function deviceOf(what: string): string {
  const [, tag, value = ''] = /^(UUID|LABEL|PARTUUID|PARTLABEL)=(.+)$/.exec(what) ?? [];
  return tag === undefined ? what : `/dev/disk/by-${tag.toLowerCase()}/${value}`;
}

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const units = new Map([...wanted].map(([id, want]) => [unitOf(id), want && unitWant(id, want)]));
  const states = await readUnitStates(host, units);
  const found = [...wanted.keys()].map((id) => [id, states.get(unitOf(id))] as const);
  return new Map(found.flatMap(([id, state]) => (state ? [[id, state] as const] : [])));
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id, want, last } = request;
  const known = Remembered.safeParse(last).data ?? NOTHING;
  const changed = changeUnit({
    ...request,
    id: unitOf(id),
    want: want && unitWant(id, want),
    last: rememberUnit(unitWant(id, known)),
  });
  if (!changed || 'blocked' in changed || changed.verb !== 'delete') return changed;
  return noteOn({ ...changed, data: 'kept' }, ['it is unmounted; what is on it stays']);
}
