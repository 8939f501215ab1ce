// /status: what the hosts remember and how they are, from one look, with what only the store and the policy know beside it.
import type { StackStatus } from '../core/status.ts';
import { windowsAhead } from '../core/stop.ts';
import { renderStatus } from '../render/status.ts';
import type { Underway } from '../render/status.ts';
import type { Outcome } from './answer.ts';
import { readQueued } from './queued.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { showLook } from './show-look.ts';
import type { Looked, LookAsked } from './show-look.ts';

export async function showStatus(world: GithubWorld, repo: Repo, asked: LookAsked): Promise<Outcome> {
  return showLook(world, repo, asked, async ({ stacks, look, policy }) => {
    // A stack that only a host knows may be another repository's, and is nothing that this one's people may see.
    const declared = stacks.filter((stack) => stack.declared);
    return renderStatus(declared, await readUnderway(world, repo, declared, policy), look);
  });
}

async function readUnderway(
  world: GithubWorld,
  repo: Repo,
  stacks: readonly StackStatus[],
  { freeze }: Looked['policy'],
): Promise<Underway> {
  const { store, now } = world;
  const recorded = stacks.flatMap(({ hosts }) => hosts.flatMap((host) => host.recorded ?? []));
  const ids = [...new Set(recorded.map(({ run }) => run))];
  const known = await Promise.all(ids.map((id) => store.runs.read(id)));
  return {
    runs: await store.cancels.open(repo.key),
    waits: await store.waits.open(repo.key),
    queued: await readQueued(world, repo),
    stops: await store.stops.active(repo.key),
    windows: windowsAhead(freeze, now()),
    pulls: new Map(known.flatMap((run) => (run?.repo === repo.key ? [[run.id, run.pull] as const] : []))),
  };
}
