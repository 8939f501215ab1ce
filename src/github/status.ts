// /status: what the hosts remember and how they are, from one look, with what only the store knows beside it.
import type { Reason } from '../core/reason.ts';
import type { StackStatus } from '../core/status.ts';
import { renderStatus } from '../render/status.ts';
import type { Underway } from '../render/status.ts';
import { postReply } from './comments.ts';
import { lookForDrift } from './drift.ts';
import type { Account } from './permissions.ts';
import { readPull } from './pulls.ts';
import { fullName } from './repo.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { refusePlan } from './request-plan.ts';

export interface StatusAsked {
  readonly pull: number;
  readonly account: Account;
  /** All of them where none is named. */
  readonly hosts: readonly string[];
}

/** Why not; empty when it was said. */
export async function showStatus(
  world: GithubWorld,
  repo: Repo,
  { pull, account, hosts }: StatusAsked,
): Promise<readonly Reason[]> {
  // What is looked at is the default branch's, so nobody has to have read what the pull request brings.
  const { head } = await readPull(repo, pull);
  const refused = await refusePlan(world, repo, { pull, account, commit: head });
  if (refused.length > 0) return refused;
  const looked = await lookForDrift(world, repo, hosts);
  switch (looked.is) {
    case 'looked': {
      // A stack that only a host knows may be another repository's, and is nothing that this one's people may see.
      const stacks = looked.stacks.filter(({ declared }) => declared);
      const underway = await readUnderway(world, fullName(repo), stacks);
      await postReply(repo, pull, renderStatus(stacks, underway, looked.look));
      return [];
    }
    case 'problems':
      return [{ code: 'CONFIG_INVALID', message: looked.problems[0]?.message ?? 'the default branch' }];
    case 'refused':
      return [looked.reason];
    default:
      return looked satisfies never;
  }
}

async function readUnderway(
  { store }: GithubWorld,
  repo: string,
  stacks: readonly StackStatus[],
): Promise<Underway> {
  const recorded = stacks.flatMap(({ hosts }) => hosts.flatMap((host) => host.recorded ?? []));
  const ids = [...new Set(recorded.map(({ run }) => run))];
  const known = await Promise.all(ids.map((id) => store.runs.read(id)));
  return {
    runs: await store.cancels.open(repo),
    waits: await store.waits.open(repo),
    stops: await store.stops.active(repo),
    pulls: new Map(known.flatMap((run) => (run?.repo === repo ? [[run.id, run.pull] as const] : []))),
  };
}
