// The configuration as a checkout holds it: files of the working tree, files at a commit, and plans kept beside them.
// Git is asked by argv; where there is no git, the working tree alone is read.
import { execFile } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { digestOf, Plan } from './core/plan.ts';
import type { ConfigFiles } from './deploy.ts';

const run = promisify(execFile);

/** The only folder of a repository that Ashore reads. */
const FOLDER = 'deploy-configs';

/** A checkout: its top folder, and where git keeps its own files; null without git. */
export interface Checkout {
  readonly top: string;
  readonly gitDir: string | null;
}

/** Undefined when there is no such directory. */
export async function openCheckout(directory: string): Promise<Checkout | undefined> {
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  const shown = await git(directory, ['rev-parse', '--show-toplevel', '--absolute-git-dir']);
  const [top, gitDir] = shown?.split('\n') ?? [];
  return top && gitDir ? { top, gitDir } : { top: directory, gitDir: null };
}

/** Everything below deploy-configs/ that a commit of the working tree would hold; empty when there is none. */
export async function readWorkingTree(checkout: Checkout): Promise<ConfigFiles> {
  const files = new Map<string, Uint8Array>();
  for (const path of await listWorkingTree(checkout)) {
    const full = join(checkout.top, path);
    const found = await lstat(full).catch(() => undefined);
    if (found?.isFile()) files.set(path, await readFile(full));
  }
  return files;
}

/** What git ignores would be in no commit, so it counts only where there is no git to ask. */
async function listWorkingTree({ top, gitDir }: Checkout): Promise<readonly string[]> {
  const argv = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', FOLDER];
  const listed = gitDir === null ? undefined : await git(top, argv);
  if (listed !== undefined) return listed.split('\0').filter((path) => path !== '');
  // With types, because it follows links to directories otherwise.
  const options = { recursive: true, withFileTypes: true } as const;
  const entries = await readdir(join(top, FOLDER), options).catch(() => []);
  return entries.map((entry) => relative(top, join(entry.parentPath, entry.name))).toSorted();
}

/** The same at a commit, or undefined when git does not know it. */
export async function readCommit({ top }: Checkout, commit: string): Promise<ConfigFiles | undefined> {
  const listed = await git(top, ['ls-tree', '-r', '-z', '--full-tree', `${commit}^{commit}`, '--', FOLDER]);
  if (listed === undefined) return undefined;
  const blobs = listed
    .split('\0')
    .map((line) => /^100\d{3} blob ([0-9a-f]+)\t([^]+)$/.exec(line))
    .flatMap((match) => (match?.[1] && match[2] ? [{ sha: match[1], path: match[2] }] : []));
  const asked = run('git', ['cat-file', '--batch'], { cwd: top, encoding: 'buffer', maxBuffer: 1 << 28 });
  asked.child.stdin?.end(blobs.map(({ sha }) => `${sha}\n`).join(''));
  const contents = parseBatch((await asked).stdout);
  if (contents.length < blobs.length) return undefined;
  return new Map(blobs.map(({ path }, index) => [path, contents[index] ?? Buffer.alloc(0)]));
}

/** What `git cat-file --batch` prints: for each object `<sha> blob <size>`, its bytes, and a newline after them. */
function parseBatch(output: Buffer): readonly Buffer[] {
  const contents: Buffer[] = [];
  let at = 0;
  while (at < output.length) {
    const start = output.indexOf('\n', at) + 1;
    const size = /^[0-9a-f]+ blob (\d+)\n$/.exec(output.toString('latin1', at, start))?.[1];
    if (size === undefined) break;
    at = start + Number(size) + 1;
    contents.push(output.subarray(start, at - 1));
  }
  return contents;
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

/** Who works on it: a login, or a number where the machine has no name for it, as in some containers. */
export function readUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}

/** Keeps a plan, so that a deploy can name it. Returns the path of its file. */
export async function putPlan(checkout: Checkout, plan: Plan): Promise<string> {
  const folder = planFolder(checkout);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${plan.digest}.json`);
  await writeFile(path, JSON.stringify(plan), { mode: 0o600 });
  return path;
}

/** The kept plans whose digest begins so. One that its digest does not cover, whole and unchanged, is none. */
export async function readPlans(checkout: Checkout, digest: string): Promise<readonly Plan[]> {
  const folder = planFolder(checkout);
  const names = await readdir(folder).catch(() => []);
  const paths = names.filter((name) => name.startsWith(digest)).map((name) => join(folder, name));
  const plans = await Promise.all(paths.map(readPlan));
  return plans.filter((plan) => plan !== undefined).filter((plan) => plan.digest.startsWith(digest));
}

async function readPlan(path: string): Promise<Plan | undefined> {
  const parsed = Plan.safeParse(
    await readFile(path, 'utf8')
      .then(JSON.parse)
      .catch(() => undefined),
  );
  return parsed.success && digestOf(parsed.data) === parsed.data.digest ? parsed.data : undefined;
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
