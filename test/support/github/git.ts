// One bare git repository on disk, driven by plumbing commands. Every object the double answers with is a real one.
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommitData, type Files, type Signature, commitStream, parseCommit } from './git-commit.ts';

export const NO_COMMIT = '0'.repeat(40);

export interface TreeEntry {
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
  readonly path: string;
  readonly size: number | undefined;
}

/** No configuration of the machine may change what a test sees. */
export function gitEnvironment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  };
}

class GitError extends Error {
  readonly stdout: string;
  readonly code: number | null;

  constructor(args: readonly string[], code: number | null, stdout: string, stderr: string) {
    super(`git ${args.join(' ')} ended with ${code}: ${stderr}`);
    this.stdout = stdout;
    this.code = code;
  }
}

function execute(
  args: readonly string[],
  cwd: string,
  input: string | Buffer,
  env: Record<string, string>,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd, env: { ...gitEnvironment(), ...env } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.stdin.on('error', () => undefined);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new GitError(args, code, Buffer.concat(out).toString(), Buffer.concat(err).toString()));
    });
    child.stdin.end(input);
  });
}

/** Any commit may be fetched by its id, as from GitHub. Without gc, refs stay loose and are read as files. */
const CONFIG = `[http]
	receivepack = true
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[gc]
	auto = 0
`;

export class GitRepo {
  readonly dir: string;
  readonly #answers = new Map<string, Promise<string | undefined>>();

  constructor(dir: string) {
    this.dir = dir;
  }

  static async create(dir: string, branch: string): Promise<GitRepo> {
    await execute(['init', '--quiet', '--bare', `--initial-branch=${branch}`, dir], '/', '', {});
    await appendFile(join(dir, 'config'), CONFIG);
    return new GitRepo(dir);
  }

  async raw(
    args: readonly string[],
    input: string | Buffer = '',
    env: Record<string, string> = {},
  ): Promise<Buffer> {
    return execute(args, this.dir, input, env);
  }

  async text(
    args: readonly string[],
    input: string | Buffer = '',
    env: Record<string, string> = {},
  ): Promise<string> {
    return (await this.raw(args, input, env)).toString().trim();
  }

  /** What is asked about objects by their ids never changes, so git is asked once. Exit status 1 is the answer "no". */
  async fixed(args: readonly string[]): Promise<string | undefined> {
    const key = args.join('\0');
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const asked = this.raw(args).then(String, (error: unknown) => {
      if (error instanceof GitError && error.code === 1) return undefined;
      this.#answers.delete(key);
      throw error;
    });
    this.#answers.set(key, asked);
    return asked;
  }

  async lines(args: readonly string[]): Promise<string[]> {
    const out = await this.text(args);
    return out === '' ? [] : out.split('\n');
  }

  /** The commit that a branch, tag, `refs/…` name or (short) sha stands for. */
  async resolve(name: string): Promise<string | undefined> {
    if (name === '' || name.startsWith('-')) return undefined;
    const found = await this.text(['rev-parse', '--verify', '--quiet', `${name}^{commit}`]).catch(() => '');
    return found === '' ? undefined : found;
  }

  async typeOf(sha: string): Promise<string | undefined> {
    return this.text(['cat-file', '-t', sha]).catch(() => undefined);
  }

  async branch(name: string): Promise<string | undefined> {
    if (name === '' || name.includes('..') || name.startsWith('/')) return undefined;
    return readFile(join(this.dir, 'refs/heads', name), 'utf8').then(
      (sha) => sha.trim(),
      () => undefined,
    );
  }

  async refs(prefix: string): Promise<Map<string, string>> {
    const lines = await this.lines(['for-each-ref', '--format=%(refname) %(objectname)', prefix]);
    return new Map(
      lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
    );
  }

  async setRef(ref: string, sha: string): Promise<void> {
    await this.text(['update-ref', ref, sha]);
  }

  async deleteRef(ref: string): Promise<void> {
    await this.text(['update-ref', '-d', ref]);
  }

  async readCommit(sha: string): Promise<CommitData> {
    return parseCommit(sha, (await this.fixed(['cat-file', 'commit', sha])) ?? '');
  }

  async readBlob(sha: string): Promise<Buffer> {
    return this.raw(['cat-file', 'blob', sha]);
  }

  async writeBlob(content: string | Buffer): Promise<string> {
    return this.text(['hash-object', '-w', '--stdin'], content);
  }

  async readTree(treeish: string, recursive: boolean): Promise<TreeEntry[]> {
    const out = (
      await this.raw(['ls-tree', '-z', '-l', ...(recursive ? ['-r', '-t'] : []), treeish])
    ).toString();
    return out
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => {
        const [mode = '', type = '', sha = '', size = '-'] = line.slice(0, line.indexOf('\t')).split(/ +/);
        return {
          mode,
          type,
          sha,
          path: line.slice(line.indexOf('\t') + 1),
          size: size === '-' ? undefined : Number(size),
        };
      });
  }

  /** Puts entries over a tree; an entry without a sha is taken away. */
  async writeTree(
    base: string | undefined,
    entries: readonly { path: string; mode: string; sha: string | null }[],
  ): Promise<string> {
    const scratch = await mkdtemp(join(this.dir, 'index-'));
    const env = { GIT_INDEX_FILE: join(scratch, 'index') };
    try {
      if (base !== undefined) await this.text(['read-tree', base], '', env);
      const blobs = entries.filter(({ mode }) => mode !== '040000');
      const lines = blobs.map(({ path, mode, sha }) =>
        sha === null ? `0 ${NO_COMMIT}\t${path}\0` : `${mode} ${sha}\t${path}\0`,
      );
      await this.text(['update-index', '-z', '--index-info'], lines.join(''), env);
      for (const { path, sha, mode } of entries)
        if (mode === '040000' && sha !== null)
          await this.text(['read-tree', `--prefix=${path}/`, sha], '', env);
      return await this.text(['write-tree'], '', env);
    } finally {
      await rm(scratch, { recursive: true });
    }
  }

  async writeCommit(data: {
    tree: string;
    parents: readonly string[];
    message: string;
    author: Signature;
    committer: Signature;
  }): Promise<string> {
    return this.text(
      ['commit-tree', data.tree, ...data.parents.flatMap((parent) => ['-p', parent])],
      data.message,
      {
        GIT_AUTHOR_NAME: data.author.name,
        GIT_AUTHOR_EMAIL: data.author.email,
        GIT_AUTHOR_DATE: data.author.date,
        GIT_COMMITTER_NAME: data.committer.name,
        GIT_COMMITTER_EMAIL: data.committer.email,
        GIT_COMMITTER_DATE: data.committer.date,
      },
    );
  }

  async mergeBase(a: string, b: string): Promise<string | undefined> {
    return (await this.fixed(['merge-base', a, b]))?.trim();
  }

  async contains(descendant: string, ancestor: string): Promise<boolean> {
    const asked = this.fixed(['merge-base', '--is-ancestor', ancestor, descendant]);
    return asked.then(
      (answer) => answer !== undefined,
      () => false,
    );
  }

  /** Newest first, as `git log`. */
  async log(range: readonly string[], limit = 250): Promise<string[]> {
    return this.lines(['rev-list', `--max-count=${limit}`, ...range]);
  }

  async count(range: string): Promise<number> {
    return Number(await this.fixed(['rev-list', '--count', range]));
  }

  /** The tree of merging two commits, or undefined where they conflict. */
  async mergeTree(ours: string, theirs: string): Promise<string | undefined> {
    return (await this.fixed(['merge-tree', '--write-tree', ours, theirs]))?.split('\n')[0];
  }

  /** Puts a commit on a branch, in one go; answers its id. */
  async commitFiles(
    branch: string,
    parent: string | undefined,
    who: Signature,
    message: string,
    files: Files,
  ): Promise<string> {
    await this.raw(['fast-import', '--quiet'], commitStream(branch, parent, who, message, files));
    return (await this.branch(branch)) ?? NO_COMMIT;
  }
}
