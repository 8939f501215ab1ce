// The fuzz with the budget that every change can afford; for longer: npm run fuzz -- --seed N --seconds N.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet } from '../e2e/fleet.ts';
import type { Fleet } from '../e2e/fleet.ts';
import { TRAP } from './hostile.ts';
import { readTrap, runRound, setTrap } from './round.ts';

const SEEDS = [1, 2, 3, 4];

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
});
afterAll(async () => {
  await fleet.stop();
});

describe.each(['old', 'new'])('on %s', (name) => {
  it.each(SEEDS)('nothing that is declared or said is executed, seed %i', async (seed) => {
    await setTrap(fleet.lab.host(name));
    const round = await runRound(fleet, name, seed);
    expect(round.findings).toEqual([]);
    // A fuzz whose every name is refused at the door would prove nothing of the host.
    expect(round.valid).toBeGreaterThan(10);
    expect(round.deployed).toBeGreaterThan(5);
  });

  it('the trap is seen when it is sprung', async () => {
    const host = fleet.lab.host(name);
    await setTrap(host);
    await host.exec(['sh', '-c', `runuser -u nobody -- ${TRAP}`]);
    expect(await readTrap(host)).toMatch(/fuzz-canary/);
  });
});
