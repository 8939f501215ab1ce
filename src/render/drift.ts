// Drift in markdown: what a stack declares, what was deployed and what its hosts have now, and the two ways out of it.
// The issue of a stack is written anew from each look; nothing is ever parsed back out of it.
import type { Differing, StackDrift } from '../core/drift.ts';
import type { Change, Sighted } from '../core/plan.ts';
import type { Link } from './change.ts';
import { renderWhere } from './change.ts';
import { code, fence, prose, proseWithCode } from './escape.ts';
import { block, fit } from './fit.ts';
import type { Body } from './fit.ts';
import { groupBy } from './group.ts';
import type { Some } from './group.ts';
import { hostWords } from './host-table.ts';
import { renderReason } from './reason.ts';
import { renderUnified } from './unified.ts';
import { count, shortCommit, time } from './words.ts';

/** One look at what a branch declares. */
export interface DriftLook {
  readonly commit: string;
  /** ISO 8601. */
  readonly at: string;
  readonly link?: Link;
}

const LIMIT = 60_000;
const NOTICE = 300;
const HEAD = 9;
const SHOWN = { lines: 200, width: 300 };
const SHOWN_FIELDS = 40;
const SHOWN_GROUPS = 100;
const SHOWN_UNREAD = 30;

/** The title of a stack's issue. */
export function renderDriftTitle({ stack, drifted }: StackDrift): string {
  const hosts = new Set(drifted.map(({ host }) => host)).size;
  const resources = new Set(drifted.map(({ change }) => change.ref)).size;
  return `Drift: ${stack} (${count(resources, 'resource')} on ${count(hosts, 'host')})`;
}

export function renderDriftIssue(drift: StackDrift, look: DriftLook): string {
  const { drifted, undeployed } = drift;
  const bodies = [
    block(HEAD, renderVerdict(drift, look)),
    block(HEAD, waysOut('comment `/plan` here')),
    ...section('What the hosts left after it was deployed', drifted, look.link),
    ...section('What was merged and never deployed', undeployed, look.link),
    block(HEAD, renderUnread(drift)),
  ];
  return fitted(bodies);
}

/** The answer to /drift: all stacks in one comment. */
export function renderDriftReply(drifts: readonly StackDrift[], look: DriftLook): string {
  const clean = drifts.filter((drift) => differing(drift).length === 0 && drift.unread.length === 0);
  const names = clean.map(({ stack }) => code(stack)).join(', ');
  const bodies = [
    block(
      HEAD,
      `## Drift · commit ${code(shortCommit(look.commit))} · hosts looked at ${prose(time(look.at))}`,
    ),
    block(HEAD, clean.length === 0 ? '' : `As declared, and as it was deployed: ${names}`),
    ...drifts
      .filter((drift) => !clean.includes(drift))
      .flatMap((drift) => [
        block(HEAD, `### ${code(drift.stack)}: ${driftWords(drift)}`),
        ...section('What the hosts left after it was deployed', drift.drifted, look.link),
        ...section('What was merged and never deployed', drift.undeployed, look.link),
        block(HEAD, renderUnread(drift)),
      ]),
    block(HEAD, clean.length === drifts.length ? '' : waysOut('comment `/plan` on the issue of the stack')),
  ];
  return fitted(bodies);
}

/** What is said when an issue is closed by a look that found nothing. */
export function renderDriftOver({ stack, undeployed }: StackDrift, { commit, at }: DriftLook): string {
  const of = `commit ${code(shortCommit(commit))}`;
  const words =
    undeployed.length === 0
      ? `All hosts of ${code(stack)} are as ${of} declares`
      : `All hosts of ${code(stack)} are as they were deployed; never deployed: ${count(undeployed.length, 'change')} of ${of}`;
  return `${words}, looked at ${prose(time(at))}.`;
}

/** `2 resources drifted, 1 was never deployed, 1 host could not be looked at`. */
export function driftWords({ drifted, undeployed, unread }: StackDrift): string {
  const words = [
    ...(drifted.length > 0 ? [`${count(drifted.length, 'resource')} drifted`] : []),
    ...(undeployed.length > 0 ? [`${count(undeployed.length, 'change')} never deployed`] : []),
    ...(unread.length > 0 ? [`${count(unread.length, 'look')} failed`] : []),
  ];
  return words.length === 0 ? 'no drift' : words.join(', ');
}

/** `look` is what brings the plan. */
function waysOut(look: string): string {
  return [
    '**Two ways out**, both yours to choose; nothing is repaired by itself.',
    '- **Keep what is there**: open a pull request that writes what was found into the configuration, at the lines named below. Its plan then has nothing to do but to record it.',
    `- **Put back what is declared**: ${look}, then \`/deploy\` with the name of that plan. From a checkout: \`ashore plan --all\`, then \`ashore deploy <plan>\`.`,
  ].join('\n');
}

function fitted(bodies: readonly Body[]): string {
  const { text, parts } = fit(bodies, LIMIT - NOTICE, (body) => body.length);
  if (parts === 0) return text;
  return `${text}\n\n*Left out for want of room: the details of ${count(parts, 'resource')}. \`ashore drift --verbose\` shows all of it in a terminal.*`;
}

function differing({ drifted, undeployed }: StackDrift): readonly Differing[] {
  return [...drifted, ...undeployed];
}

function renderVerdict(drift: StackDrift, { commit, at }: DriftLook): string {
  return `${code(drift.stack)}: **${driftWords(drift)}**, against commit ${code(shortCommit(commit))}, looked at ${prose(time(at))}. Hosts were only read.`;
}

function section(title: string, all: readonly Differing[], link: Link | undefined): readonly Body[] {
  if (all.length === 0) return [];
  const groups = groupBy(all, ({ change }) => JSON.stringify(shown(change)));
  const parts = groups.slice(0, SHOWN_GROUPS).map((group) => ({
    rank: 1,
    brief: `- ${renderTitle(group, link)}`,
    full: () => renderDiffering(group, link),
  }));
  const more = groups.length - parts.length;
  const close = more > 0 ? `… and ${count(more, 'more resource')}` : '';
  return [{ rank: 2, open: `**${title}**`, parts, close }];
}

/** What a reader sees; hosts that read the same are told of once. */
function shown({ ref, reason, fields, notes, applied, where }: Change): readonly unknown[] {
  return [ref, reason, fields, notes, applied, where];
}

function renderTitle(group: Some<Differing>, link: Link | undefined): string {
  const [{ change }] = group;
  const from = change.where === null ? '' : ` · declared at ${renderWhere(change.where, link)}`;
  return `${code(change.ref)} on ${hostWords(group.map(({ host }) => host))}: ${proseWithCode(change.reason)}${from}`;
}

function renderDiffering(group: Some<Differing>, link: Link | undefined): string {
  const [{ change }] = group;
  const { applied, fields, notes } = change;
  const history = applied
    ? `Deployed ${prose(time(applied.at))} by ${code(applied.by)} from commit ${code(shortCommit(applied.commit))}, run ${code(applied.run)}.`
    : 'Never deployed to this host by Ashore.';
  const values = fields.filter((field) => field.as !== 'text').slice(0, SHOWN_FIELDS);
  const texts = fields.filter((field) => field.as === 'text');
  return [
    `⚠️ ${renderTitle(group, link)}`,
    history,
    ...renderSightings(group),
    ...(values.length === 0 ? [] : [renderValues(values)]),
    ...texts.map(renderText),
    ...notes.map((note) => `- ${proseWithCode(note)}`),
  ].join('\n\n');
}

/** Hosts that came to differ at different times are told of each; who did it only where a host has noted that. */
function renderSightings(group: Some<Differing>): readonly string[] {
  const told = group.flatMap(({ host, change: { sighted } }) => (sighted ? [{ host, sighted }] : []));
  const alike = groupBy(told, ({ sighted }) => sightedWords(sighted));
  if (alike.length === 0) return [];
  const lines = alike.slice(0, SHOWN_SIGHTINGS).map((hosts) => {
    const on = group.length > 1 ? ` on ${hostWords(hosts.map(({ host }) => host))}` : '';
    return `Found${on}: ${sightedWords(hosts[0].sighted)}.`;
  });
  const more = alike.length - lines.length;
  return [[...lines, ...(more > 0 ? [`… and at ${count(more, 'other time')}.`] : [])].join('  \n')];
}

function sightedWords({ at, by, how }: Sighted): string {
  const who = by === undefined ? '' : ` by ${code(by, 60)}`;
  const command = how === undefined ? '' : ` with ${code(how, 200)}`;
  return `last changed there ${prose(time(at))}${who}${command}`;
}

const SHOWN_SIGHTINGS = 10;

type Field = Change['fields'][number];

function renderValues(fields: readonly Field[]): string {
  const rows = fields.map(
    ({ name, before, after }) => `| ${code(name)} | ${value(after)} | ${value(before)} |`,
  );
  return ['| Field | Declared | On the host now |', '|---|---|---|', ...rows].join('\n');
}

function value(text: string | null): string {
  if (text === null) return '*absent*';
  return text === '' ? '*empty*' : code(text);
}

/** As it came about: from what is declared to what is there now. */
function renderText({ name, before, after }: Field): string {
  const { lines, added, removed } = renderUnified(after, before, SHOWN);
  return `${prose(name)}, declared − and found + (+${added} −${removed})\n\n${fence(lines.join('\n'), 'diff')}`;
}

function renderUnread({ unread }: StackDrift): string {
  if (unread.length === 0) return '';
  const lines = unread
    .slice(0, SHOWN_UNREAD)
    .map(
      ({ host, ref, reason }) => `- ${code(ref === null ? host : `${host}/${ref}`)}: ${renderReason(reason)}`,
    );
  const more = unread.length - lines.length;
  return [
    '**What could not be looked at**, so that nothing is said of it',
    ...lines,
    ...(more > 0 ? [`- … and ${more} more`] : []),
  ].join('\n');
}
