// One change for a terminal: what and why, what it interrupts or loses, fields and text, and in full its commands.
import type { Verb } from '../core/kind.ts';
import type { Change } from '../core/plan.ts';
import type { Where } from '../core/problem.ts';
import { commandsOf, formatCommand } from '../core/step.ts';
import type { Paint } from './ansi.ts';
import { clip, oneLine, visible } from './escape.ts';
import { interruptionsOf } from './risk.ts';
import { renderUnified } from './unified.ts';
import { causeWords, count } from './words.ts';

export interface ChangeLook {
  readonly paint: Paint;
  readonly width: number;
  readonly verbose: boolean;
}

type Field = Change['fields'][number];

const SIGNS = {
  create: { sign: '+', style: 'green' },
  update: { sign: '~', style: 'yellow' },
  reload: { sign: '~', style: 'yellow' },
  restart: { sign: '~', style: 'yellow' },
  replace: { sign: '±', style: 'red' },
  delete: { sign: '-', style: 'red' },
  adopt: { sign: '=', style: 'blue' },
  forget: { sign: '=', style: 'blue' },
  run: { sign: '!', style: 'yellow' },
} as const satisfies Record<Verb, { sign: string; style: Parameters<Paint>[0] }>;

const INDENT = '      ';
const SHOWN_LINES = 30;

export function renderChangeTerminal(change: Change, number: number, look: ChangeLook): readonly string[] {
  const { paint, verbose } = look;
  const { sign, style } = SIGNS[change.verb];
  const causes = change.causes.map((cause) => hereWords(cause)).join(', ');
  const where = change.where === null ? '' : paint('dim', `  ${placeOf(change.where)}`);
  const what = `${sign} ${change.verb} ${oneLine(change.ref)}`;
  return [
    `  ${number}. ${paint(style, what)}: ${oneLine(change.reason)} (${causes})${where}`,
    ...renderWarnings(change, paint),
    ...change.fields.flatMap((field) => renderField(field, look)),
    ...change.notes.map((note) => `${INDENT}note: ${oneLine(note)}`),
    ...(verbose ? renderCommands(change, paint) : []),
  ];
}

/** In a checkout nothing needs to have been merged. */
function hereWords(cause: Change['causes'][number]): string {
  return cause === 'undeployed' ? 'declared and never deployed' : causeWords(cause, 'this change');
}

/** `deploy-configs/shop.yml:14`. */
export function placeOf({ file, line }: Where): string {
  return `${oneLine(file)}:${line}`;
}

function renderWarnings(change: Change, paint: Paint): readonly string[] {
  const interrupts = interruptionsOf(change).map(oneLine);
  return [
    ...(change.data === 'lost' ? [paint('red', `${INDENT}DATA IS LOST`)] : []),
    ...(change.data === 'kept' ? [`${INDENT}data is kept`] : []),
    ...(interrupts.length > 0 ? [paint('yellow', `${INDENT}interrupts: ${interrupts.join(', ')}`)] : []),
  ];
}

function renderField(field: Field, { paint, width, verbose }: ChangeLook): readonly string[] {
  if (field.as !== 'text') {
    return [
      `${INDENT}${oneLine(field.name)}: ${value(field.before, verbose)} → ${value(field.after, verbose)}`,
    ];
  }
  const limits = verbose
    ? { lines: Infinity, width: Infinity }
    : { lines: SHOWN_LINES, width: Math.max(80, width - INDENT.length - 2) };
  const { lines, added, removed } = renderUnified(field.before, field.after, limits);
  return [
    `${INDENT}${oneLine(field.name)}: +${count(added, 'line')}, -${count(removed, 'line')}`,
    ...lines.map((line) => `${INDENT}  ${paintLine(visible(line), paint)}`),
  ];
}

function paintLine(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint('green', line);
  if (line.startsWith('-')) return paint('red', line);
  return line.startsWith('@@') ? paint('cyan', line) : line;
}

function value(text: string | null, verbose: boolean): string {
  if (text === null) return '(absent)';
  if (text === '') return '(empty)';
  return verbose ? oneLine(text) : clip(oneLine(text), 120);
}

function renderCommands(change: Change, paint: Paint): readonly string[] {
  const commands = change.steps.flatMap(commandsOf).map((command) => visible(formatCommand(command)));
  return commands.map((command) => paint('dim', `${INDENT}${command.startsWith('#') ? '' : '$ '}${command}`));
}
