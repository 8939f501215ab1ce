// Annotations tie changes and problems to their lines of the configuration, as GitHub's check runs take them:
// title ≤ 255 characters, message and raw_details ≤ 64 KB (REST, "Create a check run").
import type { Change, Plan } from '../core/plan.ts';
import type { Problem, Where } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import type { Report } from '../core/report.ts';
import { clip, visible } from './escape.ts';
import { groupBy } from './group.ts';
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
const SHOWN_CHANGES = 20;

/** Worst first, so that GitHub's first page holds what matters. */
export function annotatePlan(plan: Plan): readonly Annotation[] {
  const blocked = plan.hosts.flatMap(({ host, blocked: entries }) =>
    entries.flatMap(({ ref, reason, where }) => (where ? [{ host, ref, reason, where }] : [])),
  );
  const changes = plan.hosts.flatMap(({ host, changes: all }) =>
    all.flatMap((change) => (change.where ? [{ host, change, where: change.where }] : [])),
  );
  const atLines = groupBy(changes, ({ where }) => lineKey(where)).flatMap(annotateLine);
  return [
    ...groupBy(blocked, ({ ref, reason, where }) => JSON.stringify([lineKey(where), ref, reason])).flatMap(
      annotateBlocked,
    ),
    ...atLines.filter((annotation) => annotation.annotation_level === 'warning'),
    ...atLines.filter((annotation) => annotation.annotation_level === 'notice'),
  ];
}

export function annotateProblems(problems: readonly Problem[]): readonly Annotation[] {
  return problems.map(({ code, message, where, suggestion }) => {
    const hint = suggestion === undefined ? '' : `\nDid you mean ${suggestion}?`;
    return annotation(where, 'failure', code, `${message}${hint}`, undefined);
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
function annotateLine(all: readonly Changing[]): readonly Annotation[] {
  const [first] = all;
  if (!first) return [];
  const risky = all.some(({ change }) => isRisky(change));
  const hosts = [...new Set(all.map((entry) => entry.host))];
  const kinds = groupBy(all, ({ change }) => JSON.stringify([change.verb, change.ref, change.reason]));
  const lines = kinds
    .slice(0, SHOWN_CHANGES)
    .flatMap((group) => group.slice(0, 1).map(({ change }) => changeWords(change)));
  const more = kinds.length - lines.length;
  const message = [
    ...lines,
    ...(more > 0 ? [`… and ${count(more, 'more change')}`] : []),
    `on ${list(hosts, SHOWN_HOSTS)}`,
  ];
  const title = `${risky ? 'Look twice: ' : ''}${count(hosts.length, 'host')} ${hosts.length === 1 ? 'changes' : 'change'} here`;
  return [
    annotation(first.where, risky ? 'warning' : 'notice', title, message.join('\n'), details(first.change)),
  ];
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

function details(change: Change): string | undefined {
  const blocks = change.fields.map((field) => {
    if (field.as !== 'text')
      return `${field.name}: ${field.before ?? '(absent)'} → ${field.after ?? '(absent)'}`;
    return `${field.name}:\n${renderUnified(field.before, field.after, DETAIL).lines.join('\n')}`;
  });
  return blocks.length === 0 ? undefined : blocks.join('\n');
}

interface BlockedHere {
  readonly host: string;
  readonly ref: string;
  readonly reason: Reason;
  readonly where: Where;
}

function annotateBlocked(all: readonly BlockedHere[]): readonly Annotation[] {
  const [first] = all;
  if (!first) return [];
  const hosts = list(
    all.map((entry) => entry.host),
    SHOWN_HOSTS,
  );
  const message = `${first.ref} cannot be planned on ${hosts}: ${reasonWords(first.reason)}`;
  return [annotation(first.where, 'failure', first.reason.code, message, evidenceOf(first.reason))];
}

function annotateFailure({ hosts, reason, at, change }: Failure): readonly Annotation[] {
  if (!change?.where || !at) return [];
  const words = reason ? reasonWords(reason) : 'no reason is known';
  const message = `${change.verb} ${change.ref} ${at.outcome} on ${list(hosts, SHOWN_HOSTS)}: ${words}`;
  const evidence =
    (reason && evidenceOf(reason)) ?? (at.output.trim() === '' ? undefined : tailOf(at.output, DETAIL.lines));
  return [annotation(change.where, 'failure', reason?.code ?? 'Failed', message, evidence)];
}

function reasonWords(reason: Reason): string {
  return `${reason.message}\nNext: ${nextOf(reason, undefined)}`;
}

function evidenceOf({ evidence }: Reason): string | undefined {
  if (!evidence) return undefined;
  const lines = [
    ...(evidence.command === undefined ? [] : [`$ ${evidence.command}`]),
    ...(evidence.output === undefined ? [] : [tailOf(evidence.output, DETAIL.lines)]),
    ...(evidence.journal === undefined ? [] : [tailOf(evidence.journal, DETAIL.lines)]),
    ...(evidence.status === undefined ? [] : [`exit status ${evidence.status ?? 'none'}`]),
  ];
  return lines.filter((line) => line !== '').join('\n');
}

function annotation(
  where: Where,
  level: Annotation['annotation_level'],
  title: string,
  message: string,
  raw: string | undefined,
): Annotation {
  const details = raw === undefined ? '' : clip(visible(raw), 8000);
  return {
    path: where.file,
    start_line: where.line,
    end_line: where.line,
    annotation_level: level,
    title: clip(visible(title), 200),
    message: clip(visible(message), 8000),
    ...(details === '' ? {} : { raw_details: details }),
  };
}

function lineKey({ file, line }: Where): string {
  return `${file}:${line}`;
}
