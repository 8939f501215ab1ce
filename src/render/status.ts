// What runs where, in markdown: what goes on and what is stopped, then a table a stack, hosts that read the same in one row.
import { shortDigest } from '../core/plan.ts';
import { isInOrder } from '../core/status.ts';
import type { HostStatus, Recorded, StackStatus } from '../core/status.ts';
import type { Freeze } from '../core/resource.ts';
import type { Stop } from '../core/stop.ts';
import { code, prose } from './escape.ts';
import { block, fit, keepWhole } from './fit.ts';
import { groupBy } from './group.ts';
import type { Some } from './group.ts';
import { hostWords } from './host-table.ts';
import { renderReason } from './reason.ts';
import { renderStopped } from './stop.ts';
import { count, shortCommit, time } from './words.ts';

/** What only the store knows. */
export interface Underway {
  readonly runs: readonly GoingOn[];
  /** Merges whose hosts another deploy holds. */
  readonly waits: readonly Waiting[];
  /** Merges behind others of their branch, in order. */
  readonly queued: readonly Waiting[];
  readonly stops: readonly Stop[];
  /** Of policy.yml, those that have not ended. */
  readonly windows: readonly Freeze[];
  /** The pull request that a run was asked for on, where it is still known. */
  readonly pulls: ReadonlyMap<string, number>;
}

export interface GoingOn {
  readonly id: string;
  readonly pull: number;
  readonly by: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface Waiting {
  readonly pull: number;
  readonly by: string;
  /** ISO 8601. */
  readonly since: string;
}

/** One look at what a branch declares. */
export interface StatusLook {
  readonly commit: string;
  /** ISO 8601. */
  readonly at: string;
}

const LIMIT = 60_000;
const NOTICE = 300;
/** Ranks: what goes on is never left out for a table. */
const HEAD = 9;
const TABLE = 1;
const SHOWN_ROWS = 60;
/** Bytes for the rows of one stack. */
const ROOM = 16_000;

export function renderStatus(
  stacks: readonly StackStatus[],
  underway: Underway,
  { commit, at }: StatusLook,
): string {
  const { text, bodies } = fit(
    [
      block(HEAD, `## Status · commit ${code(shortCommit(commit))} · hosts looked at ${prose(time(at))}`),
      block(HEAD, renderGoingOn(underway)),
      block(HEAD, renderStops(underway, at)),
      ...stacks.map((stack) => block(TABLE, renderStack(stack, underway))),
    ],
    LIMIT - NOTICE,
    (body) => body.length,
  );
  if (bodies === 0) return text;
  return `${text}\n\n*Left out for want of room: ${count(bodies, 'stack')}. \`ashore status\` shows all of it in a terminal.*`;
}

/** `as declared`, or in which ways it is not. */
export function standingWords({ drifted, undeployed, unread, torn }: HostStatus): string {
  const words = [
    ...(torn === null ? [] : [`run ${torn} never ended`]),
    ...(drifted > 0 ? [`${count(drifted, 'resource')} drifted`] : []),
    ...(undeployed > 0 ? [`${count(undeployed, 'change')} never deployed`] : []),
    ...(unread > 0 ? [`${count(unread, 'look')} failed`] : []),
  ];
  return words.length === 0 ? 'as declared' : words.join(', ');
}

function renderGoingOn({ runs, waits, queued }: Underway): string {
  const lines = [
    ...runs.map(({ id, pull, by, since }) => {
      return `- 🚀 Run ${code(id)} of #${pull} by ${code(by)} since ${prose(time(since))} · \`/cancel ${id}\``;
    }),
    ...waits.map(({ pull, by, since }) => {
      return `- ⏳ The merge of #${pull} by ${code(by)} waits for its turn since ${prose(time(since))} · \`/cancel\` on #${pull}`;
    }),
    ...queued.map(({ pull, by, since }) => {
      return `- ⏳ The merge of #${pull} by ${code(by)} comes after other merges, since ${prose(time(since))} · \`/cancel\` on #${pull}`;
    }),
  ];
  const shown = keepWhole(lines, ROOM);
  const more = lines.length - shown.length;
  if (lines.length === 0) return 'No deploy of this repository goes on.';
  return ['**Goes on now**', ...shown, ...(more > 0 ? [`- … and ${more} more`] : [])].join('\n');
}

function renderStops({ stops, windows }: Underway, at: string): string {
  return stops.length + windows.length === 0 ? '' : renderStopped(stops, { windows, at });
}

function renderStack({ stack, hosts }: StackStatus, underway: Underway): string {
  const title = `### ${code(stack)}`;
  if (hosts.length === 0) return `${title}\n\nNo host of it was looked at.`;
  const groups = groupBy(hosts, (host) => JSON.stringify({ ...host, host: '' }));
  const rows = keepWhole(
    groups.slice(0, SHOWN_ROWS).map((group) => renderRow(group, underway)),
    ROOM,
  );
  const rest = groups.slice(rows.length).flat().length;
  return [
    title,
    '',
    '| | Hosts | Commit | Plan | By, since | Now |',
    '|---|---|---|---|---|---|',
    ...rows,
    ...(rest > 0 ? [`| | … ${count(rest, 'more host')}; \`/status <host>\` shows one | | | | |`] : []),
  ].join('\n');
}

function renderRow(group: Some<HostStatus>, { pulls }: Underway): string {
  const [status] = group;
  const { failure, recorded } = status;
  const cells = [
    failure === null ? (isInOrder(status) ? '✅' : '⚠️') : '⛔',
    hostWords(group.map(({ host }) => host)),
    ...recordedCells(recorded, failure !== null, pulls),
    failure === null ? prose(standingWords(status)) : renderReason(failure),
  ];
  return `| ${cells.join(' | ')} |`;
}

function recordedCells(
  recorded: Recorded | null,
  unread: boolean,
  pulls: ReadonlyMap<string, number>,
): readonly string[] {
  if (recorded === null) return [unread ? '*not known*' : '*nothing yet*', '–', '–'];
  const { commit, plan, run, by, at } = recorded;
  const pull = pulls.get(run);
  const from = pull === undefined ? '' : ` (#${pull})`;
  return [
    `${code(shortCommit(commit), 40)}${from}`,
    code(shortDigest(plan)),
    `${code(by, 40)}, ${prose(time(at), 40)}`,
  ];
}
