// The Reader over a session: all looks of one turn travel as one script in one round trip.
// A look's own failure is its status; when the host could not be asked, or answered in part, every look of the turn fails.
import { randomBytes } from 'node:crypto';
import type { Look, LookOptions, Reader, Session } from '../core/host.ts';
import { decode } from '../core/host.ts';
import { HostFailure } from '../core/reason.ts';
import { formatScript, parseScript, shellCommand } from '../core/script.ts';
import { quoteCommand } from '../core/shell.ts';

/** Seconds for a look that names no limit. */
const LOOK_LIMIT = 30;

/** Seconds beyond the longest look before the whole turn is given up. */
const GRACE = 90;

export function createReader(session: Session): Reader {
  let turn: Asked[] = [];
  const send = (): void => {
    const batch = turn;
    turn = [];
    ask(session, batch).catch((error: unknown) => {
      for (const { reject } of batch) reject(error);
    });
  };
  return {
    look: (argv, options = {}) => {
      const { promise, resolve, reject } = Promise.withResolvers<Look>();
      // Behind all that promises do in this turn: kinds that are read side by side ask together.
      if (turn.length === 0) setImmediate(send);
      turn.push({ argv, options, resolve, reject });
      return promise;
    },
  };
}

interface Asked {
  readonly argv: readonly string[];
  readonly options: LookOptions;
  readonly resolve: (look: Look) => void;
  readonly reject: (error: unknown) => void;
}

async function ask(session: Session, batch: readonly Asked[]): Promise<void> {
  const nonce = randomBytes(8).toString('hex');
  const stdin = formatScript(nonce, formatLooks(nonce, batch));
  const longest = Math.max(...batch.map(limitOf));
  const executed = await session.exec(shellCommand(session.target), { stdin, limit: longest + GRACE });
  const output = parseScript(session.target, nonce, executed);
  if (output.is === 'none') throw new HostFailure(output.reason);
  const { looks, ended } = parseLooks(nonce, output.body);
  if (output.is === 'cut' || looks.length !== batch.length) {
    throw brokenOff(session, batch, ended, executed.stderr);
  }
  for (const [index, asked] of batch.entries()) {
    const found = looks[index];
    if (found) asked.resolve(settle(found, limitOf(asked)));
  }
}

function limitOf({ options }: Asked): number {
  return options.limit ?? LOOK_LIMIT;
}

/**
 * Output goes to a file, so that a child that stays behind with our stdout holds up nothing, and comes back at the end as one
 * piece of base64, so that no byte of it can break the frame: what each look printed is told apart by the nonce, which no look
 * knows. `ulimit -f` counts 512 bytes: 128 MiB, where looks may not fill a tmpfs. TMPDIR is for what a look has to put down.
 */
const LOOK = `
T=$(mktemp -d /run/ashore-look.XXXXXX 2>/dev/null || mktemp -d /tmp/ashore-look.XXXXXX 2>/dev/null ||
  mktemp -d /usr/local/lib/ashore/tmp/look.XXXXXX) || exit 91
trap 'rm -rf "$T"' EXIT; trap 'exit 92' HUP INT TERM PIPE
ulimit -f 262144
TMPDIR=$T; export TMPDIR
IN=/dev/null
given() { printf %s "$1" | base64 -d >"$T/in" || exit 93; IN=$T/in; }
look() {
  limit=$1; shift
  read -r from rest </proc/uptime
  timeout -k 2 "$limit" "$@" <"$IN" >>"$T/all" 2>"$T/err"; status=$?
  read -r to rest </proc/uptime
  IN=/dev/null
  printf '@@%s LOOK %s %s %s\\n' "$N" "$status" "$from" "$to"
  printf '\\n@@%s\\n' "$N" >>"$T/all"
  [ ! -s "$T/err" ] || cat "$T/err" >>"$T/all"
  printf '\\n@@%s\\n' "$N" >>"$T/all"
}
`;

const ALL = 'base64 -w0 <"$T/all"; echo';

function formatLooks(nonce: string, batch: readonly Asked[]): string {
  const lines = batch.flatMap((asked) => {
    const { stdin } = asked.options;
    const given = stdin === undefined ? [] : [`given '${Buffer.from(stdin).toString('base64')}'`];
    return [...given, quoteCommand(['look', String(limitOf(asked)), ...asked.argv])];
  });
  return [`N=${nonce}`, LOOK, ...lines, ALL].join('\n');
}

interface Found {
  readonly status: number;
  readonly seconds: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** Headers first, one a look as it ends; then all that was printed. Without it no look is complete. */
function parseLooks(
  nonce: string,
  body: Buffer,
): { readonly looks: readonly Found[]; readonly ended: number } {
  const header = new RegExp(`^@@${nonce} LOOK (\\d+) ([\\d.]+) ([\\d.]+)$`);
  const lines = splitLines(body);
  const headers = lines.map((line) => header.exec(line));
  const ended = headers.findIndex((match) => match === null);
  if (ended < 0) return { looks: [], ended: lines.length };
  const printed = splitPrinted(nonce, Buffer.from(lines[ended] ?? '', 'base64'));
  const looks = headers.slice(0, ended).flatMap((match, index): Found[] => {
    const [stdout, stderr] = [printed[2 * index], printed[2 * index + 1]];
    if (!match || !stdout || !stderr) return [];
    const [, status, from, to] = match;
    const seconds = Number(to) - Number(from);
    return [{ status: Number(status), seconds, stdout, stderr: decode(stderr) }];
  });
  return { looks, ended };
}

/** Lines that ended; the rest was cut off. All is ASCII here, and a line may have many megabytes. */
function splitLines(body: Buffer): readonly string[] {
  return body.toString('latin1').split('\n').slice(0, -1);
}

/** Each part ends with a line of the nonce. */
function splitPrinted(nonce: string, all: Buffer): readonly Buffer[] {
  const mark = Buffer.from(`\n@@${nonce}\n`);
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = all.indexOf(mark); at >= 0; at = all.indexOf(mark, from)) {
    parts.push(all.subarray(from, at));
    from = at + mark.length;
  }
  return parts;
}

/** timeout(1) says 124 when TERM was enough, and 137 when the command had to be killed. */
function settle(found: Found, limit: number): Look {
  const killed = found.status === 137 && found.seconds >= limit;
  return { status: killed ? 124 : found.status, stdout: found.stdout, stderr: found.stderr };
}

function brokenOff(session: Session, batch: readonly Asked[], done: number, stderr: string): HostFailure {
  const last = batch[Math.min(done, batch.length - 1)];
  const command = last ? quoteCommand(last.argv) : '';
  const shown = command.length > 200 ? `${command.slice(0, 200)}…` : command;
  return new HostFailure({
    code: 'READ_FAILED',
    message: `${session.target.host}: the look ended before its end, at: ${shown}`,
    evidence: { command, output: stderr.trim().slice(-2000) },
  });
}
