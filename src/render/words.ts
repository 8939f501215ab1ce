// Counts, lists and times in English, the same on every surface.
import type { Cause } from '../core/plan.ts';

/** `1 host`, `1,200 hosts`. */
export function count(n: number, noun: string): string {
  return `${thousands(n)} ${n === 1 ? noun : plural(noun)}`;
}

/** `1,200`. Not by toLocaleString, whose data take a short command 20 ms to load. */
export function thousands(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `a, b, c and 4 more`. */
export function list(words: readonly string[], max: number): string {
  const shown = words.slice(0, words.length > max ? max : undefined).join(', ');
  return words.length > max ? `${shown} and ${words.length - max} more` : shown;
}

/** `2026-11-22 14:02:11 UTC` of an ISO 8601 time. */
export function time(iso: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)[\d.]*Z$/.exec(iso);
  return match ? `${match[1]} ${match[2]} UTC` : iso;
}

/** `4.2 s`, `2 min 5 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** As people write a commit: seven characters of a hash, other names whole. */
export function shortCommit(commit: string): string {
  return /^[0-9a-f]{40}$/.test(commit) ? commit.slice(0, 7) : commit;
}

/** Why a change is in the plan, in words. */
export function causeWords(cause: Cause, change: string): string {
  switch (cause) {
    case 'this-change':
      return change;
    case 'drift':
      return 'drift';
    case 'undeployed':
      return 'merged but never deployed';
    case 'rollback':
      return 'rollback';
    default:
      return cause satisfies never;
  }
}

function plural(noun: string): string {
  return noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}
