// What apt would do for each package that is asked for, as the transactions of a plan. Pure.
import { activeOf } from './output.ts';
import type { Installed, Line } from './output.ts';
import { groupNeighbours, joinLines } from './together.ts';
import type { Neighbourhood } from './together.ts';

/** What is asked of one package: `name=version`, `name` or `name-`, as apt-get takes it. */
export interface Asked {
  readonly id: string;
  readonly word: string;
}

/** What apt would do for one package, on top of what it does for those asked for before it. */
export interface Transaction {
  readonly lines: readonly Line[];
  /** Names among the lines that apt shall go on seeing as installed for the sake of others only. */
  readonly automatic: readonly string[];
  /** Units that run now and come from packages that are replaced or removed. */
  readonly units: readonly { readonly unit: string; readonly how: 'restart' | 'stop' }[];
  /** Those for which all this is, this one first, where it is for several. */
  readonly together?: readonly string[];
}

/** The transaction of a neighbour does it all. */
export interface Along {
  readonly by: string;
  /** The version that comes by it; null where it is there by then. */
  readonly to: string | null;
}

/** apt's own words for why it does nothing. */
export interface Refusal {
  readonly refused: string;
  readonly command: string;
  /** The one asked for before this, on top of which nothing could be simulated. */
  readonly behind: string | null;
}

export type Answer = Transaction | Along | Refusal;

export type Simulation = readonly Line[] | Omit<Refusal, 'behind'>;

/** What the host says of the packages that it has. */
export interface Known {
  readonly installed: ReadonlyMap<string, Installed>;
  readonly automatic: ReadonlySet<string>;
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly active: readonly string[];
}

/** `parts`: what is simulated for each of those asked for, on top of those before it. */
export function answersOf(
  asked: readonly Asked[],
  parts: readonly Simulation[],
  known: Known,
  neighbourhood: Neighbourhood,
): ReadonlyMap<string, Answer> {
  const simulated = asked.map((one, index) => ({ ...one, part: parts[index] ?? [] }));
  const first = simulated.find(({ part }) => 'refused' in part)?.id ?? null;
  const answers = new Map<string, Answer>();
  for (const { id, part } of simulated) {
    if ('refused' in part) answers.set(id, { ...part, behind: first === id ? null : first });
    else answers.set(id, transactionOf(part, namesUpTo(asked, id), known));
  }
  const due = new Map(simulated.map((one) => [one.id, { ...one, lines: linesOf(one.part) }]));
  for (const group of groupNeighbours(due, neighbourhood)) {
    const lines = joinLines(group.map((id) => due.get(id)?.lines ?? []));
    for (const [id, answer] of answersTogether(group, lines, { asked, known })) answers.set(id, answer);
  }
  return answers;
}

function linesOf(part: Simulation): readonly Line[] | undefined {
  return 'refused' in part ? undefined : part;
}

function transactionOf(lines: readonly Line[], named: readonly string[], known: Known): Transaction {
  // apt-get marks every package that it is given by name as wanted for its own sake.
  const others = lines.filter(({ name, to }) => to !== null && !named.includes(name));
  const automatic = others.filter(({ name }) => !isInstalled(name, known) || known.automatic.has(name));
  const units = lines
    .filter(({ name }) => isInstalled(name, known))
    .flatMap(({ name, to }) =>
      activeOf(known.files.get(name) ?? [], known.active).map((unit) => {
        return { unit, how: to === null ? ('stop' as const) : ('restart' as const) };
      }),
    );
  return { lines, automatic: automatic.map(({ name }) => name), units };
}

function isInstalled(name: string, { installed }: Known): boolean {
  return installed.get(name)?.state === 'installed';
}

/** Of all that are carried out up to this one, itself included. */
function namesUpTo(asked: readonly Asked[], last: string): readonly string[] {
  return asked.slice(0, asked.findIndex(({ id }) => id === last) + 1).map(({ id }) => id);
}

/** The first of neighbours does what all of them need, and the others come by it. */
function answersTogether(
  group: readonly string[],
  lines: readonly Line[],
  { asked, known }: { readonly asked: readonly Asked[]; readonly known: Known },
): readonly (readonly [string, Answer])[] {
  const [first = '', ...others] = group;
  const whole = transactionOf(lines, namesUpTo(asked, group.at(-1) ?? first), known);
  const along = others.map((id) => {
    return [id, { by: first, to: lines.find(({ name }) => name === id)?.to ?? null }] as const;
  });
  return [[first, { ...whole, together: group }], ...along];
}
