// The looks at dpkg and apt: one turn for what is there, a second one for what apt would do, only where something is due.
// What several packages bring is told apart in the order in which a deploy carries them out.
import { decode } from '../../core/host.ts';
import type { Reader } from '../../core/host.ts';
import { readLook, readText } from '../../core/look.ts';
import { quoteCommand } from '../../core/shell.ts';
import {
  INSTALLED_FORMAT,
  parseFurther,
  parseInstalled,
  parsePolicy,
  parseProviders,
  parseRelations,
  parseSimulation,
  parseUnits,
} from './output.ts';
import type { Installed, Line, Offer } from './output.ts';
import { shareLines } from './shares.ts';
import { answersOf } from './transaction.ts';
import type { Answer, Asked, Simulation } from './transaction.ts';
import { groupNeighbours } from './together.ts';
import type { Neighbourhood } from './together.ts';
import { lookAtOffers, unwritten } from './unwritten.ts';

export interface Packages {
  readonly installed: ReadonlyMap<string, Installed>;
  readonly offers: ReadonlyMap<string, Offer>;
  /** Packages that are half installed, and work that dpkg did not finish: apt does nothing before they are mended. */
  readonly unsound: readonly string[];
}

/** `wanted` has the packages that shall be there, each with its version where that is given. */
export async function readPackages(
  host: Reader,
  wanted: ReadonlyMap<string, string | null>,
): Promise<Packages> {
  const [rows, architecture, offers, unfinished] = await Promise.all([
    readText(host, ['dpkg-query', '-W', '-f', INSTALLED_FORMAT]),
    readText(host, ['dpkg', '--print-architecture']),
    wanted.size === 0 ? '' : readText(host, lookAtOffers(wanted), { limit: 60 }),
    readText(host, ['find', '/var/lib/dpkg/updates', '-type', 'f', '-name', '[0-9]*']),
  ]);
  const installed = parseInstalled(rows, architecture.trim());
  const half = [...installed].filter(([, found]) => found.state === 'unsound').map(([name]) => name);
  const journal = unfinished === '' ? [] : ['/var/lib/dpkg/updates is not empty'];
  return { installed, offers: parsePolicy(offers), unsound: [...half, ...journal] };
}

/** Each on top of those before it, and neighbours as one. */
export async function readTransactions(
  host: Reader,
  asked: readonly Asked[],
  { installed, ...neighbourhood }: Neighbourhood & Pick<Packages, 'installed'>,
): Promise<ReadonlyMap<string, Answer>> {
  if (asked.length === 0) return new Map();
  const [whole, marks, files, running] = await Promise.all([
    readSimulation(host, asked),
    readText(host, unwritten('apt-mark', ['showauto'])),
    readText(host, ['sh', '-c', UNIT_FILES]),
    readText(host, ['sh', '-c', ACTIVE_UNITS]),
  ]);
  const range = { from: 0, to: asked.length, before: [], whole };
  const parts = partsOfOneGroup(asked, whole, neighbourhood) ?? (await readParts(host, asked, range));
  const active = running.split('\n').map((line) => line.split(' ')[0] ?? '');
  const known = { installed, automatic: new Set(marks.split('\n')), files: parseUnits(files), active };
  return answersOf(asked, parts, known, neighbourhood);
}

/** Where all go in one call of apt, nobody has to know which of them brings what. */
function partsOfOneGroup(
  asked: readonly Asked[],
  whole: Simulation,
  neighbourhood: Neighbourhood,
): readonly Simulation[] | undefined {
  if ('refused' in whole) return undefined;
  const due = new Map(asked.map((one) => [one.id, { ...one, lines: whole }]));
  const [group = []] = groupNeighbours(due, neighbourhood);
  return group.length === asked.length ? asked.map((_, index) => (index === 0 ? whole : [])) : undefined;
}

/** Some of what is asked for, in order, with what apt would do for all before them and for all up to the last of them. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly before: readonly Line[];
  readonly whole: Simulation;
}

/**
 * What each one does on top of those before it. A simulation takes about a second with Debian's own lists, so the one of a
 * range is shared out by the relations of its packages; where they do not explain it, both halves are looked at apart.
 */
async function readParts(
  host: Reader,
  asked: readonly Asked[],
  range: Range,
): Promise<readonly Simulation[]> {
  const { from, to, before, whole } = range;
  const lines = 'refused' in whole ? undefined : parseFurther(before, whole);
  if (to - from === 1) return [lines ?? whole];
  const ids = asked.slice(from, to).map(({ id }) => id);
  const shares = lines && shareLines(ids, lines, await readRelations(host, lines));
  if (shares) return shares;
  const half = Math.ceil((from + to) / 2);
  const middle = await readSimulation(host, asked.slice(0, half));
  const first = readParts(host, asked, { from, to: half, before, whole: middle });
  if ('refused' in middle) return [...(await first), ...ids.slice(half - from).map(() => middle)];
  const second = readParts(host, asked, { from: half, to, before: middle, whole });
  return (await Promise.all([first, second])).flat();
}

async function readRelations(host: Reader, lines: readonly Line[]) {
  const words = lines.flatMap(({ name, to }) => (to === null ? [] : [`${name}=${to}`]));
  if (words.length === 0) return new Map();
  return parseRelations(await readText(host, unwritten('apt-cache', [...DEPENDS, ...words]), { limit: 60 }));
}

const DEPENDS = 'depends --no-recommends --no-suggests --no-replaces --no-enhances'.split(' ');

const UNIT_FILES =
  "cd /var/lib/dpkg/info && { grep -HE '^/(usr/)?lib/systemd/system/[^/]+[.]service$' -- *.list || [ $? -eq 1 ]; }";
/** Nothing where no systemd runs. */
const ACTIVE_UNITS =
  'systemctl list-units --type=service --state=active --no-legend --plain --no-pager 2>/dev/null || :';

const SIMULATE =
  '-s -q -y --no-install-recommends -o APT::Get::AutomaticRemove=0 -o APT::Get::Show-User-Simulation-Note=0'.split(
    ' ',
  );

async function readSimulation(host: Reader, asked: readonly Asked[]): Promise<Simulation> {
  const words = asked.map(({ word }) => word);
  const downgrade = words.some((word) => word.includes('=')) ? ['--allow-downgrades'] : [];
  const asking = [...SIMULATE, ...downgrade, 'install', ...words];
  const look = await readLook(host, unwritten('apt-get', asking), { expected: [0, 100], limit: 120 });
  const text = decode(look.stdout);
  if (look.status === 0) return parseSimulation(text);
  const explained = /^The following packages have unmet dependencies:\n(?: .*\n)*/m.exec(text)?.[0] ?? '';
  return { refused: `${explained}${look.stderr}`.trim(), command: quoteCommand(['apt-get', ...asking]) };
}

export interface Unknown {
  /** For a name that no package has, the packages that provide it. */
  readonly providers: ReadonlyMap<string, readonly string[]>;
  /** How old the package lists are, in words. */
  readonly lists: string;
}

export async function readUnknown(host: Reader, names: readonly string[]): Promise<Unknown> {
  if (names.length === 0) return { providers: new Map(), lists: '' };
  const [shown, times] = await Promise.all([
    readText(host, unwritten('apt-cache', ['showpkg', ...names]), { expected: [0, 100] }),
    readText(host, ['sh', '-c', LISTS_AGE]),
  ]);
  const [newest = 0, now = 0] = times.split('\n').map(Number);
  const day = new Date(newest * 1000).toISOString().slice(0, 10);
  const age = Math.max(0, Math.floor((now - newest) / 86_400));
  return { providers: parseProviders(shown), lists: `package lists of ${day}, ${age} days old` };
}

/** ctime, because apt gives the files the time of the server. */
const LISTS_AGE = "find /var/lib/apt/lists -printf '%C@\\n' | sort -rn | sed -n 1p; date +%s";
