// A look that must succeed: a failed read becomes a READ_FAILED or PROGRAM_MISSING with its evidence, never an absence.
import { decode } from './host.ts';
import type { Look, LookOptions, Reader } from './host.ts';
import { HostFailure } from './reason.ts';
import { quoteCommand } from './shell.ts';

interface Expectation extends LookOptions {
  /** Exit statuses that are an answer; only 0 unless given. */
  readonly expected?: readonly number[];
}

/** Characters of a command and of its own words that a person is shown. */
const SHOWN = 2000;

export async function readLook(
  host: Reader,
  argv: readonly string[],
  { expected = [0], ...options }: Expectation = {},
): Promise<Look> {
  const look = await host.look(argv, options);
  if (expected.includes(look.status)) return look;
  const command = quoteCommand(argv).slice(0, SHOWN);
  const lacking = lackingProgram(argv, look);
  if (lacking !== undefined) {
    throw new HostFailure({
      code: 'PROGRAM_MISSING',
      message: `the host has no ${lacking}, without which this cannot be looked at`,
      evidence: { command, status: look.status, output: look.stderr.slice(-SHOWN) },
      next: `Install it there, or leave the host out: \`on\` of a resource names its hosts.`,
    });
  }
  throw new HostFailure({
    code: 'READ_FAILED',
    message: `${argv.slice(0, 2).join(' ')} ended with status ${look.status}`,
    evidence: { command, status: look.status, output: look.stderr.slice(-SHOWN) },
  });
}

/** Of a program that is not there the shell says so and ends with 127 (POSIX, Shell Command Language, 2.8.2). */
function lackingProgram([program = '']: readonly string[], { status, stderr }: Look): string | undefined {
  return status === 127 && stderr.includes(`${program}: not found`) ? program : undefined;
}

/** What the look printed. */
export async function readText(
  host: Reader,
  argv: readonly string[],
  expectation?: Expectation,
): Promise<string> {
  return decode((await readLook(host, argv, expectation)).stdout);
}
