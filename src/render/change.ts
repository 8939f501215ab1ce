// One change in markdown: in brief as one line of a list, in full with fields, text, warnings and commands.
import type { Change } from '../core/plan.ts';
import type { Where } from '../core/problem.ts';
import { commandsOf, formatCommand } from '../core/step.ts';
import { code, fence, prose, proseWithCode, renderLink } from './escape.ts';
import { interruptionsOf, markOf, riskOf } from './risk.ts';
import { renderUnified } from './unified.ts';
import { causeWords, count, list } from './words.ts';

/** Gives the address of a line of the configuration on GitHub. */
export type Link = (where: Where) => string;

type Field = Change['fields'][number];

const SHOWN = { lines: 300, width: 300 };
const SHOWN_COMMANDS = 40;
const SHOWN_FIELDS = 40;

/** `- **3. update** file/etc/x: why · cause`. */
export function renderChangeLine(change: Change, number: number): string {
  return `- ${numbered(change, number)}: ${proseWithCode(change.reason)} · ${causesOf(change)}`;
}

export function renderChange(change: Change, number: number, link: Link | undefined): string {
  const from = change.where === null ? '' : ` · from ${renderWhere(change.where, link)}`;
  const why = `${proseWithCode(change.reason)} · ${causesOf(change)}${from}`;
  const texts = change.fields.filter((field) => field.as === 'text');
  const values = change.fields.filter((field) => field.as !== 'text');
  return [
    `${markOf(riskOf(change))} ${numbered(change, number)}: ${why}`,
    ...renderWarnings(change),
    ...(values.length > 0 ? [renderFields(values)] : []),
    ...texts.map(renderText),
    ...(change.notes.length > 0 ? [change.notes.map((note) => `- ${proseWithCode(note)}`).join('\n')] : []),
    ...renderCommands(change),
  ].join('\n\n');
}

/** `deploy-configs/shop.yml:14`, as a link where there is one. */
export function renderWhere(where: Where, link: Link | undefined): string {
  const text = code(`${where.file}:${where.line}`);
  return link ? renderLink(text, link(where)) : text;
}

/** Why the change is in the plan; what the pull request did not ask for stands out. */
function causesOf(change: Change): string {
  return change.causes
    .map((cause) => causeWords(cause, 'this pull request'))
    .map((words, index) => (change.causes[index] === 'this-change' ? words : `**${words}**`))
    .join(', ');
}

function numbered(change: Change, number: number): string {
  return `**${number}. ${change.verb}** ${code(change.ref)}`;
}

function renderWarnings(change: Change): readonly string[] {
  const interrupts = interruptionsOf(change);
  return [
    ...(change.data === 'lost' ? ['**Data is lost.**'] : []),
    ...(change.data === 'kept' ? ['Data is kept.'] : []),
    ...(interrupts.length > 0 ? [`Interrupts: ${interrupts.map((what) => code(what)).join(', ')}`] : []),
  ];
}

function renderFields(fields: readonly Field[]): string {
  const rows = fields
    .slice(0, SHOWN_FIELDS)
    .map(({ name, before, after }) => `| ${code(name)} | ${value(before)} | ${value(after)} |`);
  const more = fields.slice(SHOWN_FIELDS).map((field) => field.name);
  return [
    '| Field | Before | After |',
    '|---|---|---|',
    ...rows,
    ...(more.length > 0 ? [`| ${code(list(more, 5))} | … | … |`] : []),
  ].join('\n');
}

function value(text: string | null): string {
  if (text === null) return '*absent*';
  return text === '' ? '*empty*' : code(text);
}

function renderText(field: Field): string {
  const { lines, added, removed } = renderUnified(field.before, field.after, SHOWN);
  const was = field.before === null ? ', new' : '';
  const is = field.after === null ? ', removed' : '';
  return `${prose(field.name)} (+${added} −${removed}${was}${is})\n\n${fence(lines.join('\n'), 'diff')}`;
}

function renderCommands(change: Change): readonly string[] {
  const commands = change.steps.flatMap(commandsOf).map(formatCommand);
  if (commands.length === 0) return [];
  const more = commands.length - SHOWN_COMMANDS;
  const shown = [
    ...commands.slice(0, SHOWN_COMMANDS),
    ...(more > 0 ? [`# … ${count(more, 'more command')}`] : []),
  ];
  const summary = `<details><summary>${count(commands.length, 'command')}</summary>`;
  return [summary, fence(shown.join('\n'), 'sh'), '</details>'];
}
