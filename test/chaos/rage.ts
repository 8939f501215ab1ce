// Round after round until so many faults have struck, and one without any at the end; and the table of it all.
import { createDice } from './faults.ts';
import { runRound } from './round.ts';
import type { Round } from './round.ts';
import { startSite } from './site.ts';

export interface Raged {
  readonly table: string;
  readonly findings: readonly string[];
}

/** Faults in one round at the most. */
const AT_MOST = 30;

export async function rageThrough(seed: number, faults: number, log: (line: string) => void): Promise<Raged> {
  const dice = createDice(seed);
  const site = await startSite({ old: 'bookworm', new: 'trixie' });
  const rounds: Round[] = [];
  try {
    for (let left = faults, done = false; !done;) {
      done = left <= 0;
      const many = Math.min(left, 1 + Math.ceil(dice() * (AT_MOST - 1)));
      left -= many;
      const round = await runRound(site, rounds.length + 1, dice, many);
      rounds.push(round);
      log(`round ${rounds.length}: ${round.faults.length} faults, ${round.ended}`);
      for (const finding of round.findings) log(`  ${finding}`);
    }
  } finally {
    await site.stop();
  }
  return { table: formatTable(seed, rounds), findings: findingsOf(rounds) };
}

function findingsOf(rounds: readonly Round[]): readonly string[] {
  const last = rounds.at(-1);
  return [
    ...rounds.flatMap(({ findings }, index) => findings.map((finding) => `round ${index + 1}: ${finding}`)),
    ...(last && /\b(?:failed|unknown|refused|not-started|no run)\b/.test(last.ended)
      ? [`the last round, without faults, came to: ${last.ended}`]
      : []),
  ];
}

function formatTable(seed: number, rounds: readonly Round[]): string {
  const struck = Map.groupBy(
    rounds.flatMap(({ faults }) => faults),
    (name) => name,
  );
  const rows = [...struck]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => `| ${name} | ${all.length} |`);
  const total = rounds.reduce((sum, { faults }) => sum + faults.length, 0);
  return [
    `Seed ${seed}: ${total} faults in ${rounds.length} deploys, ${findingsOf(rounds).length} findings.`,
    '',
    '| Fault | Times |',
    '|---|--:|',
    ...rows,
  ].join('\n');
}
