// What can be typed after `ashore`: commands, words and flags, the text that says so, and with what status it ends.
import { parseArgs } from 'node:util';

/** 0: nothing to do, or done · 2: there are changes · 1: failed, refused, or the configuration is not valid. */
export const EXIT = { done: 0, failed: 1, changes: 2 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export const HELP = `ashore: plans a checkout's deploy-configs/ against its live hosts, and carries out exactly that plan

  ashore validate                  check the configuration; no host is asked
  ashore plan [host|group…]        look at the hosts and say what would change, and why
    --base <commit>                plan only the stacks that differ from this commit
                                   (default: where the branch left origin's default branch; all stacks on it)
    --all                          plan every stack
    --json                         the plan as JSON
    --verbose                      every command, and every line that differs
  ashore deploy <plan>             carry out a plan, by its digest
    --only <host>  --skip <host>   only these hosts, or all but these; may be given more than once, and a group as well
    --json                         the report as JSON
  ashore drift [host|group…]       what the hosts left of what is declared, and what they never got; hosts are only read
    --json  --verbose
  ashore status [host|group…]      what was deployed where, from which commit, by whom and since when, and whether it is
                                   still so; hosts are only read
    --json
  ashore bootstrap <host>          print the script that sets the host up, for you to read and run there as root
    --deploy-key <file.pub>        the key that deploys
    --plan-key <file.pub>          the key that plans, and can only look
  ashore explain [CODE]            what a reason code means and who can do what about it; without one, all of them

  -C <directory>                   the checkout; default: here
  --version

Hosts are logged in to with the key ASHORE_SSH_KEY_PATH names, or with the agent at SSH_AUTH_SOCK.
Planning uses the key ASHORE_PLAN_KEY_PATH names, where that is set.
Exit status: 0 nothing to do, or done · 2 there are changes · 1 failed, refused or not valid
`;

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  all: { type: 'boolean' },
  verbose: { type: 'boolean', short: 'v' },
  base: { type: 'string' },
  only: { type: 'string', multiple: true },
  skip: { type: 'string', multiple: true },
  'plan-key': { type: 'string' },
  'deploy-key': { type: 'string' },
  version: { type: 'boolean' },
  directory: { type: 'string', short: 'C' },
} as const;

export type Flags = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** How many words follow each command, and which flags; a word or flag too many is never just left out. */
export const COMMANDS = {
  validate: { words: 0, flags: [] },
  plan: { words: Infinity, flags: ['base', 'all', 'json', 'verbose'] },
  deploy: { words: 1, flags: ['only', 'skip', 'json'] },
  drift: { words: Infinity, flags: ['json', 'verbose'] },
  status: { words: Infinity, flags: ['json'] },
  bootstrap: { words: 1, flags: ['plan-key', 'deploy-key'] },
  explain: { words: 1, flags: [] },
} as const satisfies Record<string, { words: number; flags: readonly (keyof typeof OPTIONS)[] }>;
export type Command = keyof typeof COMMANDS;

export function parseCommandLine(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // The sentences that follow speak of arguments that begin with a dash.
    return { refused: error instanceof Error ? error.message.replace(/\.\s.*/s, '') : String(error) };
  }
}

export function isCommand(text: string): text is Command {
  return Object.hasOwn(COMMANDS, text);
}
