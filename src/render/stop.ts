// Freezes and holds of a repository as a table, each with who set it, why and until when; and that a run was asked to stop.
// Windows of the policy stand beside what people have commented.
import type { Freeze } from '../core/resource.ts';
import { EVERY_STACK, isOpen } from '../core/stop.ts';
import type { Stop } from '../core/stop.ts';
import { code, prose } from './escape.ts';
import { time } from './words.ts';

export interface Windows {
  /** Those of policy.yml. */
  readonly windows: readonly Freeze[];
  /** ISO 8601; what opens later than this is still to come. */
  readonly at: string;
}

export function renderStopped(stops: readonly Stop[], { windows, at }: Windows = NO_WINDOWS): string {
  if (stops.length + windows.length === 0) return 'Nothing is frozen or held any more.';
  const rows = stops.map(({ is, subject, by, pull, since, until, reason }) => {
    const who = `${code(by)} (#${pull})`;
    const what = is === 'freeze' ? 'frozen' : 'held';
    return `| ${code(subject)} | ${what} | ${prose(time(until))} | ${who}, ${prose(time(since))} | ${prose(reason, 300)} |`;
  });
  const declared = windows.slice(0, SHOWN_WINDOWS).map((window) => {
    const what = isOpen(window, new Date(at)) ? 'frozen' : 'will be frozen';
    const { from, until, reason } = window;
    return `| ${code(EVERY_STACK)} | ${what} | ${prose(time(until))} | ${code('policy.yml')}, ${prose(time(from))} | ${prose(reason, 300)} |`;
  });
  const more = windows.length - declared.length;
  return [
    '| What | Is | Until | By, since | Why |',
    '|---|---|---|---|---|',
    ...rows,
    ...declared,
    ...(more > 0 ? [`| | | | … and ${more} later in ${code('policy.yml')} | |`] : []),
  ].join('\n');
}

const NO_WINDOWS: Windows = { windows: [], at: '' };
const SHOWN_WINDOWS = 10;

/** The answer to a wish that a run stops. */
export function renderCancelAsked(run: string, by: string): string {
  return `🛑 Run ${code(run)} was asked to stop by ${code(by)}: a change or hook that runs is finished, checks end at once, and nothing more is begun on any host. Its check run and this pull request will say what was done and what was not.`;
}

/** The answer to a wish that a merge is not deployed after all. */
export function renderWaitCancelled(by: string): string {
  return `🛑 ${code(by)} ended the wait: this merge is not deployed by itself any more. Nothing of it was begun.`;
}

/** The answer to a wish that commands, which GitHub's failing kept from beginning, do not begin after all. */
export function renderUnbegunCancelled(texts: readonly string[], by: string): string {
  return `🛑 ${code(by)} ended ${texts.map((text) => code(text)).join(', ')}, which was still to begin. Nothing of it was begun.`;
}
