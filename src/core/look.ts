// A look that must succeed: a failed read becomes a READ_FAILED with its evidence, never an absence.
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
  throw new HostFailure({
    code: 'READ_FAILED',
    message: `${argv.slice(0, 2).join(' ')} ended with status ${look.status}`,
    evidence: { command, status: look.status, output: look.stderr.slice(-SHOWN) },
  });
}

/** What the look printed. */
export async function readText(
  host: Reader,
  argv: readonly string[],
  expectation?: Expectation,
): Promise<string> {
  return decode((await readLook(host, argv, expectation)).stdout);
}
