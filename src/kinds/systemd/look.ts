// The looks at systemd: units as its manager has them, the files that Ashore writes for them, and when files changed.
// Times are those of the host's own clock, in microseconds since 1970.
import { decode } from '../../core/host.ts';
import type { Reader } from '../../core/host.ts';
import { readText } from '../../core/look.ts';
import { HostFailure } from '../../core/reason.ts';

export interface Unit {
  /** Its main name; another one than was asked for when that is an alias. */
  readonly id: string;
  readonly load: string;
  /** looping: it dies and is started again and again, or systemd has given that up; the same at every moment of the loop. */
  readonly run: 'up' | 'down' | 'failed' | 'looping';
  /** systemctl(1), is-enabled; empty for a unit without a file. */
  readonly enabled: string;
  readonly fragment: string;
  readonly needsReload: boolean;
  readonly canReload: boolean;
  /** It runs to its end and is inactive then: nothing that could be kept running. */
  readonly ends: boolean;
  /** When it came up, and when it last came up or reloaded; null while it is not up. */
  readonly upSince: number | null;
  readonly changedAt: number | null;
  /** When it came to the state that it is in, up or not. */
  readonly stateSince: number | null;
  /** Its last reload failed: it goes on with what it had loaded before. */
  readonly reloadFailed: boolean;
  /** What the host's clock said at the look. */
  readonly now: number;
}

/** What stands at a path. */
export type Standing =
  | { readonly is: 'nothing' }
  | { readonly is: 'file'; readonly text: string }
  | { readonly is: 'link'; readonly to: string }
  | { readonly is: 'other' };

const PROPERTIES =
  'Id,Names,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,NeedDaemonReload,CanReload,Type,RemainAfterExit,NRestarts,ActiveEnterTimestamp,StateChangeTimestamp,ReloadResult';

/**
 * One call for all units: a missing unit is an answer with status 0, while a template (`x@.service`) would end the call
 * and hide all after it, so none may be asked for.
 */
export async function readUnits(host: Reader, names: readonly string[]): Promise<ReadonlyMap<string, Unit>> {
  const argv = ['systemctl', 'show', '--no-pager', '--timestamp=us+utc', '-p', PROPERTIES, '--', ...names];
  const [shown, clock] = await Promise.all([readText(host, argv), readText(host, ['date', '+%s'])]);
  const units = parseUnits(shown, Number(clock) * 1_000_000);
  const lacking = names.filter((name) => !units.has(name));
  if (lacking.length === 0) return units;
  const message = `systemctl show said nothing of ${lacking.join(', ')}`;
  throw new HostFailure({ code: 'READ_FAILED', message, evidence: { output: shown.slice(0, 2000) } });
}

/** By every name that a unit has: neither the order of the blocks nor that of the properties is the one asked for. */
export function parseUnits(shown: string, now: number): ReadonlyMap<string, Unit> {
  return new Map(
    shown.split(/\n\n+/).flatMap((block) => {
      const properties = new Map(
        [...block.matchAll(/^(\w+)=(.*)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']),
      );
      const property = (name: string): string => properties.get(name) ?? '';
      // In a list, unlike alone, what holds a backslash stands in quotes, with the backslash doubled.
      const names = property('Names')
        .replaceAll(/"|\\(?=\\)/g, '')
        .split(' ')
        .filter(Boolean);
      return names.map((name) => [name, unitOf(property, now)] as const);
    }),
  );
}

function unitOf(property: (name: string) => string, now: number): Unit {
  const run = runOf(property, now);
  const up = run === 'up';
  return {
    id: property('Id'),
    load: property('LoadState'),
    run,
    enabled: property('UnitFileState'),
    fragment: property('FragmentPath'),
    needsReload: property('NeedDaemonReload') === 'yes',
    canReload: property('CanReload') === 'yes',
    ends: property('Type') === 'oneshot' && property('RemainAfterExit') !== 'yes',
    upSince: up ? parseTime(property('ActiveEnterTimestamp')) : null,
    changedAt: up ? parseTime(property('StateChangeTimestamp')) : null,
    stateSince: parseTime(property('StateChangeTimestamp')),
    // Of units that cannot be reloaded it is `success` or not there. A start sets it back.
    reloadFailed: up && !['', 'success'].includes(property('ReloadResult')),
    now,
  };
}

/**
 * A plan is refused when the state moved, so a crash loop has to be one state: starting, up for a while, dying, waiting, and given up
 * (StartLimitBurst= of systemd.unit(5)). What systemd started again counts as up after a minute, what it did often after ten. NRestarts is 0
 * again when somebody starts the unit or resets its failure (systemd.service(5), Restart=). One that came up later than it is now did so
 * before the clock was set back.
 */
const PROBATION = { once: 60_000_000, often: 600_000_000 };
const OFTEN = 3;

function runOf(property: (name: string) => string, now: number): Unit['run'] {
  const restarts = Number(property('NRestarts'));
  const again = restarts > 0 && property('LoadState') === 'loaded';
  switch (property('ActiveState')) {
    case 'active':
    case 'reloading':
    case 'refreshing': {
      const upFor = now - (parseTime(property('ActiveEnterTimestamp')) ?? 0);
      return again && Math.abs(upFor) < PROBATION[restarts < OFTEN ? 'once' : 'often'] ? 'looping' : 'up';
    }
    case 'activating':
      return again || property('SubState').startsWith('auto-restart') ? 'looping' : 'up';
    case 'deactivating':
      return again ? 'looping' : 'down';
    case 'failed':
      return again ? 'looping' : 'failed';
    default:
      return 'down';
  }
}

/** `Sun 2026-11-22 15:08:10.045415 UTC`; empty for never. */
function parseTime(text: string): number | null {
  const [, day, time, fraction = ''] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))? UTC/.exec(text) ?? [];
  if (day === undefined || time === undefined) return null;
  return Date.parse(`${day}T${time}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** One line a path, in their order. A file that may not be read ends the look: it must not pass for an empty one. */
const STANDINGS = `for path do
  if [ -L "$path" ]; then printf 'link '; readlink -n -- "$path" | base64 -w0
  elif [ -f "$path" ]; then printf 'file '; [ -r "$path" ] || exit 1; head -c 262145 -- "$path" | base64 -w0
  elif [ -e "$path" ]; then printf other
  else printf nothing
  fi
  printf '\\n'
done`;

export async function readStandings(
  host: Reader,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Standing>> {
  const lines = (await readText(host, ['sh', '-c', STANDINGS, 'look', ...paths])).split('\n');
  return new Map(paths.map((path, index) => [path, parseStanding(lines[index] ?? '')]));
}

function parseStanding(line: string): Standing {
  const [is, body = ''] = line.split(' ');
  const text = decode(Buffer.from(body, 'base64'));
  if (is === 'file') return { is, text };
  if (is === 'link') return { is, to: text };
  return { is: is === 'nothing' ? is : 'other' };
}

/**
 * When what is at each path last changed in any way (ctime: a rename or `cp -p` keeps the other times), following links as
 * well as not. Missing paths are left out; find(1) ends with 1 for them. Directories bring along what is in them.
 */
export async function readChangeTimes(
  host: Reader,
  paths: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (paths.length === 0) return new Map();
  const tail = [...paths, '-maxdepth', '1', '-printf', '%C@ %p\\0'];
  const printed = await Promise.all(
    ['-P', '-L'].map((links) => readText(host, ['find', links, ...tail], { expected: [0, 1] })),
  );
  const times = new Map<string, number>();
  for (const entry of printed.join('').split('\0')) {
    const [, seconds, path] = /^(\d+\.\d+) ([^]*)$/.exec(entry) ?? [];
    if (path === undefined) continue;
    times.set(path, Math.max(times.get(path) ?? 0, Math.floor(Number(seconds) * 1_000_000)));
  }
  return times;
}
