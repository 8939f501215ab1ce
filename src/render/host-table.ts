// The table of a plan, one row for the hosts whose plan is the same; what does not fit is summed up in a row.
import type { Cause } from '../core/plan.ts';
import { REASONS } from '../core/reason.ts';
import type { Link } from './change.ts';
import { renderWhere } from './change.ts';
import { code } from './escape.ts';
import { keepWhole } from './fit.ts';
import type { BlockedGroup, FailureGroup, Groups, RowGroup } from './group.ts';
import { renderReason } from './reason.ts';
import { markOf, tallyChanges } from './risk.ts';
import type { Risk, Tally } from './risk.ts';
import { causeWords, count, list, thousands } from './words.ts';

const SHOWN_ROWS = 30;
const SHOWN_NAMES = 3;
/** Bytes for the rows of one sort. */
const ROOM = 8000;

export function renderHostTable(groups: Groups): string {
  const changed = keepWhole(groups.rows.slice(0, SHOWN_ROWS).map(changedRow), ROOM);
  const rows = [...changed, ...restRow(groups.rows.slice(changed.length))];
  if (rows.length === 0) return '';
  return [
    '| | Hosts | Create | Change | Delete | Interrupts | Caused by | Risk |',
    '|---|---|--:|--:|--:|---|---|---|',
    ...rows,
  ].join('\n');
}

/** What cannot be planned and why, in a table of its own: nothing of it can be counted. */
export function renderBlockedTable({ blocked, failed }: Groups, link: Link | undefined): string {
  const rows = [...failed.map(failedRow), ...blocked.map((group) => blockedRow(group, link))];
  const kept = keepWhole(rows.slice(0, SHOWN_ROWS), ROOM);
  const more = rows.length - kept.length;
  if (rows.length === 0) return '';
  return [
    '| | Cannot be planned | Why |',
    '|---|---|---|',
    ...kept,
    ...(more > 0 ? [`| ⛔\u00a0blocked | … ${more} more like these | |`] : []),
  ].join('\n');
}

/** Hosts without any change, in one line; empty where the verdict has said it all. */
export function renderSame({ unchanged, rows, blocked }: Groups): string {
  if (unchanged.length === 0 || (rows.length === 0 && blocked.length === 0)) return '';
  const resources = unchanged.reduce((sum, host) => sum + host.unchanged, 0);
  const hosts = hostWords(unchanged.map((host) => host.host));
  return `As declared: ${hosts} with ${count(resources, 'resource')}`;
}

/** `web1`, `web2` (same plan); of many hosts the first few, and how many they are. */
export function hostWords(hosts: readonly string[], shared?: string): string {
  const names = list(
    hosts.map((host) => code(host, 63)),
    SHOWN_NAMES,
  );
  const notes = [
    ...(hosts.length > SHOWN_NAMES ? [count(hosts.length, 'host')] : []),
    ...(shared === undefined || hosts.length === 1 ? [] : [shared]),
  ];
  return notes.length === 0 ? names : `${names} (${notes.join(', ')})`;
}

function changedRow({ hosts, groups }: RowGroup): string {
  const [{ changes, risk }, ...others] = groups;
  const shared = others.length === 0 ? 'same plan' : 'the same, with values of their own';
  return tallyRow(risk, hostWords(hosts, shared), tallyChanges(changes));
}

/** Rows that found no room; the table begins with the riskiest, so these are the least. */
function restRow(rows: readonly RowGroup[]): readonly string[] {
  const [first] = rows;
  if (!first) return [];
  const hosts = rows.flatMap((row) => row.hosts);
  const tally = tallyChanges(
    rows.flatMap((row) => row.groups).flatMap((group) => group.hosts.flatMap(() => group.changes)),
  );
  return [tallyRow(first.groups[0].risk, `… ${count(hosts.length, 'more host')}, added up`, tally)];
}

function tallyRow(risk: Risk, hosts: string, tally: Tally): string {
  const cells = [
    `${markOf(risk)}\u00a0${risk}`,
    hosts,
    number(tally.create),
    changeCell(tally),
    number(tally.delete),
    refList(tally.interrupts),
    causeCell(tally.causes),
    riskCell(tally),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Adopting and forgetting touch the ledger only and are told apart. */
function changeCell({ change, recorded }: Tally): string {
  if (recorded === 0) return number(change);
  return change === 0
    ? `${number(recorded)} recorded only`
    : `${number(change)} (+${number(recorded)} recorded only)`;
}

function blockedRow({ hosts, ref, reason, where }: BlockedGroup, link: Link | undefined): string {
  const from = where === null ? '' : ` · ${renderWhere(where, link)}`;
  const what = `${code(ref, 80)} on ${hostWords(hosts, 'same reason')}`;
  return `| ⛔\u00a0blocked | ${what} | ${renderReason(reason)}${from} |`;
}

function failedRow({ hosts, failures }: FailureGroup): string {
  const [{ reason }] = failures;
  const same = failures.every((failure) => failure.reason.message === reason.message);
  const why = same ? renderReason(reason) : `${code(reason.code)} ${REASONS[reason.code].what}`;
  return `| ⛔\u00a0blocked | all of ${hostWords(hosts, 'same reason')} | ${why} |`;
}

function causeCell(causes: ReadonlyMap<Cause, number>): string {
  const several = causes.size > 1;
  return [...causes]
    .map(([cause, n]) => {
      const words = causeWords(cause, 'this pull request');
      return `${cause === 'this-change' ? words : `**${words}**`}${several ? ` (${n})` : ''}`;
    })
    .join(', ');
}

function riskCell(tally: Tally): string {
  const parts = [
    ...phrase('**data is lost:**', tally.lost),
    ...phrase('deletes', tally.gone),
    ...phrase('replaces', tally.replaced),
    ...phrase('runs', tally.ran),
  ];
  return parts.length === 0 ? '–' : parts.join('; ');
}

function phrase(verb: string, refs: readonly string[]): readonly string[] {
  return refs.length === 0 ? [] : [`${verb} ${refList(refs)}`];
}

function refList(values: readonly string[]): string {
  return values.length === 0
    ? '–'
    : list(
        values.map((value) => code(value, 80)),
        SHOWN_NAMES,
      );
}

function number(n: number): string {
  return n === 0 ? '–' : thousands(n);
}
