// Merges of a repository that have come and not begun: each waits in the inbox for the one before it on its branch.
import { z } from 'zod';
import type { GithubWorld, Repo } from './repo.ts';

export interface QueuedMerge {
  readonly pull: number;
  /** Who merged. */
  readonly by: string;
  /** ISO 8601. */
  readonly since: string;
}

/** In order; those that have a run or wait for hosts are left out. */
export async function readQueued({ store }: GithubWorld, repo: Repo): Promise<readonly QueuedMerge[]> {
  const [unended, runs, waits] = await Promise.all([
    store.deliveries.unended({ group: `${repo.id}@refs/heads/` }),
    store.cancels.open(repo.key),
    store.waits.open(repo.key),
  ]);
  const begun = new Set([...runs, ...waits].map(({ pull }) => pull));
  const merges = unended.flatMap(({ payload, since }) => {
    const parsed = Merge.safeParse(JSON.parse(payload));
    return parsed.success ? [{ ...parsed.data, since }] : [];
  });
  const first = new Map(merges.toReversed().map((merge) => [merge.pull, merge]));
  return merges.filter((merge) => first.get(merge.pull) === merge && !begun.has(merge.pull));
}

const SOMEBODY = 'an unknown account';

/** A webhook, or what was put into the inbox for one that was missed. */
const Merge = z.union([
  z
    .object({
      pull_request: z.object({
        number: z.number(),
        merged: z.literal(true),
        merged_by: z.object({ login: z.string() }).nullish(),
      }),
    })
    .transform(({ pull_request: { number: pull, merged_by: by } }) => ({ pull, by: by?.login ?? SOMEBODY })),
  z.object({ pull: z.number(), merged: z.literal(true) }).transform(({ pull }) => ({ pull, by: SOMEBODY })),
]);
