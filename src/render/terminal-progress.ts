// What has happened in a deploy so far, a line each, for a log that can only grow: of hosts that began and ended, and of
// changes that ended. What was told once is told the same again, so that whoever prints them knows what is new.
import type { Report } from '../core/report.ts';
import { oneLine } from './escape.ts';
import { hostWord, stageOf, stageWord } from './outcome.ts';
import { duration } from './words.ts';

export function progressLines({ hosts }: Report): readonly string[] {
  return hosts.flatMap((host) => {
    if (host.outcome === 'queued') return [];
    const ended = host.changes
      .map((change) => ({ change, stage: stageOf(host, change) }))
      .filter(({ stage }) => stage !== 'running' && stage !== 'not-started')
      .map(({ change, stage }) => {
        const took = change.seconds === null ? '' : ` in ${duration(change.seconds)}`;
        return `${stageWord(stage, change)}${took}: ${change.ref}`;
      });
    const end = host.outcome === 'running' ? [] : [hostWord(host.outcome)];
    return ['begun', ...ended, ...end].map((words) => oneLine(`${host.host}: ${words}`));
  });
}
