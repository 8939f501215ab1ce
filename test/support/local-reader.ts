// This machine as a host: looks and commands are real processes, started from their argv without any shell around them.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { Look, LookOptions, Reader } from '../../src/core/host.ts';
import { blobOf, blobPath, bytesOf, commandsOf } from '../../src/core/step.ts';
import type { Step } from '../../src/core/step.ts';

/** A Reader over this machine; `looks` holds what was asked of it. */
export interface LocalReader extends Reader {
  readonly looks: (readonly string[])[];
}

/** `as` stands before each argv, such as the words of setpriv(1) that give rights away. */
export function createLocalReader(as: readonly string[] = []): LocalReader {
  const looks: (readonly string[])[] = [];
  return {
    looks,
    look: (argv, options = {}) => {
      looks.push(argv);
      return start([...as, ...argv], { ...options, directory: '/' });
    },
  };
}

/** Carries out steps as a run does: blobs first, then each command in the directory of the run; the first failure throws. */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'ashore-run-'));
  try {
    for (const step of steps) {
      const blob = blobOf(step);
      if (blob) writeBlob(join(directory, blobPath(blob)), bytesOf(blob));
      for (const command of commandsOf(step)) {
        if (!('run' in command)) throw new Error('there is no systemd here');
        if (command.pinned) expect(realpathSync(command.directory ?? '')).toBe(command.directory);
        const place = { directory: command.directory ?? directory };
        const file = command.stdin === undefined ? {} : { file: join(directory, command.stdin) };
        const look = await start(command.run, { ...place, ...file });
        if (look.status !== 0) throw new Error(`${command.run.join(' ')}: ${look.status} ${look.stderr}`);
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function writeBlob(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

function start(
  argv: readonly string[],
  options: LookOptions & { readonly directory: string; readonly file?: string },
): Promise<Look> {
  const [program = '', ...rest] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<Look>();
  // A file as it is, and no pipe, as in the run: install(1) opens it by its name in /dev.
  const file = options.file === undefined ? undefined : openSync(options.file, 'r');
  const child = spawn(program, rest, {
    stdio: [file ?? 'pipe', 'pipe', 'pipe'],
    cwd: options.directory,
    env: { LC_ALL: 'C', PATH: process.env['PATH'] },
    timeout: (options.limit ?? 30) * 1000,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  if (file !== undefined) closeSync(file);
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.on('error', reject);
  child.on('close', (status) => {
    resolve({
      status: status ?? 124,
      stdout: Buffer.concat(stdout),
      stderr: Buffer.concat(stderr).toString(),
    });
  });
  // A command that does not read its input closes it under us.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.stdin ?? '');
  return promise;
}
