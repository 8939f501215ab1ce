// What systemd makes of times as they are declared (systemd.time(7), Calendar events): when they come next, or why it does not read them.
import { decode } from '../../core/host.ts';
import type { Reader } from '../../core/host.ts';
import { readLook } from '../../core/look.ts';

export interface Calendar {
  readonly text: string;
  /** On the host's clock; null where systemd does not read it. */
  readonly next: string | null;
  /** systemd's own words about what it does not read. */
  readonly said: string;
}

/** One look each: a text that is not read ends the look for those after it on Debian 12. */
export async function readCalendars(
  host: Reader,
  texts: readonly string[],
): Promise<ReadonlyMap<string, Calendar>> {
  const calendars = [...new Set(texts)].map(async (text) => {
    const look = await readLook(host, ['systemd-analyze', 'calendar', '--', text], { expected: [0, 1] });
    const next = /^ *Next elapse: (.+)$/m.exec(decode(look.stdout))?.[1] ?? 'a time that never comes';
    return [text, { text, next: look.status === 0 ? next : null, said: look.stderr.trim() }] as const;
  });
  return new Map(await Promise.all(calendars));
}
