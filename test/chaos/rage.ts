// Round after round until so many faults have struck, and one without any at the end; and the table of it all.
import { createDice } from './faults.ts';
import { runRound } from './round.ts';
import type { Round } from './round.ts';
import { startSite } from './site.ts';
import type { Site } from './site.ts';

export interface Wanted {
  readonly seed: number;
  readonly faults: number;
  /** More than one need the database. */
  readonly servers: number;
  /** PostgreSQL in the place of the embedded store. */
  readonly database: boolean;
}

export interface Raged {
  readonly table: string;
  readonly findings: readonly string[];
}

/** Faults in one round at the most. */
const AT_MOST = 30;

export async function rageThrough(wanted: Wanted, log: (line: string) => void): Promise<Raged> {
  const { servers, database } = wanted;
  const dice = createDice(wanted.seed);
  const site = await startSite({ hosts: { old: 'bookworm', new: 'trixie' }, servers, database });
  const rounds: Round[] = [];
  try {
    for (let left = wanted.faults, done = false; !done;) {
      done = left <= 0;
      const many = Math.min(left, 1 + Math.ceil(dice() * (AT_MOST - 1)));
      left -= many;
      const heard = site.tally.lies.length;
      const round = await runRound(site, rounds.length + 1, dice, many);
      rounds.push(round);
      log(`round ${rounds.length}: ${round.faults.length} faults, ${round.ended}`);
      for (const lie of site.tally.lies.slice(heard)) log(`  ${lie}`);
    }
  } finally {
    await site.stop();
  }
  const findings = findingsOf(site, rounds);
  return { table: formatTable(wanted, site, rounds, findings.length), findings };
}

function findingsOf({ tally }: Site, rounds: readonly Round[]): readonly string[] {
  const last = rounds.at(-1);
  return [
    ...tally.lies,
    ...(last && /\b(?:failed|unknown|refused|not-started|no run)\b/.test(last.ended)
      ? [`the last round, without faults, came to: ${last.ended}`]
      : []),
  ];
}

function formatTable(
  { seed, servers, database }: Wanted,
  { tally }: Site,
  rounds: readonly Round[],
  findings: number,
): string {
  const struck = Map.groupBy(
    rounds.flatMap(({ faults }) => faults),
    (name) => name,
  );
  const faults = [...struck]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => `| ${name} | ${all.length} |`);
  const total = rounds.reduce((sum, round) => sum + round.faults.length, 0);
  const on = database
    ? `PostgreSQL, ${servers} server${servers === 1 ? '' : 's'}`
    : 'embedded store, one server';
  const truths = tally.rows().map(([truth, held, looked]) => `| ${truth} | ${held} of ${looked} |`);
  return [
    `Seed ${seed}, ${on}: ${total} faults in ${rounds.length} rounds, ${findings} findings.`,
    '',
    '| Must be true | Was |',
    '|---|--:|',
    ...truths,
    '',
    '| Fault | Times |',
    '|---|--:|',
    ...faults,
  ].join('\n');
}
