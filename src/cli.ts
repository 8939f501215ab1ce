#!/usr/bin/env node
// The terminal: each command on a checkout, with the server's own plan, digest and codes. A command loads only what it needs.
// Exit status 0: nothing to do, or done · 2: there are changes · 1: failed, refused, or the configuration is not valid.
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS, HELP, isCommand, parseCommandLine } from './command-line.ts';
import type { Command, Flags } from './command-line.ts';
import { suggest } from './core/problem.ts';
import { EXIT, refuse } from './terminal/say.ts';
import type { Exit } from './terminal/say.ts';

keepCompiled();

/** Whoever reads may have seen enough, as head(1) has; the work goes on and ends with its own status. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await main(process.argv.slice(2));

/** Stripping types and compiling are most of a short command. In the user's own directory, where nobody else can put code. */
function keepCompiled(): void {
  try {
    enableCompileCache(join(homedir(), '.cache', 'ashore'));
  } catch {
    // An account without an entry in passwd(5) has no such directory.
  }
}

async function main(argv: readonly string[]): Promise<Exit> {
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
  return refuseExtra(command, rest, values) ?? (await runCommand(command, rest, values));
}

/** Of package.json beside the source, and the Node it runs on. */
function showVersion(): Exit {
  const text = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8');
  const version = /"version": "([^"]+)"/.exec(text)?.[1];
  process.stdout.write(`ashore ${version}, node ${process.versions.node}\n`);
  return EXIT.done;
}

function refuseCommand(text: string): Exit {
  const near = suggest(text, Object.keys(COMMANDS));
  return refuse('COMMAND_UNKNOWN', `there is no command ${text}${near ? `; did you mean ${near}?` : ''}`);
}

function refuseExtra(command: Command, rest: readonly string[], flags: Flags): Exit | undefined {
  const { words, flags: known } = COMMANDS[command];
  const [word] = rest.slice(words);
  if (word !== undefined) return refuse('COMMAND_INVALID', `${command} takes no further word: ${word}`);
  const own: readonly string[] = [...known, 'help', 'directory'];
  const flag = Object.keys(flags).find((name) => !own.includes(name));
  return flag === undefined ? undefined : refuse('COMMAND_INVALID', `${command} takes no --${flag}`);
}

async function runCommand(command: Command, rest: readonly string[], flags: Flags): Promise<Exit> {
  if (command === 'explain') return (await import('./terminal/explain.ts')).explain(rest[0]);
  const { openCheckout } = await import('./checkout.ts');
  const checkout = await openCheckout(flags.directory ?? process.cwd());
  if (!checkout) return refuse('COMMAND_INVALID', `there is no directory ${flags.directory}`);
  switch (command) {
    case 'validate':
      return (await import('./terminal/validate.ts')).validate(checkout);
    case 'plan':
      return (await import('./terminal/plan.ts')).plan(checkout, rest, flags);
    case 'deploy':
      return (await import('./terminal/deploy.ts')).deploy(checkout, rest, flags);
    case 'drift':
      return (await import('./terminal/drift.ts')).drift(checkout, rest, flags);
    case 'status':
      return (await import('./terminal/status.ts')).status(checkout, rest, flags);
    case 'bootstrap':
      return (await import('./terminal/bootstrap.ts')).bootstrap(checkout, rest, flags);
    default:
      return command satisfies never;
  }
}
