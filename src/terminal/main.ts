// Every command of the terminal: what was typed, refused or handed to the file of that command. Each loads only what it needs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS, EXIT, HELP, isCommand, parseCommandLine } from '../command-line.ts';
import type { Command, Exit, Flags } from '../command-line.ts';
import { suggest } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';

export async function main(argv: readonly string[]): Promise<Exit> {
  const parsed = parseCommandLine(argv);
  if ('refused' in parsed) return refuse('COMMAND_INVALID', parsed.refused);
  const { values, positionals } = parsed;
  const [command, ...rest] = positionals;
  if (values.version) return showVersion();
  if (values.help || command === undefined || command === 'help') {
    process.stdout.write(HELP);
    return command === undefined && !values.help ? EXIT.failed : EXIT.done;
  }
  if (!isCommand(command)) return refuseCommand(command);
  return refuseExtra(command, rest, values) ?? runCommand(command, rest, values);
}

/** Of package.json beside the source, and the Node it runs on. */
function showVersion(): Exit {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const version = /"version": "([^"]+)"/.exec(text)?.[1];
  process.stdout.write(`ashore ${version}, node ${process.versions.node}\n`);
  return EXIT.done;
}

async function refuseCommand(text: string): Promise<Exit> {
  const near = suggest(text, Object.keys(COMMANDS));
  return refuse('COMMAND_UNKNOWN', `there is no command ${text}${near ? `; did you mean ${near}?` : ''}`);
}

function refuseExtra(command: Command, rest: readonly string[], flags: Flags): Promise<Exit> | undefined {
  const { words, flags: known } = COMMANDS[command];
  const [word] = rest.slice(words);
  if (word !== undefined) return refuse('COMMAND_INVALID', `${command} takes no further word: ${word}`);
  const own: readonly string[] = [...known, 'help', 'directory'];
  const flag = Object.keys(flags).find((name) => !own.includes(name));
  return flag === undefined ? undefined : refuse('COMMAND_INVALID', `${command} takes no --${flag}`);
}

async function runCommand(command: Command, rest: readonly string[], flags: Flags): Promise<Exit> {
  if (command === 'explain') return (await import('./explain.ts')).explain(rest[0]);
  const { openCheckout } = await import('../checkout.ts');
  const checkout = await openCheckout(flags.directory ?? process.cwd());
  if (!checkout) return refuse('COMMAND_INVALID', `there is no directory ${flags.directory}`);
  switch (command) {
    case 'validate':
      return (await import('./validate.ts')).validate(checkout);
    case 'plan':
      return (await import('./plan.ts')).plan(checkout, rest, flags);
    case 'deploy':
      return (await import('./deploy.ts')).deploy(checkout, rest, flags);
    case 'drift':
      return (await import('./drift.ts')).drift(checkout, rest, flags);
    case 'status':
      return (await import('./status.ts')).status(checkout, rest, flags);
    case 'bootstrap':
      return (await import('./bootstrap.ts')).bootstrap(checkout, rest, flags);
    default:
      return command satisfies never;
  }
}

async function refuse(code: Reason['code'], message: string): Promise<Exit> {
  return (await import('./say.ts')).refuse(code, message);
}
