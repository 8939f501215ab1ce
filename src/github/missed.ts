// Pull requests that nothing here knows of, because neither their webhooks came nor the copies that GitHub was asked
// for: they are put into the inbox as if they had. What is found to be known by then is left alone.
import type { ProbotOctokit } from 'probot';
import { z } from 'zod';
import { sha256 } from '../core/json.ts';
import type { Runner } from './carry-out.ts';
import { DEPLOY_CHECK, PLAN_CHECK } from './checks.ts';
import { readRepositories } from './installations.ts';
import { deployMerge } from './merge-deploy.ts';
import { connectTo } from './identify.ts';
import { planPull } from './plan-pull.ts';
import { readMergedSince, readOpenPulls } from './pulls.ts';
import { readQueued } from './queued.ts';
import type { GithubWorld, Repo } from './repo.ts';

/** The event of such a delivery; no event of GitHub's has a name like it. */
export const MISSED = 'ashore.missed';

/** Looks through all repositories. One that fails does not keep the others from their turn. */
export async function lookForMissed(world: GithubWorld, app: ProbotOctokit): Promise<void> {
  for await (const repo of readRepositories(world, app)) {
    try {
      await lookThrough(world, repo);
    } catch (error) {
      repo.log.error({ err: error }, 'the pull requests could not be looked through');
    }
  }
}

export async function onMissed(
  world: GithubWorld,
  runner: Runner,
  { id, payload }: { readonly id: string; readonly payload: string },
): Promise<void> {
  const { repo: key, installation, pull, commit, merged } = Missed.parse(JSON.parse(payload));
  const repo = await connectTo(world, { repo: key, installation }, { id });
  const { log } = repo;
  if (await isKnown(world, key, commit, merged ? DEPLOY_CHECK : PLAN_CHECK)) return;
  log.warn({ pull, commit }, merged ? 'the merge was missed' : 'the pull request was missed');
  if (merged) return deployMerge(world, runner, repo, { pull, delivery: id });
  await planPull(world, repo, { pull, hosts: [], delivery: id });
}

export const Missed = z.object({
  /** Its key in the store. */
  repo: z.string(),
  installation: z.number(),
  pull: z.number(),
  /** The head, or what the merge made. */
  commit: z.string(),
  merged: z.boolean(),
});
export type Missed = z.infer<typeof Missed>;

/** Milliseconds by which our clock and GitHub's may differ, and for which a webhook may be on its way. */
const OVERLAP = 3_600_000;

/**
 * Merges since the last look only: what was merged before that, or before this repository was looked at for the first
 * time, is history, and nobody expects it to be deployed now.
 */
async function lookThrough(world: GithubWorld, repo: Repo): Promise<void> {
  const { looks, deliveries } = world.store;
  const now = world.now();
  for (const { number: pull, head: commit } of await readOpenPulls(repo)) {
    const group = `${repo.id}#${pull}`;
    // What is being handled now may be just this; if not, the next look finds it.
    const comes = (): Promise<boolean> => deliveries.busy(group);
    await put(world, group, { missed: { ...placeOf(repo), pull, commit, merged: false }, comes });
  }
  const last = await looks.read(repo.key);
  const since = last && new Date(Date.parse(last) - OVERLAP);
  const queued = new Set((await readQueued(world, repo)).map(({ pull }) => pull));
  for (const { number: pull, mergeCommit: commit, base } of since ? await readMergedSince(repo, since) : []) {
    const group = `${repo.id}@refs/heads/${base}`;
    // This very merge: the next look does not go back as far, however long its branch is busy with others.
    const comes = async (): Promise<boolean> => queued.has(pull);
    await put(world, group, { missed: { ...placeOf(repo), pull, commit, merged: true }, comes });
  }
  await looks.keep(repo.key, now.toISOString());
}

function placeOf({ key: repo, installation }: Repo): Pick<Missed, 'repo' | 'installation'> {
  return { repo, installation };
}

interface Putting {
  readonly missed: Missed;
  /** Whether it is in the inbox already. */
  readonly comes: () => Promise<boolean>;
}

/** The same is put once, and again only when it has failed. */
async function put({ store }: GithubWorld, group: string, { missed, comes }: Putting): Promise<void> {
  const { repo, commit, merged } = missed;
  const known = await isKnown({ store }, repo, commit, merged ? DEPLOY_CHECK : PLAN_CHECK);
  if (known || (await comes())) return;
  const payload = JSON.stringify(missed);
  const guid = `missed-${sha256(payload).slice(0, 32)}`;
  await store.deliveries.put({ guid, event: MISSED, payload, group });
}

async function isKnown(
  { store }: Pick<GithubWorld, 'store'>,
  repo: string,
  commit: string,
  check: string,
): Promise<boolean> {
  const checks = await store.posts.newestChecks(repo, commit);
  return checks.some(({ name }) => name === check);
}
