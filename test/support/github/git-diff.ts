// What lies between two commits: the files with their counts and patches, as GitHub lists them.
import type { GitRepo } from './git.ts';

export interface DiffEntry {
  readonly status: string;
  readonly sha: string;
  readonly path: string;
  readonly previous: string | undefined;
  readonly additions: number;
  readonly deletions: number;
  readonly patch: string | undefined;
}

const STATUS: Readonly<Record<string, string>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
};

/** Status letter and path of everything one commit changed; of all it holds where it has no parent. */
export async function changedNames(
  git: GitRepo,
  from: string | undefined,
  to: string,
): Promise<(readonly [string, string])[]> {
  const between = from === undefined ? ['--root', to] : [from, to];
  const out =
    (await git.fixed(['diff-tree', '-r', '-z', '--no-commit-id', '--name-status', ...between])) ?? '';
  const fields = out.split('\0');
  return fields.flatMap((field, at) =>
    at % 2 === 0 && field !== '' ? [[field, fields[at + 1] ?? ''] as const] : [],
  );
}

export async function diff(git: GitRepo, from: string, to: string): Promise<DiffEntry[]> {
  const ask = async (...how: string[]): Promise<string> =>
    (await git.fixed(['diff-tree', '-r', '-M', ...how, from, to])) ?? '';
  const [raw, numbers, text] = await Promise.all([
    ask('-z', '--raw', '--no-abbrev'),
    ask('-z', '--numstat'),
    ask('-p'),
  ]);
  const counts = parseCounts(numbers);
  const patches = text.split(/^(?=diff --git )/m);
  const entries: DiffEntry[] = [];
  const fields = raw.split('\0');
  for (let at = 0; at < fields.length && fields[at] !== '';) {
    const [, , before = '', after = '', code = 'M'] = (fields[at] ?? '').slice(1).split(' ');
    const letter = code.slice(0, 1);
    const moved = letter === 'R' || letter === 'C';
    const path = fields[at + (moved ? 2 : 1)] ?? '';
    const [additions, deletions] = counts.get(path) ?? [0, 0];
    // A file that becomes a link is printed as two patches, one away and one new.
    const own = patches.splice(0, letter === 'T' ? 2 : 1).join('');
    entries.push({
      status: STATUS[letter] ?? 'changed',
      sha: letter === 'D' ? before : after,
      path,
      previous: moved ? fields[at + 1] : undefined,
      additions,
      deletions,
      patch: hunks(own),
    });
    at += moved ? 3 : 2;
  }
  return entries;
}

/** GitHub gives the hunks alone, and nothing for a binary file. */
function hunks(patch: string): string | undefined {
  const start = patch.search(/^@@/m);
  return start < 0 ? undefined : patch.slice(start).replace(/\n$/, '');
}

function parseCounts(out: string): Map<string, readonly [number, number]> {
  const counts = new Map<string, readonly [number, number]>();
  const fields = out.split('\0');
  for (let at = 0; at < fields.length; at += 1) {
    const [added = '', deleted = '', path = ''] = (fields[at] ?? '').split('\t');
    if (added === '') continue;
    const pair = [added === '-' ? 0 : Number(added), deleted === '-' ? 0 : Number(deleted)] as const;
    if (path === '') at += 2;
    counts.set(path === '' ? (fields[at] ?? '') : path, pair);
  }
  return counts;
}
