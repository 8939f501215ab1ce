// What a comment asks for. Pure: text → one command, one refusal, or nothing. The grammar is closed: words and flags
// that are not known here are refused, and no text of a comment ever reaches a host.
import { parseUntil } from './until.ts';
import type { Until } from './until.ts';
import { suggest } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';

export type Command =
  | {
      readonly is: 'plan';
      /** A commit or its beginning; that it is no host is found out later. */
      readonly commit: string | undefined;
      readonly hosts: readonly string[];
    }
  | {
      readonly is: 'deploy';
      /** A digest or its beginning; undefined when none was named. */
      readonly plan: string | undefined;
      readonly only: readonly string[];
      readonly skip: readonly string[];
      /** The token of the plan. */
      readonly confirm: string | undefined;
    }
  | { readonly is: 'drift' | 'status'; readonly hosts: readonly string[] }
  | {
      readonly is: 'cancel';
      /** undefined: the one that goes on for this pull request. */
      readonly run: string | undefined;
    }
  | {
      readonly is: 'rollback';
      /** A stack or a commit; undefined: to what was deployed before. */
      readonly to: string | undefined;
    }
  | StopCommand
  | LiftCommand
  | { readonly is: 'help' };

export interface StopCommand {
  readonly is: 'freeze' | 'hold';
  readonly subject: string;
  readonly reason: string;
  /** undefined: for a day. */
  readonly until: Until | undefined;
}

export interface LiftCommand {
  readonly is: 'unfreeze' | 'release';
  readonly subject: string;
}

export type ParsedComment =
  | { readonly is: 'nothing' }
  | { readonly is: 'command'; readonly command: Command; readonly text: string }
  | { readonly is: 'refused'; readonly reason: Reason; readonly text: string };

/** All commands, as /help shows them. */
export const COMMANDS = [
  { usage: '/plan [host…]', about: 'look at the hosts again and plan; with hosts, only these are looked at' },
  {
    usage: '/deploy [plan]',
    about: 'carry out exactly the plan named; without a name, the only current one',
  },
  { usage: '/deploy [plan] --only host…', about: 'only on these hosts' },
  { usage: '/deploy [plan] --skip host…', about: 'on all hosts of the plan but these' },
  {
    usage: '/plan <commit>',
    about: 'plan the newest commit of a fork, once somebody with write has read it',
  },
  {
    usage: '/deploy <plan> --confirm <token>',
    about: 'confirm what may lose data, by the token that the plan shows',
  },
  {
    usage: '/cancel [run]',
    about: 'stop a deploy; a change or hook that runs is finished, checks end at once, nothing more is begun',
  },
  {
    usage: '/rollback [stack|commit]',
    about: 'plan the configuration of an earlier commit; `/deploy` with the name of that plan carries it out',
  },
  {
    usage: '/drift [host…]',
    about: 'look at the hosts and say what they left of what the default branch declares; nothing is changed',
  },
  {
    usage: '/status [host…]',
    about:
      'what was deployed where, from which commit, by whom and since when; what goes on now, and what is frozen or held',
  },
  {
    usage: '/freeze <stack|all> <reason> [until <time>]',
    about:
      'deploy nothing of a stack until a time such as `2d`, `4h` or `2026-12-24`; for a day unless given',
  },
  { usage: '/unfreeze <stack|all>', about: 'end it' },
  {
    usage: '/hold <host|host/kind/id> <reason> [until <time>]',
    about: 'leave a host out of deploys, or out of those that change one of its resources',
  },
  { usage: '/release <host|host/kind/id>', about: 'end it' },
  { usage: '/help', about: 'show this' },
] as const;

/** The first command of a comment. Fences, quotes and HTML comments hold none, and neither does the middle of a line. */
export function parseComment(body: string): ParsedComment {
  for (const line of visibleLines(body)) {
    const parsed = parseLine(line);
    if (parsed.is !== 'nothing') return parsed;
  }
  return { is: 'nothing' };
}

const WORDS = [
  'plan',
  'deploy',
  'cancel',
  'rollback',
  'drift',
  'status',
  'freeze',
  'unfreeze',
  'hold',
  'release',
  'help',
] as const;
type Word = (typeof WORDS)[number];

/**
 * What Markdown hides or shows as code: fenced blocks (to the end when never closed), code spans, which go on over the
 * lines of a paragraph, comments and declarations of HTML, its elements for code, and the inside of its tags.
 * https://spec.commonmark.org/0.31.2/#code-spans, #raw-html
 */
const HIDDEN = new RegExp(
  [
    '^ {0,3}(`{3,})[^\\n`]*$[^]*?(?:^ {0,3}\\1`*[ \\t]*$|(?![^]))',
    '^ {0,3}(~{3,})[^\\n]*$[^]*?(?:^ {0,3}\\2~*[ \\t]*$|(?![^]))',
    '(?<!`)(`+)(?!`)(?:(?!\\n[ \\t]*\\n)[^])*?(?<!`)\\3(?!`)',
    '<!--[^]*?(?:-->|(?![^]))',
    '<[!?][^]*?(?:>|(?![^]))',
    '<(pre|code|kbd|samp|tt|script|style|textarea|title)(?=[\\s>])[^]*?(?:</\\4\\s*>|(?![^]))',
    '</?[a-z](?:"[^"]*"|\'[^\']*\'|[^\'"<>])*>',
  ].join('|'),
  'gim',
);

/** Stands where something was hidden: what follows it on its line is still no beginning of a line. */
const GAP = '\ufffc';

const MAX_LINE = 2000;
const HOST = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const PLAN = /^[0-9a-f]{7,64}$/;
const COMMIT = /^[0-9a-f]{7,40}$/;
const RUN = /^[a-z0-9-]{1,40}$/;
const TOKEN = /^[0-9a-f]{8}$/;

function visibleLines(body: string): readonly string[] {
  return body.replaceAll('\r\n', '\n').replaceAll(HIDDEN, coverHidden).split('\n');
}

/** What is hidden within one line is no beginning of a line, and stays: `/deploy` with a plan in backticks is not a bare one. */
function coverHidden(hidden: string, ...groups: readonly (string | number | undefined)[]): string {
  const [offset, body] = groups.slice(-2);
  const begins = offset === 0 || (typeof body === 'string' && body[Number(offset) - 1] === '\n');
  if (hidden.startsWith('<!--')) return begins ? GAP : '';
  return hidden.includes('\n') ? GAP : hidden;
}

function parseLine(line: string): ParsedComment {
  const word = /^\/([A-Za-z][^\s/]{0,30})(?=\s|$)/.exec(line)?.[1];
  if (word === undefined) return { is: 'nothing' };
  const text = line.slice(0, MAX_LINE).trim();
  if (!isWord(word)) {
    const near = suggest(word.toLowerCase(), WORDS);
    if (near === undefined) return { is: 'nothing' };
    const reason = {
      code: 'COMMAND_UNKNOWN',
      message: `there is no command /${word}; did you mean /${near}?`,
    } as const;
    return { is: 'refused', reason, text };
  }
  const command = line.length > MAX_LINE ? `is longer than ${MAX_LINE} characters` : parseWords(word, line);
  if (typeof command !== 'string') return { is: 'command', command, text };
  return { is: 'refused', reason: { code: 'COMMAND_INVALID', message: `/${word}: ${command}` }, text };
}

function isWord(word: string): word is Word {
  return WORDS.some((known) => known === word);
}

/** The command, or what is wrong with it. */
function parseWords(word: Word, line: string): Command | string {
  const [, ...rest] = line.trim().split(/\s+/);
  switch (word) {
    case 'help':
      return { is: 'help' };
    case 'plan':
    case 'drift':
    case 'status':
      return parseLook(word, rest);
    case 'freeze':
    case 'hold':
      return parseStop(word, rest);
    case 'unfreeze':
    case 'release':
      return rest.length === 1 && rest[0] !== undefined
        ? { is: word, subject: rest[0] }
        : `\`/${word}\` wants exactly one name`;
    case 'deploy':
      return parseDeploy(rest);
    case 'rollback': {
      const [to, ...more] = rest;
      if (more.length > 0) return '`/rollback` wants one stack or one commit at most';
      return to === undefined || HOST.test(to)
        ? { is: 'rollback', to }
        : `\`${to}\` is no stack and no commit`;
    }
    case 'cancel': {
      const [run, ...more] = rest;
      if (more.length > 0) return '`/cancel` wants one run at most';
      return run === undefined || RUN.test(run) ? { is: 'cancel', run } : `\`${run}\` is no run`;
    }
    default:
      return word satisfies never;
  }
}

function parseLook(word: 'plan' | 'drift' | 'status', words: readonly string[]): Command | string {
  const wrong = words.find((host) => !HOST.test(host));
  if (wrong !== undefined) return `\`${wrong}\` is not the name of a host`;
  const hosts = unique(words);
  if (word !== 'plan') return { is: word, hosts };
  const [first = ''] = words;
  return { is: 'plan', commit: words.length === 1 && COMMIT.test(first) ? first : undefined, hosts };
}

function parseDeploy(words: readonly string[]): Command | string {
  const first = words[0];
  const plan = first === undefined || first.startsWith('--') ? undefined : first;
  if (plan !== undefined && !PLAN.test(plan))
    return `\`${plan}\` is not a plan; a plan is named by its digest`;
  const confirmed = takeConfirm(words.slice(plan === undefined ? 0 : 1));
  if (typeof confirmed === 'string') return confirmed;
  const { confirm } = confirmed;
  if (confirm !== undefined && plan === undefined) return '`--confirm` wants the plan named before it';
  const lists = { '--only': new Array<string>(), '--skip': new Array<string>() };
  let flag: keyof typeof lists | undefined;
  for (const word of confirmed.words) {
    if (word === '--only' || word === '--skip') {
      if (flag !== undefined && lists[flag].length === 0) return `${flag} names no host`;
      flag = word;
      continue;
    }
    if (word.startsWith('-')) return `there is no flag \`${word}\`; there are --only, --skip and --confirm`;
    if (flag === undefined) return `\`${word}\` stands where a flag is expected`;
    if (!HOST.test(word)) return `\`${word}\` is not the name of a host`;
    lists[flag].push(word);
  }
  if (flag !== undefined && lists[flag].length === 0) return `${flag} names no host`;
  return { is: 'deploy', plan, only: unique(lists['--only']), skip: unique(lists['--skip']), confirm };
}

function takeConfirm(
  words: readonly string[],
): { readonly confirm: string | undefined; readonly words: readonly string[] } | string {
  const at = words.indexOf('--confirm');
  if (at < 0) return { confirm: undefined, words };
  const token = words[at + 1];
  if (token === undefined || !TOKEN.test(token)) return '`--confirm` wants the token that the plan shows';
  return { confirm: token, words: words.toSpliced(at, 2) };
}

function parseStop(word: 'freeze' | 'hold', words: readonly string[]): Command | string {
  const [subject, ...rest] = words;
  if (subject === undefined) return word === 'freeze' ? 'names no stack' : 'names no host';
  const timed = rest.length >= 2 && rest.at(-2) === 'until';
  const until = timed ? parseUntil(rest.at(-1) ?? '') : undefined;
  if (timed && until === undefined) return `\`${rest.at(-1)}\` is no time: \`2d\`, \`4h\`, \`2026-12-24\``;
  const reason = (timed ? rest.slice(0, -2) : rest).join(' ');
  return reason === '' ? 'says no reason' : { is: word, subject, reason, until };
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}
