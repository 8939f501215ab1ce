// What a resource stands on: the directory that holds it and the accounts that own it, on the host or in the plan so far.
// None of it is state of the resource; it decides whether the resource can be made.
import type { Reader } from '../../core/host.ts';
import type { Blocked, Verb, World } from '../../core/kind.ts';
import { readText } from '../../core/look.ts';
import type { Reason } from '../../core/reason.ts';
import { showPath } from './path.ts';
import { parseRecords } from './records.ts';

/** What a resource needs around it; null where it needs none. */
export interface Needed {
  readonly directory: string | null;
  readonly owner: string | null;
  readonly group: string | null;
}

export interface Around extends Needed {
  /** closed: the login may not look there. other: something that is no directory. */
  readonly place: 'directory' | 'missing' | 'other' | 'closed';
  /** The directory's path without symbolic links, as far as there is one; empty when they lead nowhere. */
  readonly real: string;
  readonly ownerKnown: boolean;
  readonly groupKnown: boolean;
}

/** By the same keys as asked for. Numbers count as known: they need no account. */
export async function readAround(
  host: Reader,
  needed: ReadonlyMap<string, Needed>,
): Promise<ReadonlyMap<string, Around>> {
  const all = [...needed.values()];
  const [places, users, groups] = await Promise.all([
    readPlaces(host, distinct(all.map(({ directory }) => directory))),
    readAccounts(host, 'passwd', distinct(all.map(({ owner }) => owner))),
    readAccounts(host, 'group', distinct(all.map(({ group }) => group))),
  ]);
  return new Map(
    [...needed].map(([key, one]) => {
      const place = places.get(one.directory ?? '') ?? NOWHERE;
      const ownerKnown = one.owner === null || isNumber(one.owner) || users.has(one.owner);
      const groupKnown = one.group === null || isNumber(one.group) || groups.has(one.group);
      return [key, { ...one, ...place, ownerKnown, groupKnown }];
    }),
  );
}

/** Why it cannot be made, or what to say about how it will come about. */
export function judgeAround(around: Around, world: World): Blocked | { readonly notes: readonly string[] } {
  const notes: string[] = [];
  for (const judge of [judgePlace, judgeOwner, judgeGroup]) {
    const verdict = judge(around, world);
    if (typeof verdict === 'object') return { blocked: verdict };
    if (verdict !== undefined) notes.push(verdict);
  }
  return { notes };
}

/** That nobody could look at what is asked for; undefined when it could be seen whether it is there. */
export function refuseClosed(id: string, around: Around): Reason | undefined {
  if (around.place !== 'closed') return undefined;
  const message = `the login may not look at ${showPath(id)}, so nobody knows what is there`;
  return { code: 'READ_FAILED', message, next: 'Use a login that may, or `sudo: true` in hosts.yml.' };
}

type Place = Pick<Around, 'place' | 'real'>;

const NOWHERE: Place = { place: 'missing', real: '' };

/**
 * Shell builtins only: 1,000 directories are one process. Of a directory that is not there yet, what is there of its path says
 * where it would really be.
 */
const PLACES = `for path do
  place=missing above=$path
  if [ -d "$path" ]; then
    place=directory
    [ -x "$path" ] || place=closed
  elif [ -e "$path" ] || [ -L "$path" ]; then
    place=other
  else
    while [ ! -e "$above" ] && [ ! -L "$above" ]; do above=\${above%/*}; above=\${above:-/}; done
    if [ -d "$above" ] && [ ! -x "$above" ]; then place=closed; fi
  fi
  printf '%s\\0%s\\0' "$path" "$place"
  if [ -d "$above" ] && [ -x "$above" ]; then
    (cd -P -- "$above" && { [ "$PWD" = / ] || printf '%s' "$PWD"; })
    printf '%s' "\${path#"\${above%/}"}"
  fi
  printf '\\0'
done`;

async function readPlaces(host: Reader, paths: readonly string[]): Promise<ReadonlyMap<string, Place>> {
  if (paths.length === 0) return new Map();
  const argv = ['xargs', '-0', '-r', 'sh', '-c', PLACES, 'look'];
  const records = parseRecords(await readText(host, argv, { stdin: paths.join('\0') }), 3);
  return new Map(
    records.map(([path = '', place = '', real = '']) => [path, { place: placeOf(place), real }]),
  );
}

function placeOf(word: string): Around['place'] {
  return word === 'directory' || word === 'other' || word === 'closed' ? word : 'missing';
}

/** Names of the accounts that the host knows, from wherever it knows them. 2: some of them are not there. */
async function readAccounts(
  host: Reader,
  database: 'passwd' | 'group',
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const asked = names.filter((name) => !isNumber(name));
  if (asked.length === 0) return new Set();
  const text = await readText(host, ['getent', database, '--', ...asked], { expected: [0, 2] });
  return new Set(text.split('\n').map((line) => line.split(':')[0] ?? ''));
}

type Verdict = Reason | string | undefined;

function judgePlace({ directory, place, real }: Around, world: World): Verdict {
  if (directory === null) return undefined;
  const verb = world.planned('directory', directory);
  const shown = showPath(directory);
  if (verb === 'delete') return missingParent(`${shown} is deleted above in the same plan`);
  if (place === 'directory') return real === directory ? undefined : `${shown} is really ${showPath(real)}`;
  if (isMaking(verb) || world.planned('symlink', directory) !== undefined) return undefined;
  if (place === 'other') return missingParent(`${shown} is not a directory on the host`);
  const home = /^\/home\/([^/]+)$/.exec(directory)?.[1];
  if (home !== undefined && world.planned('user', home) === 'create') {
    return `${shown} must come with the user ${home}, which is planned above`;
  }
  const bringer = findBringer(world);
  if (bringer !== undefined) return `${shown} must come with ${bringer}`;
  return missingParent(`${shown} does not exist on the host, and nothing above makes it`);
}

function judgeOwner({ owner, ownerKnown }: Around, world: World): Verdict {
  if (owner === null) return undefined;
  return judgeAccount('user', owner, ownerKnown, [world.planned('user', owner)], world);
}

/** A user that is made gets a group of its own name (useradd(8), --user-group). */
function judgeGroup({ group, groupKnown }: Around, world: World): Verdict {
  if (group === null) return undefined;
  const verbs = [world.planned('group', group), world.planned('user', group)];
  return judgeAccount('group', group, groupKnown, verbs, world);
}

function judgeAccount(
  what: 'user' | 'group',
  name: string,
  known: boolean,
  verbs: readonly (Verb | undefined)[],
  world: World,
): Verdict {
  if (verbs[0] === 'delete') {
    return { code: 'OWNER_MISSING', message: `the ${what} ${name} is deleted above in the same plan` };
  }
  if (known || verbs.some(isMaking)) return undefined;
  const bringer = findBringer(world);
  if (bringer !== undefined) return `the ${what} ${name} must come with ${bringer}`;
  const message = `the ${what} ${name} does not exist on the host, and nothing above makes it`;
  return { code: 'OWNER_MISSING', message };
}

/** Packages and commands planned above may bring what nobody declares. */
function findBringer(world: World): string | undefined {
  const packages = world.plannedIds('package', ['create', 'update', 'replace']);
  if (packages.length > 0) return `a package that is planned above (${packages.join(', ')})`;
  const commands = world.plannedIds('command', ['run']);
  return commands.length > 0 ? `a command that is planned above (${commands.join(', ')})` : undefined;
}

function missingParent(message: string): Reason {
  return { code: 'PARENT_MISSING', message };
}

function isMaking(verb: Verb | undefined): boolean {
  return verb === 'create' || verb === 'replace';
}

function isNumber(name: string): boolean {
  return /^[0-9]+$/.test(name);
}

function distinct(values: readonly (string | null)[]): string[] {
  return [...new Set(values)].filter((value) => value !== null);
}
