// How whole files were found: type, owner, mode, sum, and old bytes where they are not as wanted.
import type { Reader } from '../../core/host.ts';
import { ASIDE } from '../../core/kind.ts';
import type { Seal } from '../../core/secret.ts';
import { bytesOf, contentOf } from '../../core/step.ts';
import { readAround } from '../paths/around.ts';
import type { Around } from '../paths/around.ts';
import { readContents } from '../paths/contents.ts';
import type { OldContent } from '../paths/contents.ts';
import { readStats } from '../paths/found.ts';
import type { Stat } from '../paths/found.ts';
import { parentOf } from '../paths/path.ts';
import { leadsTo } from '../paths/placed.ts';
import { readSums } from '../paths/sums.ts';
import type { FileAside, FileFound } from './shown.ts';
import type { Bytes, Want } from './spec.ts';
import { isChecked, readVerdicts } from './verdict.ts';
import type { Verdict } from './verdict.ts';

export interface FileState {
  /** Left out: nothing is there. */
  readonly found?: FileFound;
  /** Where its directory really is, when that is not how the path is spelled. */
  readonly leads?: string;
  readonly [ASIDE]: FileAside;
}

/** By path; left out where nothing is there and nothing is wanted. */
export async function readFiles(
  host: Reader,
  wanted: ReadonlyMap<string, Want | undefined>,
  seal?: Seal,
): Promise<ReadonlyMap<string, FileState>> {
  const present = [...wanted].map(([id, want]) => [id, want && 'sha256' in want ? want : undefined] as const);
  const [secret, plain] = partition(present, ([, want]) => want !== undefined && 'seal' in want.content);
  const [stats, sums, contents, arounds] = await Promise.all([
    readStats(host, [...wanted.keys()]),
    readSums(
      host,
      secret.map(([id]) => id),
    ),
    readContents(host, new Map(plain.map(([id, want]) => [id, want?.sha256 ?? null]))),
    readAround(host, new Map(present.map(([id, want]) => [id, neededBy(id, want)]))),
  ]);
  const verdicts = await readVerdicts(host, dueBytes(plain, contents));
  const states = new Map<string, FileState>();
  for (const [id, want] of present) {
    const stat = stats.get(id);
    const around = arounds.get(id);
    if (!around || (!stat && !want && around.place !== 'closed')) continue;
    const content = sums.get(id) ?? contents.get(id);
    states.set(id, stateOf({ stat, content, around, want, seal, verdict: verdicts.get(id) }));
  }
  return states;
}

/** Bytes that would be written, where a program is known that reads them. */
function dueBytes(
  plain: readonly (readonly [string, Bytes | undefined])[],
  contents: ReadonlyMap<string, OldContent>,
): ReadonlyMap<string, Uint8Array> {
  const due = plain.flatMap(([path, want]) => {
    if (!want || 'seal' in want.content || !isChecked(path)) return [];
    return contents.get(path)?.sha256 === want.sha256 ? [] : [[path, bytesOf(want.content)] as const];
  });
  return new Map(due);
}

function partition<T>(all: readonly T[], is: (one: T) => boolean): readonly [T[], T[]] {
  return [all.filter(is), all.filter((one) => !is(one))];
}

interface Seen {
  readonly stat: Stat | undefined;
  readonly content: OldContent | undefined;
  readonly around: Around;
  readonly want: Bytes | undefined;
  readonly seal: Seal | undefined;
  readonly verdict: Verdict | undefined;
}

function stateOf({ stat, content, around, want, seal, verdict }: Seen): FileState {
  const { links = 1, size = 0, found, changedAt } = stat ?? {};
  const { bytes = null, immutable = false, open = false } = content ?? {};
  // For a login that is not root the look cannot ask as somebody else, so the mode has its say too.
  const isOpen = open && /[4-7]$/.test(found?.mode ?? '');
  const sum = content?.sha256 ?? null;
  const sealed = sum === null ? undefined : seal?.(sum);
  const mark = sum === want?.sha256 ? sum : (sealed ?? sum);
  const aside = {
    around,
    sum,
    sealed,
    secret: want !== undefined && 'seal' in want.content,
    old: bytes && contentOf(bytes),
    immutable,
    open: isOpen,
    links,
    size,
    changedAt,
    ...(verdict ? { verdict } : {}),
  };
  return { ...(found ? { found: { ...found, sha256: mark } } : {}), ...leadsTo(around), [ASIDE]: aside };
}

function neededBy(id: string, want: Bytes | undefined) {
  return { directory: parentOf(id), owner: want?.owner ?? null, group: want?.group ?? null };
}
