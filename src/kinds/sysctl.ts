// A setting of the kernel: its line in a file of its own below /etc/sysctl.d, which holds from the next boot on, and its live value.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Unresolved, World } from '../core/kind.ts';
import { readText } from '../core/look.ts';
import type { Step } from '../core/step.ts';
import { changeFile } from './files/change.ts';
import { followFile, noteOn } from './files/follow.ts';
import type { Following } from './files/follow.ts';
import { readFiles } from './files/read.ts';
import type { FileState } from './files/read.ts';
import { apartFile } from './files/shown.ts';
import type { Want as FileWant } from './files/spec.ts';
import { fileNeeds, rootFile } from './files/whole.ts';
import { Absent } from './paths/path.ts';
import { parseRecords } from './paths/records.ts';

const Spec = z.strictObject({
  value: z
    .union([z.int(), z.string().regex(/^[\x20-\x7e]+$/, 'one line of text')])
    .optional()
    .describe('The value, as `sysctl` prints it; several numbers in quotes, separated by spaces'),
  absent: Absent.optional().describe('The file is deleted; the live value stays until the next boot'),
});
type Spec = z.infer<typeof Spec>;

/** The value; null where it should not be set. */
interface Want {
  readonly value: string | null;
}

interface State {
  readonly file: FileState | null;
  /** The live value, where everybody who looks sees the same one; else null. */
  readonly live: string | null;
  readonly [ASIDE]: {
    /** Null where the host has no such setting. */
    readonly seen: Live | null;
    /** Files that are read later at boot and name the same setting. */
    readonly later: readonly string[];
  };
}

/** hidden: it belongs to a network that the look is kept out of. */
type Live = { readonly is: 'value'; readonly value: string } | { readonly is: 'hidden' };

const PART = '[A-Za-z0-9_:-]+(?:/[A-Za-z0-9_:-]+)*';

export const sysctl = defineKind<Spec, State, Want>({
  name: 'sysctl',
  about: 'A setting of the kernel: at boot, by a file in /etc/sysctl.d, and live.',
  id: z
    .string()
    .regex(new RegExp(`^[a-z0-9_]+(?:\\.${PART})+$`), 'a name such as net.ipv4.ip_forward')
    .max(200)
    .describe(
      'Name of the setting with dots, such as `net.ipv4.ip_forward`; a dot in a name is written `/`.',
    ),
  spec: Spec,
  read,
  change,
  apart: (have) => ({ ...apartFile(have?.file), live: have?.live ?? undefined }),
  owns: (id) => [fileOf(id)],
  needs: (id, want) => fileNeeds(fileOf(id), fileWant(id, want)),
  remember: ({ value }) => ({ value }),
  resolve,
});

const Remembered = z.object({ value: z.string() });

function resolve({ value, absent }: Spec): { want: Want } | { unresolved: Unresolved } {
  if (absent && value !== undefined) {
    const message = 'value says how it should be set, and absent that it should not be';
    return { unresolved: { path: ['value'], message } };
  }
  if (absent) return { want: { value: null } };
  if (value === undefined) return { unresolved: { path: [], message: 'value is needed, or absent: true' } };
  return { want: { value: words(String(value)) } };
}

function fileOf(id: string): string {
  return `/etc/sysctl.d/90-ashore-${id.replaceAll('/', ':')}.conf`;
}

function fileWant(id: string, { value }: Want): FileWant {
  return value === null ? { absent: true } : rootFile({ text: `${id} = ${value}\n` });
}

/** The kernel separates numbers by tabs. */
function words(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

/** Dots separate directories and slashes stand for dots (sysctl.d(5)). */
function liveOf(id: string): string {
  return `/proc/sys/${id.replaceAll(/[./]/g, (sign) => (sign === '.' ? '/' : '.'))}`;
}

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const asked = [...wanted].flatMap(([id, want]) => (want && want.value !== null ? [id] : []));
  const files = new Map([...wanted].map(([id, want]) => [fileOf(id), want && fileWant(id, want)]));
  const [found, lives, lines] = await Promise.all([
    readFiles(host, files),
    readLives(host, asked),
    asked.length === 0 ? '' : readText(host, ['sh', '-c', LATER]),
  ]);
  const states = new Map<string, State>();
  for (const id of wanted.keys()) {
    const file = found.get(fileOf(id)) ?? null;
    if (!file?.found && !asked.includes(id)) continue;
    const seen = lives.get(id) ?? null;
    const live = isOfNetwork(id) || seen?.is !== 'value' ? null : seen.value;
    states.set(id, { file, live, [ASIDE]: { seen, later: laterOf(id, lines) } });
  }
  return states;
}

/** One line a file and name. Values of other files are not sent: only where they stand. */
const LATER = `cd / && grep -sHoE '^[[:space:]]*-?[a-zA-Z0-9_./*:-]+[[:space:]]*=' etc/sysctl.d/*.conf run/sysctl.d/*.conf usr/lib/sysctl.d/*.conf etc/sysctl.conf || :`;

/** Among files of one name order is by name, whatever directory they are in (sysctl.d(5)). */
function laterOf(id: string, lines: string): readonly string[] {
  const own = fileOf(id).split('/').at(-1) ?? '';
  const found = [...lines.matchAll(/^([^:\n]+\/([^/:\n]+)):\s*-?([^\s=]+)\s*=$/gm)];
  const later = found.filter(([, , name = '', key = '']) => {
    return name > own && (key === id || liveOf(key) === liveOf(id) || key === id.replaceAll('.', '/'));
  });
  return [...new Set(later.map(([, path = '']) => `/${path}`))];
}

/** Each network namespace has its own; the plan's key looks from another one (docs/security.md). */
function isOfNetwork(id: string): boolean {
  return id.startsWith('net.');
}

/** Which namespace PID 1 is in, only root may see. */
const LIVES = `own=$(readlink /proc/self/ns/net) first=$(readlink /proc/1/ns/net)
[ -n "$own" ] && [ "$own" = "$first" ] && printf same
printf '\\0'
for path do
  if [ -r "$path" ] && [ -f "$path" ]; then printf '%s\\0' "$path"; cat -- "$path" 2>/dev/null; printf '\\0'; fi
done`;

async function readLives(host: Reader, ids: readonly string[]): Promise<ReadonlyMap<string, Live>> {
  if (ids.length === 0) return new Map();
  const text = await readText(host, ['sh', '-c', LIVES, 'look', ...ids.map(liveOf)]);
  const at = text.indexOf('\0') + 1;
  const values = new Map(
    parseRecords(text.slice(at), 2).map(([path = '', value = '']) => [path, words(value)]),
  );
  const lives = ids.map((id): readonly [string, Live | undefined] => {
    if (isOfNetwork(id) && !text.startsWith('same')) return [id, { is: 'hidden' }];
    const value = values.get(liveOf(id));
    return [id, value === undefined ? undefined : { is: 'value', value }];
  });
  return new Map(lives.flatMap(([id, live]) => (live ? [[id, live] as const] : [])));
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id, want, have, world } = request;
  const known = Remembered.safeParse(request.last).data;
  const remembered = known && fileWant(id, known);
  const file = changeFile({
    ...request,
    id: fileOf(id),
    want: want && fileWant(id, want),
    have: have?.file ?? undefined,
    last: remembered && 'sha256' in remembered ? { sha256: remembered.sha256 } : undefined,
  });
  if (!want || want.value === null)
    return file && 'verb' in file && file.verb === 'delete' ? noteOn(file, [STAYS]) : file;
  const { seen = null, later = [] } = have?.[ASIDE] ?? {};
  const following = seen
    ? liveChange(id, seen, want.value, file !== undefined)
    : expected(id, want.value, world);
  if (following && 'blocked' in following) return following;
  const notes = later.map((path) => `at boot ${path} is read later and names it too`);
  return noteOn(followFile(file, following), notes);
}

const STAYS = 'the live value stays until the next boot';
const HIDDEN = "the live value is not seen with the plan's key; it is set anyway";

function liveChange(id: string, live: Live, after: string, changing: boolean): Following | undefined {
  const steps = [setStep(id, after)];
  if (live.is === 'hidden') return changing ? { steps, notes: [HIDDEN] } : undefined;
  if (live.value === after) return undefined;
  const fields = [{ name: 'live', before: live.value, after }];
  return { steps, fields, because: [`the live value is ${live.value}, wanted ${after}`] };
}

/** A module that is not loaded yet has settings that are not there yet. */
function expected(id: string, value: string, world: World): Following | Blocked {
  const bringers = [...world.plannedIds('package', ['create']), ...world.plannedIds('command', ['run'])];
  if (bringers.length > 0) {
    const note = `the host does not have it yet; it must come with ${bringers.join(', ')}`;
    return { steps: [setStep(id, value)], notes: [note] };
  }
  const message = `the kernel of the host has no setting ${id} that can be read; a module may have to be loaded first`;
  return { blocked: { code: 'SETTING_MISSING', message } };
}

function setStep(id: string, value: string): Step {
  return { do: 'run', argv: ['sysctl', '-w', `${id}=${value}`] };
}
