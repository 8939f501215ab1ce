// One look at one host: its ledger and the state of every resource, all kinds in the same turn.
// A read that fails is kept as a failure of that kind; it never becomes an absence.
import { formatRef, parseRef } from '../core/address.ts';
import { decode, ledgerPath } from '../core/host.ts';
import type { Reader, Target } from '../core/host.ts';
import type { AnyKind, Rows } from '../core/kind.ts';
import { parseLedger } from '../core/ledger.ts';
import type { Ledger } from '../core/ledger.ts';
import { readText } from '../core/look.ts';
import { HostFailure } from '../core/reason.ts';
import type { Reason, ReasonCode } from '../core/reason.ts';
import type { Resource } from '../core/resource.ts';
import type { Seal } from '../core/secret.ts';
import { unprovenStates } from './proof.ts';

/** What one look at a host found. */
export interface Observation {
  readonly ledger: Ledger;
  /** The run that was begun last, when it is over and never said its end. */
  readonly torn: string | null;
  /** By `kind/id`; a resource that is not there is left out. */
  readonly states: ReadonlyMap<string, unknown>;
  /** Addresses that were asked for, found or not. */
  readonly looked: ReadonlySet<string>;
  /** Kinds that could not be read, by name. */
  readonly unreadable: ReadonlyMap<string, Reason>;
}

interface Wanted {
  readonly target: Target;
  /** What is declared for this host, in order. */
  readonly resources: readonly Resource[];
  /** Addresses on this host that any stack declares, planned or not. */
  readonly declared: ReadonlySet<string>;
  readonly stacks: readonly string[];
  readonly seal?: Seal | undefined;
}

/** Two turns at the most: what is declared, then what only the ledger knows. */
export async function observe(
  reader: Reader,
  wanted: Wanted,
  kinds: readonly AnyKind[],
): Promise<Observation> {
  const first = wanted.resources.map(({ address, stack, want }) => ({ ...address, stack, want }));
  const [ledger, torn, declared] = await Promise.all([
    readLedger(reader, wanted.target),
    readTorn(reader, wanted.target),
    readKinds(reader, first, kinds, wanted.seal),
  ]);
  const orphans = orphanRefs(ledger, wanted).map((ref) => ({ ...ref, stack: null, want: undefined }));
  const left = await readKinds(reader, orphans, kinds, wanted.seal);
  return {
    ledger,
    torn,
    states: new Map([...unprovenStates(ledger), ...left.states, ...declared.states]),
    looked: new Set([...first, ...orphans].map(formatRef)),
    unreadable: new Map([...left.unreadable, ...declared.unreadable]),
  };
}

/** Resources of the planned stacks that the ledger knows and no stack declares any more, newest first. */
export function orphanRefs(ledger: Ledger, wanted: Pick<Wanted, 'declared' | 'stacks'>) {
  return [...ledger.entries.values()]
    .filter((entry) => wanted.stacks.includes(entry.stack) && !wanted.declared.has(entry.ref))
    .map((entry) => parseRef(entry.ref))
    .filter((ref) => ref !== undefined)
    .toReversed();
}

async function readLedger(reader: Reader, target: Target): Promise<Ledger> {
  const path = ledgerPath(target);
  const look = await reader.look(['sh', '-c', 'if [ -e "$1" ]; then exec cat -- "$1"; fi', 'look', path]);
  if (look.status !== 0) {
    const evidence = { command: `cat ${path}`, status: look.status, output: look.stderr };
    throw new HostFailure({ code: 'READ_FAILED', message: 'the ledger could not be read', evidence });
  }
  const ledger = parseLedger(look.stdout);
  if (!('damaged' in ledger)) return ledger;
  const evidence = { command: `cat ${path}`, output: lastLine(decode(look.stdout)) };
  throw new HostFailure({ code: 'LEDGER_DAMAGED', message: `${path}, ${ledger.damaged}`, evidence });
}

/**
 * Who holds the host says so in `holder` until its end. A run is over when nobody holds its `alive`; to ask takes that
 * lock for a moment, which at worst makes a follower ask once more.
 */
const TORN = `
read -r WORD RUN REST <"$1/holder" 2>/dev/null || exit 0
[ "$WORD" = run ] && [ ! -e "$1/runs/$RUN/guard/armed" ] || exit 0
[ ! -e "$1/runs/$RUN/alive" ] || (exec 7<"$1/runs/$RUN/alive" && flock -n 7) || exit 0
printf %s "$RUN"`;

async function readTorn(reader: Reader, { state }: Target): Promise<string | null> {
  const run = await readText(reader, ['sh', '-c', TORN, 'look', state]);
  return run === '' ? null : run;
}

interface Asked {
  readonly kind: string;
  readonly id: string;
  /** Null for what is no longer declared, and stands beside nothing. */
  readonly stack: string | null;
  readonly want: unknown;
}

async function readKinds(
  reader: Reader,
  asked: readonly Asked[],
  kinds: readonly AnyKind[],
  seal: Seal | undefined,
) {
  const states = new Map<string, unknown>();
  const unreadable = new Map<string, Reason>();
  const rows = rowsOf(asked);
  const read = async (kind: AnyKind): Promise<void> => {
    const wanted = new Map(asked.filter((one) => one.kind === kind.name).map(({ id, want }) => [id, want]));
    if (wanted.size === 0) return;
    try {
      const found = await kind.read(reader, wanted, seal, rows.get(kind.name) ?? []);
      for (const [id, state] of found) states.set(formatRef({ kind: kind.name, id }), state);
    } catch (error) {
      unreadable.set(kind.name, unreadableReason(error));
    }
  };
  await Promise.all(kinds.map(read));
  return { states, unreadable };
}

/** By kind. One alone is a row, too. */
function rowsOf(asked: readonly Asked[]): ReadonlyMap<string, Rows> {
  const rows = new Map<string, string[][]>();
  for (const [index, { kind, id, stack }] of asked.entries()) {
    const before = asked[index - 1];
    const own = rows.get(kind) ?? [];
    rows.set(kind, own);
    if (stack !== null && before?.kind === kind && before.stack === stack) own.at(-1)?.push(id);
    else own.push([id]);
  }
  return rows;
}

const OF_A_KIND: readonly ReasonCode[] = ['READ_FAILED', 'PROGRAM_MISSING'];

/** A kind that cannot read its own things leaves the others standing; anything else is the host's failure. */
function unreadableReason(error: unknown): Reason {
  if (error instanceof HostFailure && OF_A_KIND.includes(error.reason.code)) return error.reason;
  throw error;
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.slice(0, 2000) ?? '';
}
