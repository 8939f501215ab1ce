// Owners of the touched paths below deploy-configs/, by the CODEOWNERS of the base branch: a pull request cannot take its own.
// https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
import { sha256 } from '../core/json.ts';
import { readFiles, readText } from './contents.ts';
import { readTeam } from './permissions.ts';
import type { Repo } from './repo.ts';
import type { OwnedPath } from './rules/request.ts';
import { filesOf } from './survey.ts';
import type { Survey } from './survey.ts';

const PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

export async function readOwned(repo: Repo, survey: Survey): Promise<readonly OwnedPath[]> {
  const { commit, base } = survey;
  const rules = parseOwners(await readBindingOwners(repo, survey));
  const owned = (await readTouched(repo, commit, base)).flatMap((path) => {
    const owners = ownersOf(rules, path);
    return owners.length === 0 ? [] : [{ path, owners }];
  });
  const names = [...new Set(owned.flatMap(({ owners }) => owners))];
  const members = new Map(
    await Promise.all(names.map(async (name) => [name, await readLogins(repo, name)] as const)),
  );
  return owned.map(({ path, owners }) => {
    return { path, owners, logins: owners.flatMap((owner) => members.get(owner) ?? []) };
  });
}

export interface OwnersRule {
  readonly pattern: RegExp;
  readonly owners: readonly string[];
}

/** In the order of the file: the last that fits decides. A line without owners takes ownership away. */
export function parseOwners(text: string): readonly OwnersRule[] {
  return text.split('\n').flatMap((line) => {
    const [pattern, ...owners] = line
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .split(/\s+/);
    return pattern === undefined || pattern === '' ? [] : [{ pattern: patternOf(pattern), owners }];
  });
}

export function ownersOf(rules: readonly OwnersRule[], path: string): readonly string[] {
  return rules.findLast(({ pattern }) => pattern.test(path))?.owners ?? [];
}

/** The rules of gitignore, without its `!` and `[]`, which CODEOWNERS does not have. */
function patternOf(text: string): RegExp {
  const anchored = text.replace(/\/$/, '').includes('/');
  const body = text
    .replace(/^\//, '')
    .replace(/\/$/, '/**')
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*\*\/|\*\*|\*|\?/g, (wild) => WILD[wild] ?? wild);
  // `docs/*` means files of that directory and none below: https://docs.github.com, CODEOWNERS syntax example.
  const below = text.endsWith('/') || text.endsWith('*') ? '' : '(?:/.*)?';
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${body}${below}$`);
}

const WILD: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };

/** One that was merged and changed the owners is judged by what it was merged onto, so that it never profits from itself. */
async function readBindingOwners(repo: Repo, { pull, base, commit, tip, rollback }: Survey): Promise<string> {
  if (pull.state !== 'merged' || rollback) return readOwners(repo, tip);
  const [before, after] = await Promise.all([readOwners(repo, base), readOwners(repo, commit)]);
  return before === after ? readOwners(repo, tip) : before;
}

async function readOwners(repo: Repo, commit: string): Promise<string> {
  for (const path of PLACES) {
    const text = await readText(repo, commit, path);
    if (text !== undefined) return text;
  }
  return '';
}

async function readTouched(repo: Repo, commit: string, base: string): Promise<readonly string[]> {
  const [after, before] = await Promise.all([readFiles(repo, commit), readFiles(repo, base)]);
  if (after.is === 'refused' || before.is === 'refused')
    throw new Error('deploy-configs/ is too large to be compared');
  const [now, then] = [filesOf(after), filesOf(before)];
  const paths = [...new Set([...now.keys(), ...then.keys()])].toSorted();
  return paths.filter((path) => hashOf(now.get(path)) !== hashOf(then.get(path)));
}

function hashOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && sha256(bytes);
}

/** An owner by e-mail address cannot be matched to a review, and so approves nothing. */
async function readLogins(repo: Repo, owner: string): Promise<readonly string[]> {
  if (!owner.startsWith('@')) return [];
  return owner.includes('/') ? readTeam(repo, owner) : [owner.slice(1)];
}
