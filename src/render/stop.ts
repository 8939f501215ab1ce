// Freezes and holds of a repository as a table, each with who set it, why and until when; and that a run was asked to stop.
import type { Stop } from '../core/stop.ts';
import { code, prose } from './escape.ts';
import { time } from './words.ts';

export function renderStopped(stops: readonly Stop[]): string {
  if (stops.length === 0) return 'Nothing is frozen or held any more.';
  const rows = stops.map(({ is, subject, by, pull, since, until, reason }) => {
    const who = `${code(by)} (#${pull})`;
    const what = is === 'freeze' ? 'frozen' : 'held';
    return `| ${code(subject)} | ${what} | ${prose(time(until))} | ${who}, ${prose(time(since))} | ${prose(reason, 300)} |`;
  });
  return ['| What | Is | Until | By, since | Why |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The answer to a wish that a run stops. */
export function renderCancelAsked(run: string, by: string): string {
  return `🛑 Run ${code(run)} was asked to stop by ${code(by)}: the change that runs on each host is finished, and nothing after it is begun. Its check run and this pull request will say what was done and what was not.`;
}

/** The answer to a wish that a merge is not deployed after all. */
export function renderWaitCancelled(by: string): string {
  return `🛑 ${code(by)} ended the wait: this merge is not deployed by itself any more. Nothing of it was begun.`;
}
