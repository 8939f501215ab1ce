// A symbolic link: where it points, as text. What it points at is not looked at and need not be there.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Unresolved } from '../core/kind.ts';
import { readText } from '../core/look.ts';
import { guardPath } from './lifelines.ts';
import { judgeAround, readAround, refuseClosed } from './paths/around.ts';
import type { Around } from './paths/around.ts';
import { leadsTo, placeChange } from './paths/placed.ts';
import { readStats, refuseOther, sightedAt } from './paths/found.ts';
import type { FileType } from './paths/found.ts';
import { Absent, parentOf, Path } from './paths/path.ts';
import { parseRecords } from './paths/records.ts';

const Spec = z.strictObject({
  to: z
    .string()
    .regex(/^[^\0]+$/, 'a path')
    .optional()
    .describe('Where it points; a relative path starts from the directory of the link'),
  absent: Absent.optional().describe('The link is deleted; what it points at stays'),
});
type Spec = z.infer<typeof Spec>;
type Want = { readonly to: string } | { readonly absent: true };

interface State {
  /** Left out: nothing is there. */
  readonly is?: FileType;
  /** Left out: it is no link. */
  readonly to?: string;
  /** Where its directory really is, when that is not how the path is spelled. */
  readonly leads?: string;
  readonly [ASIDE]: { readonly around: Around; readonly changedAt?: number | undefined };
}

export const symlink = defineKind<Spec, State, Want>({
  name: 'symlink',
  about: 'A symbolic link and where it points.',
  id: Path,
  spec: Spec,
  resolve,
  read,
  change: guardPath(change),
  apart: (have) => ({
    is: have?.is ?? null,
    to: have?.to ?? null,
    leads: have && (have.leads ?? null),
  }),
  owns: (id) => [id],
  needs: (id, want) => ('to' in want ? [{ kind: 'directory', id: parentOf(id) }] : []),
  remember: (want) => ('to' in want ? { to: want.to } : null),
});

const Remembered = z.object({ to: z.string() });

function resolve({ to, absent }: Spec): { want: Want } | { unresolved: Unresolved } {
  if (to !== undefined && absent) {
    return {
      unresolved: { path: ['to'], message: 'to says where the link points, and absent that there is none' },
    };
  }
  if (absent) return { want: { absent } };
  return to === undefined
    ? { unresolved: { path: [], message: 'to is needed, or absent: true' } }
    : { want: { to } };
}

async function read(
  host: Reader,
  wanted: ReadonlyMap<string, Want | undefined>,
): Promise<ReadonlyMap<string, State>> {
  const ids = [...wanted.keys()];
  const [stats, targets, arounds] = await Promise.all([
    readStats(host, ids),
    readTargets(host, ids),
    readAround(host, new Map(ids.map((id) => [id, { directory: parentOf(id), owner: null, group: null }]))),
  ]);
  const states = new Map<string, State>();
  for (const [id, want] of wanted) {
    const stat = stats.get(id);
    const is = stat?.found.is;
    const to = targets.get(id);
    const around = arounds.get(id);
    const isWanted = want !== undefined && 'to' in want;
    if (!around || (!is && !isWanted && around.place !== 'closed')) continue;
    states.set(id, {
      ...(is ? { is } : {}),
      ...(to === undefined ? {} : { to }),
      ...leadsTo(around),
      [ASIDE]: { around, changedAt: stat?.changedAt },
    });
  }
  return states;
}

/** readlink(1) leaves out what it cannot read without a trace; find(1) names what it prints. */
const TARGETS = `find "$@" -maxdepth 0 -type l -printf '%p\\0%l\\0'`;

async function readTargets(host: Reader, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map();
  const argv = ['xargs', '-0', '-r', 'sh', '-c', TARGETS, 'look'];
  const text = await readText(host, argv, { stdin: paths.join('\0'), expected: [0, 123] });
  return new Map(parseRecords(text, 2).map(([path = '', target = '']) => [path, target]));
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { have, world } = request;
  return have && placeChange(decide(request, have), have[ASIDE].around, world);
}

function decide(
  { id, want, last, world }: ChangeRequest<Want, State>,
  have: State,
): KindChange | Blocked | undefined {
  const closed = refuseClosed(id, have[ASIDE].around);
  if (closed) return { blocked: closed };
  const other = have.is && refuseOther(id, have.is, 'symlink', world);
  if (!want)
    return other
      ? keep('something else is there now')
      : removal(id, have.to, Remembered.safeParse(last).data?.to);
  if (other) return { blocked: other };
  if (!('to' in want))
    return have.to === undefined ? undefined : remove(id, have.to, 'it is declared absent');
  const verdict = judgeAround(have[ASIDE].around, world);
  if ('blocked' in verdict) return verdict;
  if (have.to === want.to) return undefined;
  return {
    verb: have.to === undefined ? 'create' : 'update',
    reason:
      have.to === undefined ? 'it does not exist on the host' : `it points to ${have.to}, wanted ${want.to}`,
    fields: [{ name: 'to', before: have.to ?? null, after: want.to }],
    steps: [{ do: 'link', path: id, target: want.to }],
    notes: verdict.notes,
    ...sightedAt(have.to === undefined ? null : have[ASIDE].changedAt),
  };
}

function removal(id: string, to: string | undefined, known: string | undefined): KindChange | undefined {
  if (to === undefined) return undefined;
  if (to !== known) return keep('it points elsewhere than Ashore made it');
  return remove(id, to, 'it is no longer declared, and still as Ashore made it');
}

function remove(id: string, to: string, reason: string): KindChange {
  return {
    verb: 'delete',
    reason,
    fields: [{ name: 'to', before: to, after: null }],
    steps: [{ do: 'remove', path: id }],
  };
}

function keep(why: string): KindChange {
  const reason = `it is no longer declared, and stays where it is: ${why}; declare it with absent: true to delete it`;
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}
