// Annotations tie changes and problems to their lines of the configuration, as GitHub's check runs take them:
// title ≤ 255 characters, message and raw_details ≤ 64 KB (REST, "Create a check run").
import type { Change, Plan } from '../core/plan.ts';
import type { Problem, Where } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import type { Report } from '../core/report.ts';
import { clip, visible } from './escape.ts';
import { groupBy } from './group.ts';
import type { Some } from './group.ts';
import { failuresOf } from './outcome.ts';
import type { Failure } from './outcome.ts';
import { nextOf, tailOf } from './reason.ts';
import { interruptionsOf, riskOf } from './risk.ts';
import { renderUnified } from './unified.ts';
import { causeWords, count, list } from './words.ts';

export interface Annotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly annotation_level: 'notice' | 'warning' | 'failure';
  readonly title: string;
  readonly message: string;
  readonly raw_details?: string;
}

const DETAIL = { lines: 100, width: 200 };
const SHOWN_HOSTS = 10;
/** So many that the tails of an output and a journal stay within RAW together. */
const EVIDENCE_LINES = 40;
const RAW = 15_000;
const SHOWN_CHANGES = 20;

/** Worst first, so that GitHub's first page holds what matters. */
export function annotatePlan(plan: Plan): readonly Annotation[] {
  const blocked = plan.hosts.flatMap(({ host, blocked: entries }) =>
    entries.flatMap(({ ref, reason, where }) => (where ? [{ host, ref, reason, where }] : [])),
  );
  const changes = plan.hosts.flatMap(({ host, changes: all }) =>
    all.flatMap((change) => (change.where ? [{ host, change, where: change.where }] : [])),
  );
  const atLines = groupBy(changes, ({ where }) => lineKey(where)).map(annotateLine);
  return [
    ...groupBy(blocked, ({ ref, reason, where }) => JSON.stringify([lineKey(where), ref, reason])).map(
      annotateBlocked,
    ),
    ...atLines.filter((annotation) => annotation.annotation_level === 'warning'),
    ...atLines.filter((annotation) => annotation.annotation_level === 'notice'),
  ];
}

export function annotateProblems(problems: readonly Problem[]): readonly Annotation[] {
  return problems.map(({ code, message, where, suggestion }) => {
    const hint = suggestion === undefined ? '' : `\nDid you mean ${suggestion}?`;
    return annotate(where, 'failure', code, `${message}${hint}`, undefined);
  });
}

export function annotateReport(report: Report, plan: Plan): readonly Annotation[] {
  return failuresOf(report, plan).flatMap(annotateFailure);
}

interface Changing {
  readonly host: string;
  readonly change: Change;
  readonly where: Where;
}

/** One annotation a line, however many hosts and changes it stands for. */
function annotateLine(all: Some<Changing>): Annotation {
  const [first] = all;
  const changes = all.map((entry) => entry.change);
  const hosts = [...new Set(all.map((entry) => entry.host))];
  const kinds = groupBy(changes, ({ verb, ref, reason }) => JSON.stringify([verb, ref, reason]));
  const lines = kinds.slice(0, SHOWN_CHANGES).map((group) => changeWords(group[0]));
  const more = kinds.length - lines.length;
  const message = [
    ...lines,
    ...(more > 0 ? [`… and ${count(more, 'more change')}`] : []),
    `on ${list(hosts, SHOWN_HOSTS)}`,
  ].join('\n');
  const level = changes.some(isRisky) ? 'warning' : 'notice';
  const title = `${titleVerb(changes)} on ${count(hosts.length, 'host')}`;
  return annotate(first.where, level, title, message, fieldsOf(first.change));
}

/** The worst that a line brings about. */
function titleVerb(changes: readonly Change[]): string {
  if (changes.some((change) => change.data === 'lost')) return 'Data is lost';
  if (changes.some((change) => change.verb === 'delete')) return 'Deletes';
  if (changes.some((change) => change.verb === 'replace')) return 'Replaces';
  const interrupts = [...new Set(changes.flatMap(interruptionsOf))];
  return interrupts.length > 0 ? `Interrupts (${list(interrupts, 2)})` : 'Changes';
}

function isRisky(change: Change): boolean {
  return (
    riskOf(change) === 'high' ||
    change.verb === 'restart' ||
    change.interrupts.some(({ how }) => how !== 'reload')
  );
}

function changeWords(change: Change): string {
  const causes = change.causes.map((cause) => causeWords(cause, 'this pull request')).join(', ');
  const interrupts = interruptionsOf(change);
  return [
    `${change.verb} ${change.ref}: ${change.reason} (${causes})`,
    ...(change.data === 'lost' ? ['DATA IS LOST'] : []),
    ...(interrupts.length > 0 ? [`interrupts ${interrupts.join(', ')}`] : []),
  ].join('; ');
}

function fieldsOf(change: Change): string | undefined {
  const blocks = change.fields.map((field) => {
    if (field.as !== 'text') return `${field.name}: ${valueOf(field.before)} → ${valueOf(field.after)}`;
    return `${field.name}:\n${renderUnified(field.before, field.after, DETAIL).lines.join('\n')}`;
  });
  return blocks.length === 0 ? undefined : blocks.join('\n');
}

function valueOf(value: string | null): string {
  return value ?? '(absent)';
}

interface BlockedHere {
  readonly host: string;
  readonly ref: string;
  readonly reason: Reason;
  readonly where: Where;
}

function annotateBlocked(all: Some<BlockedHere>): Annotation {
  const [first] = all;
  const hosts = list(
    all.map((entry) => entry.host),
    SHOWN_HOSTS,
  );
  const message = `${first.ref} cannot be planned on ${hosts}: ${reasonWords(first.reason)}`;
  return annotate(first.where, 'failure', first.reason.code, message, evidenceOf(first.reason));
}

function annotateFailure({ hosts, reason, at, change, where }: Failure): readonly Annotation[] {
  if (!where || !at) return [];
  const words = reason ? reasonWords(reason) : 'no reason is known';
  const what = change ? `${change.verb} ${change.ref}` : at.ref;
  const message = `${what} ${at.outcome} on ${list(hosts, SHOWN_HOSTS)}: ${words}`;
  const evidence =
    (reason && evidenceOf(reason)) ??
    (at.output.trim() === '' ? undefined : tailOf(at.output, EVIDENCE_LINES));
  return [annotate(where, 'failure', reason?.code ?? 'Failed', message, evidence)];
}

function reasonWords(reason: Reason): string {
  return `${reason.message}\nNext: ${nextOf(reason, undefined)}`;
}

function evidenceOf({ evidence }: Reason): string | undefined {
  if (!evidence) return undefined;
  const lines = [
    ...(evidence.command === undefined ? [] : [`$ ${evidence.command}`]),
    ...(evidence.output === undefined ? [] : [tailOf(evidence.output, EVIDENCE_LINES)]),
    ...(evidence.journal === undefined ? [] : [tailOf(evidence.journal, EVIDENCE_LINES)]),
    ...(evidence.status === undefined ? [] : [`exit status ${evidence.status ?? 'none'}`]),
  ];
  return lines.filter((line) => line !== '').join('\n');
}

function annotate(
  where: Where,
  level: Annotation['annotation_level'],
  title: string,
  message: string,
  raw: string | undefined,
): Annotation {
  return {
    path: where.file,
    start_line: where.line,
    end_line: where.line,
    annotation_level: level,
    title: clip(visible(title), 200),
    message: clip(visible(message), 8000),
    ...(raw === undefined || raw === '' ? {} : { raw_details: clip(visible(raw), RAW) }),
  };
}

function lineKey({ file, line }: Where): string {
  return `${file}:${line}`;
}
