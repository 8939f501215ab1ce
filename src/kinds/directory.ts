// A directory: owner, group and mode. Never a tree: nothing below it is touched, and only an empty one is removed.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Unresolved, World } from '../core/kind.ts';
import { readText } from '../core/look.ts';
import { guardPath } from './lifelines.ts';
import { judgeAround, readAround, refuseClosed } from './paths/around.ts';
import type { Around } from './paths/around.ts';
import { leadsTo, placeChange } from './paths/placed.ts';
import { readStats, refuseOther } from './paths/found.ts';
import type { Found } from './paths/found.ts';
import { explainFields, ownedFields, ownStep } from './paths/owned.ts';
import { Absent, Account, Mode, ownedOf, parentOf, Path, showPath } from './paths/path.ts';
import type { Owned } from './paths/path.ts';
import { parseRecords } from './paths/records.ts';

const Spec = z.strictObject({
  owner: Account.optional().describe('User, by name or number in quotes; left as it is when left out'),
  group: Account.optional().describe('Group, by name or number in quotes; left as it is when left out'),
  mode: Mode.optional().describe('Octal mode in quotes; "0755" when left out'),
  absent: Absent.optional().describe('The directory is removed when it is empty'),
});
type Spec = z.infer<typeof Spec>;
type Want = Owned | { readonly absent: true };

interface State {
  /** Left out: nothing is there. */
  readonly found?: Found;
  /** Where the directory that holds it really is, when that is not how the path is spelled. */
  readonly leads?: string;
  readonly [ASIDE]: {
    readonly around: Around;
    /** Paths of what it holds, at most ENTRIES; only looked for where it should go. */
    readonly entries: readonly string[];
  };
}

export const directory = defineKind<Spec, State, Want>({
  name: 'directory',
  about: 'A directory with its owner, group and mode; not what is in it.',
  id: Path,
  spec: Spec,
  resolve,
  read,
  change: guardPath(change),
  apart: (have) => ({ found: have?.found ?? null, leads: have && (have.leads ?? null) }),
  owns: (id) => [id],
  needs: (id, want) => {
    if ('absent' in want) return [];
    return [
      { kind: 'directory', id: parentOf(id) },
      ...(want.owner === null ? [] : [{ kind: 'user', id: want.owner }]),
      ...(want.group === null ? [] : [{ kind: 'group', id: want.group }]),
    ];
  },
});

function resolve(spec: Spec): { want: Want } | { unresolved: Unresolved } {
  if (!spec.absent) return { want: ownedOf(spec, '0755') };
  const stray = (['owner', 'group', 'mode'] as const).find((key) => spec[key] !== undefined);
  if (stray === undefined) return { want: { absent: true } };
  const message = `${stray} says how a directory should be, and absent that it should not`;
  return { unresolved: { path: [stray], message } };
}

async function read(
  host: Reader,
  wanted: ReadonlyMap<string, Want | undefined>,
): Promise<ReadonlyMap<string, State>> {
  const present = [...wanted].map(([id, want]) => [id, want && 'mode' in want ? want : undefined] as const);
  const going = present.filter(([, want]) => !want).map(([id]) => id);
  const [stats, arounds, entries] = await Promise.all([
    readStats(host, [...wanted.keys()]),
    readAround(host, new Map(present.map(([id, want]) => [id, neededBy(id, want)]))),
    readEntries(host, going),
  ]);
  const states = new Map<string, State>();
  for (const [id, want] of present) {
    const found = stats.get(id)?.found;
    const around = arounds.get(id);
    if (!around || (!found && !want && around.place !== 'closed')) continue;
    states.set(id, {
      ...(found ? { found } : {}),
      ...leadsTo(around),
      [ASIDE]: { around, entries: entries.get(id) ?? [] },
    });
  }
  return states;
}

function neededBy(id: string, want: Owned | undefined) {
  return { directory: parentOf(id), owner: want?.owner ?? null, group: want?.group ?? null };
}

/** More than these are not needed to say that a directory is not empty. */
const ENTRIES = 100;

/** find(1) goes down no symbolic link that it was not given, and prints names as they are where nobody looks on. */
const LIST = `for path do
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    find "$path" -mindepth 1 -maxdepth 1 -printf '%p\\0' | head -z -n ${ENTRIES}
  fi
done`;

async function readEntries(
  host: Reader,
  paths: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (paths.length === 0) return new Map();
  const argv = ['xargs', '-0', '-r', 'sh', '-c', LIST, 'look'];
  const records = parseRecords(await readText(host, argv, { stdin: paths.join('\0') }), 1);
  return Map.groupBy(
    records.map(([entry = '']) => entry),
    parentOf,
  );
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { have, world } = request;
  return have && placeChange(decide(request, have), have[ASIDE].around, world);
}

function decide(
  { id, want, world }: ChangeRequest<Want, State>,
  have: State,
): KindChange | Blocked | undefined {
  const closed = refuseClosed(id, have[ASIDE].around);
  if (closed) return { blocked: closed };
  const other = have.found && refuseOther(id, have.found.is, 'directory', world);
  const found = have.found?.is === 'directory' ? have.found : undefined;
  if (want && 'mode' in want)
    return other ? { blocked: other } : presence(id, want, found, have[ASIDE].around, world);
  const left = have[ASIDE].entries.filter((entry) => !isGoing(entry, world));
  if (want) return other ? { blocked: other } : found && deletion(id, left);
  return other ? keep('something else is there now') : found && removal(id, left);
}

function presence(
  id: string,
  want: Owned,
  found: Found | undefined,
  around: Around,
  world: World,
): KindChange | Blocked | undefined {
  const verdict = judgeAround(around, world);
  if ('blocked' in verdict) return verdict;
  const { notes } = verdict;
  const fields = ownedFields(want, found);
  if (!found) {
    const { owner, group, mode } = want;
    const reason = 'it does not exist on the host';
    return { verb: 'create', reason, fields, steps: [{ do: 'mkdir', path: id, owner, group, mode }], notes };
  }
  if (fields.length === 0) return undefined;
  return { verb: 'update', reason: explainFields(fields), fields, steps: [ownStep(id, want, fields)], notes };
}

function deletion(id: string, left: readonly string[]): KindChange | Blocked {
  if (left.length === 0) return remove(id, 'it is declared absent, and empty');
  const message = `${showPath(id)} is declared absent and still holds ${listSome(left)}`;
  return { blocked: { code: 'DIRECTORY_NOT_EMPTY', message } };
}

function removal(id: string, left: readonly string[]): KindChange {
  if (left.length > 0) return keep(`it still holds ${listSome(left)}`);
  return remove(id, 'it is no longer declared, and empty');
}

function remove(id: string, reason: string): KindChange {
  return { verb: 'delete', reason, fields: [], steps: [{ do: 'rmdir', path: id }] };
}

function keep(why: string): KindChange {
  const reason = `it is no longer declared, and stays where it is: ${why}`;
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}

/** What the plan takes away before the directory's turn comes. */
function isGoing(entry: string, world: World): boolean {
  return ['file', 'directory', 'symlink'].some((kind) => world.planned(kind, entry) === 'delete');
}

function listSome(entries: readonly string[]): string {
  const shown = entries.slice(0, 5).map(showPath).join(', ');
  return entries.length > 5 ? `${shown} and more` : shown;
}
