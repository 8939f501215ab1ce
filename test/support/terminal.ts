// A person at a terminal: a checkout in a directory of its own, and the real command line as a child process in it.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const CLI = resolve('src/cli.ts');

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  /** What it complained of. */
  readonly err: string;
  /** What it told beside that while it worked, without the times; left out where that was nothing. */
  readonly told?: readonly string[];
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

export interface RunOptions {
  /** Beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Below the checkout; its top unless given. */
  readonly directory?: string;
  /** Flags of node itself. */
  readonly node?: readonly string[];
}

export interface Checkout {
  readonly top: string;
  /** Writes files by their paths; null deletes one. */
  write(files: Readonly<Record<string, string | Uint8Array | null>>): void;
  /** What git printed. */
  git(...argv: readonly string[]): string;
  /** Commits all that is there, and returns the commit. */
  commit(): string;
  ashore(argv: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same, to be met while it runs. */
  start(argv: readonly string[], options?: RunOptions): Started;
  remove(): void;
}

/** A directory with these files; a repository with one commit unless it is said to be none. */
export function createCheckout(
  files: Readonly<Record<string, string | Uint8Array>>,
  { git: isRepository = true }: { readonly git?: boolean } = {},
): Checkout {
  const top = mkdtempSync(join(tmpdir(), 'ashore-checkout-'));
  const checkout: Checkout = {
    top,
    write: (changed) => {
      for (const [path, content] of Object.entries(changed)) {
        const full = join(top, path);
        if (content === null) rmSync(full);
        else {
          mkdirSync(dirname(full), { recursive: true });
          writeFileSync(full, content);
        }
      }
    },
    git: (...argv) => runGit(top, argv),
    commit: () => {
      runGit(top, ['add', '--all']);
      runGit(top, ['commit', '--quiet', '--allow-empty', '--message', 'A commit']);
      return runGit(top, ['rev-parse', 'HEAD']);
    },
    ashore: (argv, options) => checkout.start(argv, options).ended,
    start: (argv, { directory = '.', env, node = [] } = {}) => {
      return startChild(process.execPath, [...node, CLI, ...argv], resolve(top, directory), env);
    },
    remove: () => rmSync(top, { recursive: true, force: true, maxRetries: 5 }),
  };
  checkout.write(files);
  if (isRepository) {
    runGit(top, ['init', '--quiet', '--initial-branch', 'main']);
    checkout.commit();
  }
  return checkout;
}

/** Through a pseudo-terminal: all that was shown on it, as one. */
export function ashoreOnTerminal(
  { top }: Checkout,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  columns = 120,
): Promise<Ran> {
  const words = [process.execPath, CLI, ...argv];
  if (words.some((word) => /[^\w./-]/.test(word))) throw new Error('a word that script(1) would split');
  const line = `stty cols ${columns}; exec ${words.join(' ')}`;
  const shown = { TERM: 'xterm-256color', ...env };
  return startChild('script', ['-qec', line, '/dev/null'], top, shown).ended;
}

/** Compiled once for all children, which halves what each one costs. */
const COMPILED = resolve('node_modules/.cache/ashore-compiled');

/** Nothing of the machine's own git configuration, and no agent. */
const BARE = {
  NODE_COMPILE_CACHE: COMPILED,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

function runGit(cwd: string, argv: readonly string[]): string {
  const env = { PATH: process.env['PATH'], HOME: cwd, ...BARE };
  const { status, stdout, stderr } = spawnSync('git', argv, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${argv.join(' ')}: ${stderr}`);
  return stdout.trimEnd();
}

const TIMED = /^\d\d:\d\d:\d\d /;

/** Not spawnSync: the hosts that the child talks to live in this process. */
function startChild(
  program: string,
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Started {
  const { promise, resolve: done, reject } = Promise.withResolvers<Ran>();
  const full = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: cwd, ...BARE, ...env };
  const child = spawn(program, argv, { cwd, env: full, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = { out: [] as Buffer[], err: [] as Buffer[] };
  child.stdout.on('data', (chunk: Buffer) => chunks.out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.err.push(chunk));
  child.on('error', reject);
  child.on('close', (status) => {
    const lines = Buffer.concat(chunks.err)
      .toString()
      .split(/(?<=\n)/);
    const told = lines.filter((line) => TIMED.test(line)).map((line) => line.trimEnd().replace(TIMED, ''));
    const err = lines.filter((line) => !TIMED.test(line)).join('');
    const out = Buffer.concat(chunks.out).toString();
    done({ status, out, err, ...(told.length === 0 ? {} : { told }) });
  });
  return { child, ended: promise };
}
