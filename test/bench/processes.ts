// Runs a command to its end and says how long it took, and how much of this machine's processors it and its children used.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Sample } from './numbers.ts';

export interface Timed extends Sample {
  readonly cpu: number;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TimedOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Statuses that are a success; only 0 unless given. */
  readonly expected?: readonly number[];
}

/** times(1p) of sh says what the command used; Node cannot be asked for its children. */
const TIMED = '"$@" 3>&-; status=$?; times >&3; exit "$status"';

export async function runTimed(argv: readonly string[], options: TimedOptions = {}): Promise<Timed> {
  const began = performance.now();
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', ...options.env };
  const child = spawn('sh', ['-c', TIMED, 'timed', ...argv], {
    cwd: options.cwd,
    env,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const times = child.stdio[3];
  if (!times || !('setEncoding' in times)) throw new Error('no pipe for times');
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const [stdout, stderr, used, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    text(times),
    closed,
  ]);
  const seconds = (performance.now() - began) / 1000;
  if (!(options.expected ?? [0]).includes(status ?? -1))
    throw new Error(`${argv.slice(0, 4).join(' ')} …: status ${status}\n${stdout}${stderr}`.slice(0, 4000));
  return { seconds, cpu: parseTimes(used), status, stdout, stderr };
}

/** The second line is that of the children: `0m0.12s 0m0.03s`. */
function parseTimes(printed: string): number {
  const line = printed.split('\n')[1] ?? '';
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}
