// What a whole file needs, from how it is wanted and how it was found. Pure.
// What lies there and is not as declared is shown; what is no file is never replaced.
import { ASIDE } from '../../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange } from '../../core/kind.ts';
import type { Reason } from '../../core/reason.ts';
import type { Step } from '../../core/step.ts';
import { judgeAround, refuseClosed } from '../paths/around.ts';
import { contentField } from '../paths/contents.ts';
import { refuseOther, sightedAt } from '../paths/found.ts';
import { explainFields, ownedFields, ownStep } from '../paths/owned.ts';
import { showPath } from '../paths/path.ts';
import type { Owned } from '../paths/path.ts';
import { placeChange } from '../paths/placed.ts';
import type { FileState } from './read.ts';
import { foundContent, isKnown, linkNotes, readerNotes, Remembered, wantedContent } from './shown.ts';
import type { Present } from './shown.ts';
import type { Bytes, Want } from './spec.ts';
import { judgeVerdict } from './verdict.ts';

/** `id` is the path. */
export function changeFile(request: ChangeRequest<Want, FileState>): KindChange | Blocked | undefined {
  const { have, world } = request;
  return have && placeChange(decide(request, have), have[ASIDE].around, world);
}

function decide(
  { id, want, last, world }: ChangeRequest<Want, FileState>,
  have: FileState,
): KindChange | Blocked | undefined {
  const closed = refuseClosed(id, have[ASIDE].around);
  if (closed) return { blocked: closed };
  const other = have.found && refuseOther(id, have.found.is, 'file', world);
  const found = have.found?.is === 'file' ? { ...have.found, ...have[ASIDE] } : undefined;
  const known = Remembered.safeParse(last).data;
  if (!want) return other ? keep('something else is there now') : found && removal(id, found, known);
  if (other) return { blocked: other };
  if ('absent' in want) return found && deletion(id, found, known);
  const around = judgeAround(have[ASIDE].around, world);
  if ('blocked' in around) return around;
  const verdict = judgeContent({ id, world }, have, want);
  if ('blocked' in verdict) return verdict;
  const notes = [...around.notes, ...verdict.notes];
  return found ? update({ id, want, found, known, notes }) : creation({ id, want, notes });
}

/** Only bytes that would be written are judged. */
function judgeContent(
  { id, world }: Pick<ChangeRequest<Want, FileState>, 'id' | 'world'>,
  have: FileState,
  { content, sha256 }: Bytes,
) {
  if (have.found?.sha256 === sha256) return { notes: [] };
  return judgeVerdict(id, 'text' in content ? content.text : undefined, have[ASIDE].verdict, world);
}

interface Declared {
  readonly id: string;
  readonly want: Bytes;
  readonly notes: readonly string[];
}

function creation({ id, want, notes }: Declared): KindChange {
  const fields = [contentField(null, wantedContent(want, 'set')), ...ownedFields(want, undefined)];
  const reason = 'it does not exist on the host';
  const steps = [putStep(id, want, want)];
  return { verb: 'create', reason, fields, steps, notes: [...notes, ...readerNotes(want, want)] };
}

interface Changed extends Declared {
  readonly found: Present;
  /** What Ashore wrote last. */
  readonly known: Remembered | undefined;
}

function update({ id, want, found, known, notes }: Changed): KindChange | Blocked | undefined {
  if (found.sha256 === null) return { blocked: refuseUnreadable(id) };
  const owned = ownedFields(want, found);
  if (found.sha256 === want.sha256) {
    if (owned.length === 0) return undefined;
    const steps = [ownStep(id, want, owned)];
    const readers = readerNotes(want, afterwards(want, found));
    return {
      verb: 'update',
      reason: explainFields(owned),
      fields: owned,
      steps,
      notes: [...notes, ...readers],
      ...sightedAt(found.changedAt),
    };
  }
  if (found.immutable) return { blocked: refuseImmutable(id) };
  // The new bytes are a new file, so an owner that is left as it is must be set again.
  const kept = afterwards(want, found);
  return {
    verb: 'update',
    reason: ['content differs', ...owned.map((field) => explainFields([field]))].join('; '),
    fields: [contentField(foundContent(found, known, want), wantedContent(want, 'changed')), ...owned],
    steps: [putStep(id, want, kept)],
    notes: [...notes, ...linkNotes(found), ...readerNotes(want, kept)],
    ...sightedAt(found.changedAt),
  };
}

function afterwards(want: Bytes, found: Present): Owned {
  return { owner: want.owner ?? found.owner, group: want.group ?? found.group, mode: want.mode };
}

function putStep(path: string, { content }: Bytes, { owner, group, mode }: Owned): Step {
  return { do: 'put', path, owner, group, mode, content };
}

/** Declared absent: it goes whoever made it. */
function deletion(id: string, found: Present, known: Remembered | undefined): KindChange | Blocked {
  if (found.immutable) return { blocked: refuseImmutable(id) };
  return {
    verb: 'delete',
    reason: 'it is declared absent',
    fields: [contentField(foundContent(found, known), null)],
    steps: [{ do: 'remove', path: id }],
    ...(isKnown(found, known) ? {} : { data: 'lost', notes: ['its bytes are not those that Ashore wrote'] }),
  };
}

/** No longer declared: it goes only as Ashore left it, because then Git has all of its bytes. */
function removal(id: string, found: Present, known: Remembered | undefined): KindChange {
  if (!isKnown(found, known)) return keep('its bytes are not those that Ashore wrote');
  if (found.immutable) return keep('it is marked immutable (chattr +i)');
  return {
    verb: 'delete',
    reason: 'it is no longer declared, and still as Ashore wrote it',
    fields: [contentField(foundContent(found, known), null)],
    steps: [{ do: 'remove', path: id }],
  };
}

function keep(why: string): KindChange {
  const reason = `it is no longer declared, and stays where it is: ${why}; declare it with absent: true to delete it`;
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}

function refuseUnreadable(id: string): Reason {
  return { code: 'READ_FAILED', message: `the login may not read ${showPath(id)}` };
}

function refuseImmutable(id: string): Reason {
  return { code: 'PATH_IMMUTABLE', message: `${showPath(id)} is marked immutable (chattr +i)` };
}
