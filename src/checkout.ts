// The configuration as a checkout holds it: files of the working tree, files at a commit, and plans kept beside them.
// Git is asked by argv; where there is no git, the working tree alone is read.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Plan } from './core/plan.ts';
import type { ConfigFiles } from './deploy.ts';

const run = promisify(execFile);

/** The only folder of a repository that Ashore reads. */
const FOLDER = 'deploy-configs';

/** A checkout: its top folder, and where git keeps its own files; null without git. */
export interface Checkout {
  readonly top: string;
  readonly gitDir: string | null;
}

export async function openCheckout(directory: string): Promise<Checkout> {
  const shown = await git(directory, ['rev-parse', '--show-toplevel', '--absolute-git-dir']);
  const [top, gitDir] = shown?.split('\n') ?? [];
  return top && gitDir ? { top, gitDir } : { top: directory, gitDir: null };
}

/** Everything below deploy-configs/ in the working tree; empty when there is none. */
export async function readWorkingTree({ top }: Checkout): Promise<ConfigFiles> {
  const files = new Map<string, Uint8Array>();
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(join(top, folder), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) files.set(path, await readFile(join(top, path)));
    }
  };
  const found = await stat(join(top, FOLDER)).catch(() => undefined);
  if (found?.isDirectory()) await walk(FOLDER);
  return files;
}

/** The same at a commit, or undefined when git does not know it. */
export async function readCommit({ top }: Checkout, commit: string): Promise<ConfigFiles | undefined> {
  const listed = await git(top, ['ls-tree', '-r', '-z', '--full-tree', commit, '--', FOLDER]);
  if (listed === undefined) return undefined;
  const blobs = listed
    .split('\0')
    .map((line) => /^100\d{3} blob ([0-9a-f]+)\t([^]+)$/.exec(line))
    .filter((match) => match !== null);
  const files = new Map<string, Uint8Array>();
  for (const [, sha = '', path = ''] of blobs) {
    const { stdout } = await run('git', ['cat-file', 'blob', sha], {
      cwd: top,
      encoding: 'buffer',
      maxBuffer: 1 << 28,
    });
    files.set(path, stdout);
  }
  return files;
}

/** The commit that the working tree is at, or `working-tree` when deploy-configs/ was changed since. */
export async function readCommitName({ top }: Checkout): Promise<string> {
  const head = await git(top, ['rev-parse', '--verify', 'HEAD']);
  const changed = await git(top, ['status', '--porcelain', '--', FOLDER]);
  return head && changed === '' ? head : 'working-tree';
}

/** Where the branch left the default branch of its remote; undefined when that cannot be told. */
export async function readBaseCommit({ top }: Checkout): Promise<string | undefined> {
  const remote = await git(top, ['rev-parse', '--verify', '--quiet', 'refs/remotes/origin/HEAD']);
  return remote ? await git(top, ['merge-base', 'HEAD', remote]) : undefined;
}

/** Keeps a plan, so that a deploy can name it. Returns the path of its file. */
export async function putPlan(checkout: Checkout, plan: Plan): Promise<string> {
  const folder = planFolder(checkout);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${plan.digest}.json`);
  await writeFile(path, JSON.stringify(plan), { mode: 0o600 });
  return path;
}

/** The kept plans whose digest begins so. */
export async function readPlans(checkout: Checkout, digest: string): Promise<readonly Plan[]> {
  const folder = planFolder(checkout);
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.startsWith(digest) && name.endsWith('.json'));
  return Promise.all(
    files.map(async (name) => Plan.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))),
  );
}

function planFolder({ top, gitDir }: Checkout): string {
  return gitDir ? join(gitDir, 'ashore', 'plans') : join(top, '.ashore', 'plans');
}

/** What git printed, without its last newline; undefined when git is not there or says no. */
async function git(directory: string, argv: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', [...argv], { cwd: directory, maxBuffer: 1 << 28 });
    return stdout.replace(/\n$/, '');
  } catch {
    return undefined;
  }
}
