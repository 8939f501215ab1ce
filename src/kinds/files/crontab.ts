// Whether cron would read a file of /etc/cron.d. Cron's own check (crontab -n) writes into its spool, so it is not asked. Pure.
// A line that cron does not read makes it pass over the whole file, with a word in the log only.

const PLACE = /^\/etc\/(?:crontab|cron\.d\/[^/]+)$/;

/** The first thing that cron would not read; undefined where there is none, or where no file of cron is meant. */
export function checkCron(path: string, text: string): string | undefined {
  if (!PLACE.test(path)) return undefined;
  if (text !== '' && !text.endsWith('\n')) return 'the last line has no newline at its end';
  for (const [index, line] of text.split('\n').entries()) {
    const problem = checkLine(line);
    if (problem !== undefined) return `line ${index + 1}: ${problem}`;
  }
  return undefined;
}

function checkLine(line: string): string | undefined {
  const text = line.trimStart();
  if (text === '' || text.startsWith('#') || /^("[^"]*"|'[^']*'|[^\s=]+)\s*=/.test(text)) return undefined;
  if (text.startsWith('@')) {
    const [, name = '', user, command] = /^(@\S+)(?:\s+(\S+))?(?:\s+(\S.*))?$/.exec(text) ?? [];
    return checkSchedule(name) ?? (user && command ? undefined : 'a user and a command are needed');
  }
  const [, schedule, user, command] = /^((?:\S+\s+){5})(?:(\S+))?(?:\s+(\S.*))?$/.exec(text) ?? [];
  if (schedule === undefined) return 'five fields of time, a user and a command are needed';
  return checkSchedule(schedule.trim()) ?? (user && command ? undefined : 'a user and a command are needed');
}

const NICKNAMES = ['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'midnight', 'hourly'];

const FIELDS = [
  { name: 'minute', least: 0, most: 59, names: [] },
  { name: 'hour', least: 0, most: 23, names: [] },
  { name: 'day of month', least: 1, most: 31, names: [] },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of week', least: 0, most: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const;
type Field = (typeof FIELDS)[number];

/** Five fields, or a name such as `@daily` (crontab(5)). */
export function checkSchedule(text: string): string | undefined {
  if (text.startsWith('@')) {
    return NICKNAMES.includes(text.slice(1)) ? undefined : `${text} is no time that cron knows`;
  }
  const parts = text.split(/\s+/);
  if (parts.length !== FIELDS.length) return `${JSON.stringify(text)} has not five fields`;
  for (const [index, field] of FIELDS.entries()) {
    const part = parts[index] ?? '';
    if (!part.split(',').every((range) => isRange(range, field))) return `${part} is no ${field.name}`;
  }
  return undefined;
}

function isRange(text: string, field: Field): boolean {
  const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(text) ?? [];
  if (step !== undefined && Number(step) < 1) return false;
  if (range === '*') return true;
  const ends = range.split(/[-~]/).map((end) => valueOf(end, field));
  const [first = Number.NaN, last = first] = ends;
  return ends.length <= 2 && first >= field.least && last <= field.most && first <= last;
}

function valueOf(text: string, { names, least }: Field): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const known: readonly string[] = names;
  const at = known.indexOf(text.toLowerCase());
  return at < 0 ? Number.NaN : at + least;
}
