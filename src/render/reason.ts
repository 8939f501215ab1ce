// A reason in markdown: code, message, who can clear it, the next command, and the tool's own words.
import { shortDigest } from '../core/plan.ts';
import { describeReason } from '../core/reason.ts';
import type { Evidence, Fixer, Reason, ReasonClass } from '../core/reason.ts';
import { cleanOutput, clipStart, code, fence, proseWithCode } from './escape.ts';

/** Characters a line of an output is reckoned with. */
const WIDTH = 150;

const CLASSES = {
  permanent: 'the same again fails again',
  'needs-person': 'a person has to act',
  transient: 'may pass by itself',
  unknown: 'not known what is true',
} as const satisfies Record<ReasonClass, string>;

const FIXERS = {
  author: 'the author',
  operator: 'an operator of the hosts',
  requester: 'whoever deploys',
  ashore: 'the makers of Ashore',
} as const satisfies Record<Fixer, string>;

/** `CODE` and its message. */
export function renderReason(reason: Reason): string {
  return `${code(reason.code)} ${proseWithCode(reason.message)}`;
}

export function fixerWords(reason: Reason): string {
  return FIXERS[describeReason(reason).fixer];
}

/** The exact next move; `<plan>` is filled in where the plan is known. */
export function nextOf(reason: Reason, digest: string | undefined): string {
  const { next } = describeReason(reason);
  return digest === undefined ? next : next.replaceAll('<plan>', shortDigest(digest));
}

/** The catalogue speaks the commands of a comment, and of a push that plans anew: as they are typed in a terminal. */
export function atTerminal(next: string): string {
  return next
    .replace(/^\/help$/, 'ashore --help')
    .replaceAll(/(?: and|;) push\b/g, ', then ashore plan')
    .replaceAll(/(?<!\S)\/(?=plan\b|deploy\b)/g, 'ashore ');
}

export function renderNext(reason: Reason, digest: string | undefined): string {
  return proseWithCode(nextOf(reason, digest));
}

/** Whether waiting helps, whose move it is, and the move: one line. */
export function renderWhoAndNext(reason: Reason, digest: string | undefined): string {
  const { class: kind } = describeReason(reason);
  return `*${CLASSES[kind]}* · **Next**, for ${fixerWords(reason)}: ${renderNext(reason, digest)}`;
}

/** `Command x ended with exit status 1`; nothing when no command is known. */
export function renderCommandLine({ command, status }: Evidence): string {
  if (command === undefined) return status === undefined ? '' : statusWords(status);
  return status === undefined
    ? `Command ${code(command, 500)}`
    : `Command ${code(command, 500)} ended with ${statusWords(status)}`;
}

/** The tool's own words, their end rather than their beginning; the journal where there is one, else the output. */
export function renderEvidence(evidence: Evidence | undefined, lines: number): readonly string[] {
  const texts = [evidence?.output, evidence?.journal].filter((text) => text !== undefined);
  return texts
    .map((text) => tailOf(text, lines))
    .filter((text) => text !== '')
    .map((text) => fence(text, 'text'));
}

/** The last lines of an output, saying how much came before. */
export function tailOf(output: string, max: number): string {
  const lines = cleanOutput(output).split('\n');
  const before = lines.length - max;
  const kept = before > 0 ? [`… ${before} lines before`, ...lines.slice(before)] : lines;
  return clipStart(kept.join('\n'), max * WIDTH);
}

function statusWords(status: number | null): string {
  return status === null ? 'no exit status' : `exit status ${status}`;
}
