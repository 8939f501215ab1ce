// The bodies of a plan: what each group of hosts gets, in order; why hosts and resources cannot be planned; the rest.
import type { Change } from '../core/plan.ts';
import type { Link } from './change.ts';
import { renderChange, renderChangeLine, renderWhere } from './change.ts';
import type { Reason } from '../core/reason.ts';
import { code, htmlCode } from './escape.ts';
import type { Body, Fitted, Part } from './fit.ts';
import type { BlockedGroup, ChangeGroup, Groups, RowGroup } from './group.ts';
import { renderCommandLine, renderEvidence, renderReason, renderWhoAndNext } from './reason.ts';
import { markOf, rankOf, riskOf } from './risk.ts';
import { count, list } from './words.ts';

/** Changes of one group that get a line each; of more, those with the least risk are counted. */
const SHOWN_CHANGES = 250;
const SHOWN_HOSTS = 500;
/** Changes that are named in the line of a fold. */
const SUMMED_CHANGES = 4;
const EVIDENCE_LINES = 20;
const BLOCKED_RANK = 3;
const ALIKE_RANK = -1;
const SAME_RANK = -2;
/** Changes up to which the body of one more host tells each in full. */
const FULL_CHANGES = 30;

export function planBodies(groups: Groups, link: Link | undefined): readonly Body[] {
  return [
    ...blockedBody(groups, link),
    ...groups.rows.flatMap((row) => rowBodies(row, link)),
    ...sameBody(groups),
  ];
}

/** What had no room and where it can be seen; empty when all of it is there. */
export function renderLeftOut({ bodies, parts }: Fitted): string {
  const left = [
    ...(parts > 0 ? [`the details of ${count(parts, 'change')}`] : []),
    ...(bodies > 0 ? [`${count(bodies, 'section')} whole`] : []),
  ];
  if (left.length === 0) return '';
  return `*Left out for want of room, lowest risk first: ${left.join(' and ')}. \`ashore plan --verbose\` shows all of it in a terminal.*`;
}

/** One body for what is done to these hosts; where values differ, the other hosts' follow where there is room. */
function rowBodies({ groups }: RowGroup, link: Link | undefined): readonly Body[] {
  const [first, ...others] = groups;
  return [
    groupBody(first, link),
    ...others.map((group) => optional(ALIKE_RANK, () => renderWhole(group, link))),
  ];
}

function renderWhole(group: ChangeGroup, link: Link | undefined): string {
  const { open, parts, close } = groupBody(group, link);
  const inner = parts.map((part) => (parts.length > FULL_CHANGES ? part.brief : part.full()));
  return [open, ...inner, close].join('\n\n');
}

function groupBody({ hosts, changes, risk }: ChangeGroup, link: Link | undefined): Body {
  const names =
    hosts.length > 5 ? count(hosts.length, 'host') : hosts.map((host) => htmlCode(host)).join(', ');
  const all = hosts.slice(0, SHOWN_HOSTS).map((host) => code(host));
  const more = hosts.length - all.length;
  const everyone = hosts.length > 5 ? `\n\nOn ${all.join(', ')}${more > 0 ? ` and ${more} more` : ''}:` : '';
  return {
    rank: rankOf(risk),
    open: `<details><summary>${markOf(risk)} ${risk}: ${names} · ${changeWords(changes)}</summary>${everyone}`,
    parts: changeParts(changes, link),
    close: '</details>',
  };
}

/** What happens, for the line that is seen while the body is folded. */
function changeWords(changes: readonly Change[]): string {
  const order = changes.length > 1 ? ' in this order' : '';
  const words = changes.map((change) => `${change.verb} ${htmlCode(change.ref, 60)}`);
  return `${count(changes.length, 'change')}${order}: ${list(words, SUMMED_CHANGES)}`;
}

function changeParts(changes: readonly Change[], link: Link | undefined): readonly Part[] {
  const numbered = changes.map((change, index) => ({
    change,
    number: index + 1,
    rank: rankOf(riskOf(change)),
  }));
  const shown = new Set(numbered.toSorted((a, b) => b.rank - a.rank).slice(0, SHOWN_CHANGES));
  const rest = numbered.filter((entry) => !shown.has(entry)).map((entry) => entry.change);
  return [
    ...numbered
      .filter((entry) => shown.has(entry))
      .map(({ change, number, rank }) => ({
        rank,
        brief: renderChangeLine(change, number),
        full: () => renderChange(change, number, link),
      })),
    ...(rest.length > 0 ? [whole(`… and ${restWords(rest)}`)] : []),
  ];
}

function restWords(changes: readonly Change[]): string {
  const verbs = [...Map.groupBy(changes, (change) => change.verb)].map(
    ([verb, all]) => `${all.length} ${verb}`,
  );
  return `${count(changes.length, 'more change')}: ${verbs.join(', ')}`;
}

function blockedBody({ blocked, failed }: Groups, link: Link | undefined): readonly Body[] {
  const parts = [
    ...failed
      .flatMap((group) => group.failures)
      .map(({ host, reason }) => blockedWith(`${code(host)}: ${renderReason(reason)}`, reason)),
    ...blocked.map((group) => blockedPart(group, link)),
  ];
  if (parts.length === 0) return [];
  const shown = parts.slice(0, SHOWN_CHANGES);
  const more = parts.length - shown.length;
  return [
    {
      rank: BLOCKED_RANK,
      open: '<details><summary>⛔ blocked: why, in the words of the hosts</summary>',
      parts: more > 0 ? [...shown, whole(`… and ${more} more`)] : shown,
      close: '</details>',
    },
  ];
}

function blockedPart({ hosts, ref, reason, where }: BlockedGroup, link: Link | undefined): Part {
  const from = where === null ? '' : ` · from ${renderWhere(where, link)}`;
  const names = hosts.length > 5 ? count(hosts.length, 'host') : hosts.map((host) => code(host)).join(', ');
  return blockedWith(`${code(ref)} on ${names}: ${renderReason(reason)}${from}`, reason);
}

function blockedWith(title: string, reason: Reason): Part {
  const full = () => [`⛔ ${title}`, ...renderWhy(reason)].join('\n\n');
  return { rank: BLOCKED_RANK, brief: `- ${title}`, full };
}

function renderWhy(reason: Reason): readonly string[] {
  const command = reason.evidence ? renderCommandLine(reason.evidence) : '';
  return [
    renderWhoAndNext(reason, undefined),
    ...(command === '' ? [] : [command]),
    ...renderEvidence(reason.evidence, EVIDENCE_LINES),
  ];
}

/** Shown last and left out first. */
function sameBody({ unchanged, rows }: Groups): readonly Body[] {
  if (unchanged.length === 0 || rows.length === 0) return [];
  const names = unchanged.slice(0, SHOWN_HOSTS).map((host) => `${code(host.host)} (${host.unchanged})`);
  const more = unchanged.length - names.length;
  const text = [
    `<details><summary>${count(unchanged.length, 'host')} as declared, with their resources</summary>`,
    `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    '</details>',
  ].join('\n\n');
  return [
    { rank: SAME_RANK, open: '', parts: [{ rank: SAME_RANK, brief: '', full: () => text }], close: '' },
  ];
}

/** There only when all that matters more has found its room. */
function optional(rank: number, full: () => string): Body {
  return { rank, open: '', parts: [{ rank, brief: '', full }], close: '' };
}

function whole(text: string): Part {
  return { rank: BLOCKED_RANK + 1, brief: text, full: () => text };
}
