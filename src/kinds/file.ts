// A regular file: its bytes, owner, group and mode. Whole files only, and never through a symbolic link.
// What lies there and is not as declared is shown; what is no file is never replaced.
import { z } from 'zod';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, World } from '../core/kind.ts';
import type { Reason } from '../core/reason.ts';
import { bytesOf, contentOf } from '../core/step.ts';
import type { Content, Step } from '../core/step.ts';
import type { Reader } from '../core/host.ts';
import { FileSpec, resolveFile } from './file-spec.ts';
import type { Bytes, Want } from './file-spec.ts';
import { judgeAround, readAround, refuseClosed } from './paths/around.ts';
import type { Around } from './paths/around.ts';
import { contentField, readContents } from './paths/contents.ts';
import type { ShownContent } from './paths/contents.ts';
import { readStats, refuseOther } from './paths/found.ts';
import type { Found } from './paths/found.ts';
import { explainFields, ownedFields, ownStep } from './paths/owned.ts';
import { parentOf, Path, showPath } from './paths/path.ts';

interface FileFound extends Found {
  /** Null: the login may not read it. */
  readonly sha256: string | null;
}

interface FileAside {
  readonly around: Around;
  readonly links: number;
  readonly size: number;
  readonly immutable: boolean;
  /** Null: as wanted, or not to be shown. */
  readonly old: Content | null;
}

interface State {
  /** Left out: nothing is there. */
  readonly found?: FileFound;
  readonly [ASIDE]: FileAside;
}

export const file = defineKind<FileSpec, State, Want>({
  name: 'file',
  about: 'A regular file with its bytes, owner, group and mode.',
  id: Path,
  spec: FileSpec,
  resolve: resolveFile,
  read,
  change,
  needs: (id, want) => {
    if ('absent' in want) return [];
    return [
      { kind: 'directory', id: parentOf(id) },
      ...(want.owner === null ? [] : [{ kind: 'user', id: want.owner }]),
      ...(want.group === null ? [] : [{ kind: 'group', id: want.group }]),
    ];
  },
  remember: (want) => ('absent' in want ? null : { sha256: want.sha256 }),
});

const Remembered = z.object({ sha256: z.string() });

async function read(
  host: Reader,
  wanted: ReadonlyMap<string, Want | undefined>,
): Promise<ReadonlyMap<string, State>> {
  const present = [...wanted].map(([id, want]) => [id, want && 'sha256' in want ? want : undefined] as const);
  const [stats, contents, arounds] = await Promise.all([
    readStats(host, [...wanted.keys()]),
    readContents(host, new Map(present.map(([id, want]) => [id, want?.sha256 ?? null]))),
    readAround(host, new Map(present.map(([id, want]) => [id, neededBy(id, want)]))),
  ]);
  const states = new Map<string, State>();
  for (const [id, want] of present) {
    const stat = stats.get(id);
    const around = arounds.get(id);
    if (!around || (!stat && !want && around.place !== 'closed')) continue;
    const content = contents.get(id);
    const old = content?.bytes ? contentOf(content.bytes) : null;
    const aside = { around, old, immutable: content?.immutable ?? false, links: stat?.links ?? 1 };
    const found = stat && { ...stat.found, sha256: content?.sha256 ?? null };
    states.set(id, { ...(found ? { found } : {}), [ASIDE]: { ...aside, size: stat?.size ?? 0 } });
  }
  return states;
}

function neededBy(id: string, want: Bytes | undefined) {
  return { directory: parentOf(id), owner: want?.owner ?? null, group: want?.group ?? null };
}

function change({
  id,
  want,
  have,
  last,
  world,
}: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  if (!have) return undefined;
  const closed = refuseClosed(id, have[ASIDE].around);
  if (closed) return { blocked: closed };
  const other = have.found && refuseOther(id, have.found.is, 'file', world);
  const found = have.found?.is === 'file' ? { ...have.found, ...have[ASIDE] } : undefined;
  if (want && 'sha256' in want)
    return other ? { blocked: other } : presence(id, want, found, have[ASIDE].around, world);
  const known = Remembered.safeParse(last).data?.sha256;
  if (want) return other ? { blocked: other } : found && deletion(id, found, known);
  return other ? keep('something else is there now') : found && removal(id, found, known);
}

type Present = FileFound & FileAside;

function presence(
  id: string,
  want: Bytes,
  found: Present | undefined,
  around: Around,
  world: World,
): KindChange | Blocked | undefined {
  const verdict = judgeAround(around, world);
  if ('blocked' in verdict) return verdict;
  const { notes } = verdict;
  const put: Step = {
    do: 'put',
    path: id,
    owner: want.owner,
    group: want.group,
    mode: want.mode,
    content: want.content,
  };
  if (!found) {
    const fields = [contentField(null, shown(want)), ...ownedFields(want, undefined)];
    return { verb: 'create', reason: 'it does not exist on the host', fields, steps: [put], notes };
  }
  if (found.sha256 === null) return { blocked: unreadable(id) };
  const owned = ownedFields(want, found);
  if (found.sha256 === want.sha256) {
    if (owned.length === 0) return undefined;
    return {
      verb: 'update',
      reason: explainFields(owned),
      fields: owned,
      steps: [ownStep(id, want, owned)],
      notes,
    };
  }
  if (found.immutable) return { blocked: immutable(id) };
  const fields = [contentField(shown(found), shown(want)), ...owned];
  // The new bytes are a new file, so an owner that is left as it is must be set again.
  const kept = { ...put, owner: want.owner ?? found.owner, group: want.group ?? found.group };
  return {
    verb: 'update',
    reason: ['content differs', ...(owned.length > 0 ? [explainFields(owned)] : [])].join('; '),
    fields,
    steps: [kept],
    notes: [...notes, ...linkNotes(found)],
  };
}

/** Declared absent: it goes whoever made it. */
function deletion(id: string, found: Present, known: string | undefined): KindChange | Blocked {
  if (found.immutable) return { blocked: immutable(id) };
  return {
    verb: 'delete',
    reason: 'it is declared absent',
    fields: [contentField(shown(found), null)],
    steps: [{ do: 'remove', path: id }],
    ...(found.sha256 === known ? {} : { data: 'lost', notes: ['its bytes are not those that Ashore wrote'] }),
  };
}

/** No longer declared: it goes only as Ashore left it, because then Git has all of its bytes. */
function removal(id: string, found: Present, known: string | undefined): KindChange {
  if (found.sha256 === null || found.sha256 !== known)
    return keep('its bytes are not those that Ashore wrote');
  if (found.immutable) return keep('it is marked immutable (chattr +i)');
  return {
    verb: 'delete',
    reason: 'it is no longer declared, and still as Ashore wrote it',
    fields: [contentField(shown(found), null)],
    steps: [{ do: 'remove', path: id }],
  };
}

function keep(why: string): KindChange {
  const reason = `it is no longer declared, and stays where it is: ${why}; declare it with absent: true to delete it`;
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}

function shown(bytes: Bytes | Present): ShownContent {
  if ('content' in bytes) return { ...bytes, size: bytesOf(bytes.content).length };
  return { sha256: bytes.sha256 ?? 'unreadable', size: bytes.size, content: bytes.old };
}

function linkNotes({ links }: Present): readonly string[] {
  return links > 1 ? [`it has ${links} names (hard links); the others keep the old bytes`] : [];
}

function unreadable(id: string): Reason {
  return { code: 'READ_FAILED', message: `the login may not read ${showPath(id)}` };
}

function immutable(id: string): Reason {
  return { code: 'PATH_IMMUTABLE', message: `${showPath(id)} is marked immutable (chattr +i)` };
}
