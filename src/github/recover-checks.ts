// Check runs that GitHub was asked to begin and whose ids nobody kept, since the server died or heard no answer: each is
// looked for by its name and its commit, so that it can be ended like any other.
import type { AskedCheck } from '../store/open-checks.ts';
import { findUnknown, keepBegun } from './checks.ts';
import { statusOf } from './http-status.ts';
import { connectTo } from './identify.ts';
import type { GithubWorld, Repo } from './repo.ts';

/** Of a pull request, those on other commits than the newest; what cannot be looked for now is left for the next time. */
export async function recoverOvertaken(
  world: GithubWorld,
  repo: Repo,
  { pull, commit }: { readonly pull: number; readonly commit: string },
): Promise<void> {
  const asked = await world.store.openChecks.asked({ repo: repo.key, pull });
  for (const one of asked.filter((each) => each.commit !== commit))
    await recover(world, one, async () => repo);
}

/** Those that were asked for before this time. */
export async function recoverOld(world: GithubWorld, before: Date): Promise<void> {
  for (const one of await world.store.openChecks.asked(before))
    await recover(world, one, () => connectTo(world, one, { check: one.name }));
}

async function recover(world: GithubWorld, asked: AskedCheck, connect: () => Promise<Repo>): Promise<void> {
  const { name, commit } = asked;
  try {
    const found = await findUnknown(world, await connect(), asked);
    if (found) return await keepBegun(world, asked, found.id);
  } catch (error) {
    world.log.warn({ err: error, name, commit }, 'a check run without an id could not be looked for');
    // A commit that is gone has none.
    const status = statusOf(error);
    if (status !== 404 && status !== 422) return;
  }
  await world.store.openChecks.forget(asked);
}
