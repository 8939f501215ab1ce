// deploy-configs/ at a commit, by git's own trees and blobs: never the API's capped lists of files, and never a branch
// name that may move between two calls. What cannot be read whole is refused, so that nothing is lost by omission.
import pLimit from 'p-limit';
import type { Reason } from '../core/reason.ts';
import type { ConfigFiles } from '../deploy.ts';
import type { Entry, Tree } from './blobs.ts';
import { place } from './repo.ts';
import type { Repo } from './repo.ts';

const FOLDER = 'deploy-configs';
const MAX_FILES = 2000;
const MAX_FILE = 8 * 1024 * 1024;
const MAX_ALL = 32 * 1024 * 1024;
const BLOBS_AT_ONCE = 8;

export type ReadFiles =
  | { readonly is: 'files'; readonly files: ConfigFiles }
  | { readonly is: 'absent' }
  | { readonly is: 'refused'; readonly reason: Reason };

/** Name of the tree of deploy-configs/ at a commit: equal names, equal files. undefined: there is none. */
export async function readSubtree(repo: Repo, commit: string): Promise<string | undefined> {
  const { tree, truncated } = await readTree(repo, commit);
  const entry = tree.find((each) => each.path === FOLDER && each.type === 'tree');
  if (entry === undefined && truncated)
    throw new Error(`GitHub cut off the list of the top folder at ${commit}`);
  return entry?.sha;
}

/** All files below deploy-configs/ at a commit, by their path from the repository's root. */
export async function readFiles(repo: Repo, commit: string): Promise<ReadFiles> {
  const subtree = await readSubtree(repo, commit);
  if (subtree === undefined) return { is: 'absent' };
  const { tree, truncated } = await readTree(repo, subtree, { recursive: 'true' });
  const entries = tree.filter((entry) => entry.type !== 'tree');
  const refusal = refuseTree(entries, truncated);
  if (refusal) return { is: 'refused', reason: refusal };
  const limit = pLimit(BLOBS_AT_ONCE);
  const files = await Promise.all(
    entries.map((entry) =>
      limit(async (): Promise<[string, Uint8Array]> => [
        `${FOLDER}/${entry.path}`,
        await readBlob(repo, entry.sha),
      ]),
    ),
  );
  return { is: 'files', files: new Map(files) };
}

function refuseTree(entries: readonly Entry[], truncated: boolean): Reason | undefined {
  if (truncated || entries.length > MAX_FILES) {
    return { code: 'CONFIG_TOO_LARGE', message: `${FOLDER}/ holds more than ${MAX_FILES} files` };
  }
  // https://docs.github.com/en/rest/git/trees: 120000 is a symbolic link, 160000 a submodule.
  const link = entries.find((entry) => entry.mode === '120000' || entry.mode === '160000');
  if (link) {
    return {
      code: 'CONFIG_INVALID',
      message: `${FOLDER}/${link.path} is a symbolic link or a submodule, not a file`,
    };
  }
  const large = entries.find((entry) => (entry.size ?? 0) > MAX_FILE);
  if (large) {
    return {
      code: 'CONFIG_TOO_LARGE',
      message: `${FOLDER}/${large.path} is larger than ${MAX_FILE / 1024 / 1024} MiB`,
    };
  }
  const all = entries.reduce((sum, entry) => sum + (entry.size ?? 0), 0);
  if (all <= MAX_ALL) return undefined;
  return { code: 'CONFIG_TOO_LARGE', message: `${FOLDER}/ is larger than ${MAX_ALL / 1024 / 1024} MiB` };
}

/** The text of one file anywhere in the repository. */
export async function readText(repo: Repo, commit: string, path: string): Promise<string | undefined> {
  const folders = path.split('/');
  let tree = commit;
  for (const [index, name] of folders.entries()) {
    const read = await readTree(repo, tree);
    const last = index === folders.length - 1;
    const entry = read.tree.find((each) => each.path === name && each.type === (last ? 'blob' : 'tree'));
    if (entry === undefined) return undefined;
    tree = entry.sha;
  }
  return new TextDecoder().decode(await readBlob(repo, tree));
}

/** By the name of a commit or a tree, never of a branch: what it names cannot change, so it is asked for once. */
function readTree(repo: Repo, sha: string, how: { readonly recursive?: 'true' } = {}): Promise<Tree> {
  return repo.blobs.tree(`${repo.key} ${sha} ${how.recursive ?? ''}`, async () => {
    const { data } = await repo.octokit.rest.git.getTree({ ...place(repo), tree_sha: sha, ...how });
    return { tree: data.tree, truncated: data.truncated };
  });
}

async function readBlob(repo: Repo, sha: string): Promise<Uint8Array> {
  const known = repo.blobs.get(sha);
  if (known) return known;
  const { data } = await repo.octokit.rest.git.getBlob({ ...place(repo), file_sha: sha });
  const bytes = new Uint8Array(Buffer.from(data.content, data.encoding === 'base64' ? 'base64' : 'utf8'));
  repo.blobs.put(sha, bytes);
  return bytes;
}
