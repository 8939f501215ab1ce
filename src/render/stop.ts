// The freezes and holds that are in force, as the answer to whoever changed one of them.
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
