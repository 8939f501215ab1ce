// What is asked of GitHub by the clock: what did not arrive, what was missed, what has drifted. Each part is on its own:
// one that fails is logged, and keeps no other from its turn.
import type { ProbotOctokit } from 'probot';
import { closeOwnerless } from './close-checks.ts';
import { lookAround } from './look-around.ts';
import { lookForMissed } from './missed.ts';
import { askAgain } from './redelivery.ts';
import type { GithubWorld } from './repo.ts';

/** Milliseconds for which GitHub sends a delivery again when it is asked to, and overlap of one look with the next. */
const REDELIVERED = 3 * 24 * 3_600_000;
const OVERLAP = 600_000;

/** `connect`: as the App itself. Of all sweeps since the start, each goes back to the one before. */
export function createSweep(world: GithubWorld, connect: () => Promise<ProbotOctokit>): () => Promise<void> {
  const { log } = world;
  const { deliveries } = world.store;
  let since = 0;
  const part = async (failure: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      log.warn({ err: error }, failure);
    }
  };
  return async () => {
    const now = Date.now();
    await part('check runs that nobody will end could not be closed', () => closeOwnerless(world));
    const octokit = await connect();
    await part('what did not arrive could not be asked for again', async () => {
      const from = new Date(Math.max(since, now - REDELIVERED));
      const { later } = await askAgain({ octokit, deliveries, since: from, now: world.now, log });
      if (!later) since = now - OVERLAP;
    });
    await part('what was missed could not be looked for', () => lookForMissed(world, octokit));
    await part('drift could not be looked for', () => lookAround(world, octokit));
  };
}
