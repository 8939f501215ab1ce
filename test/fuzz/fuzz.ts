// The fuzz for as long as one likes: node test/fuzz/fuzz.ts --seed 1 --seconds 600. Ends with 1 at the first finding.
import { parseArgs } from 'node:util';
import { startFleet } from '../e2e/fleet.ts';
import { runRound, setTrap } from './round.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, seconds: { type: 'string', default: '300' } },
});
const fleet = await startFleet([
  { name: 'old', suite: 'bookworm' },
  { name: 'new', suite: 'trixie' },
]);
try {
  await fuzz(Number(values.seed), Date.now() + Number(values.seconds) * 1000);
} finally {
  await fleet.stop();
}

async function fuzz(first: number, end: number): Promise<void> {
  for (const host of fleet.lab.hosts.values()) await setTrap(host);
  for (let seed = first; Date.now() < end; seed += 1) {
    for (const name of fleet.lab.hosts.keys()) {
      const { valid, deployed, findings } = await runRound(fleet, name, seed);
      console.log(`seed ${seed} on ${name}: ${valid} valid, ${deployed} carried out`);
      if (findings.length === 0) continue;
      console.error(findings.join('\n'));
      process.exitCode = 1;
      return;
    }
  }
}
