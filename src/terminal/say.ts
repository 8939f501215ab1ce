// What the terminal says and how it ends: answers on stdout, complaints and progress on stderr, one exit status.
import { describeReason } from '../core/reason.ts';
import type { Problem } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import { goneStacks } from '../core/status.ts';
import type { RecordedOn } from '../core/status.ts';
import type { ConfigFiles } from '../deploy.ts';
import { atTerminal } from '../render/reason.ts';
import { EXIT } from '../command-line.ts';
import type { Exit, Flags } from '../command-line.ts';

export async function showProblems(problems: readonly Problem[], files: ConfigFiles): Promise<Exit> {
  const { renderProblemsTerminal } = await import('../render/terminal.ts');
  const readLine = (file: string, line: number) => {
    const bytes = files.get(file);
    return bytes && new TextDecoder().decode(bytes).split('\n')[line - 1];
  };
  return complain(renderProblemsTerminal(problems, readLine));
}

export function refuse(code: Reason['code'], message: string, next?: string): Exit {
  return showReason({ code, message, ...(next === undefined ? {} : { next }) });
}

export function showReason(reason: Reason): Exit {
  const { next, what } = describeReason(reason);
  const here = `next: ${atTerminal(next)}`;
  const words = [`${reason.code}: ${what}`, reason.message, reason.evidence?.output, here];
  return complain(words.filter((word) => word !== undefined).join('\n'));
}

/**
 * On a terminal one line that is written over; an empty text takes it away. Elsewhere, as in CI, nothing can be written over: there each
 * line of `log` is written once, with the time, so that whoever waits sees what goes on.
 */
export function showProgress(text: string, log: readonly string[] = text === '' ? [] : [text]): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    return;
  }
  for (const line of log.filter((each) => !logged.has(each))) {
    logged.add(line);
    process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
  }
}

const logged = new Set<string>();

export function look(flags: Flags) {
  const { isTTY, columns } = process.stdout;
  const color = isTTY && process.stdout.hasColors();
  return { color, width: columns ?? 100, verbose: flags.verbose ?? false };
}

/** After an answer: what no file declares any more and hosts still have. Where the answer is data, beside it. */
export async function showGone(
  recorded: RecordedOn,
  declared: readonly string[],
  flags: Flags,
): Promise<void> {
  const gone = goneStacks(recorded, new Set(declared));
  if (gone.length === 0) return;
  const { renderGoneTerminal } = await import('../render/terminal-status.ts');
  const text = `\n${renderGoneTerminal(gone, look(flags))}`;
  if (flags.json) complain(text);
  else print(text);
}

export function print(text: string): void {
  process.stdout.write(`${text.trimEnd()}\n`);
}

export function complain(text: string): Exit {
  process.stderr.write(`${text.trimEnd()}\n`);
  return EXIT.failed;
}
