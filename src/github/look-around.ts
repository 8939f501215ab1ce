// Looks for drift by schedule, where policy.yml of the default branch asks for it. Reads only, and says what it found.
import type { ProbotOctokit } from 'probot';
import { lookForDrift, putDriftIssues } from './drift.ts';
import { readRepositories } from './installations.ts';
import { readTip } from './pulls.ts';
import { place } from './repo.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { readPolicy } from './survey.ts';

/** One repository that fails does not keep the others from their turn. */
export async function lookAround(world: GithubWorld, app: ProbotOctokit): Promise<void> {
  for await (const repo of readRepositories(world, app)) {
    try {
      await lookWhereDue(world, repo);
    } catch (error) {
      repo.log.error({ err: error }, 'drift could not be looked for');
    }
  }
}

async function lookWhereDue(world: GithubWorld, repo: Repo): Promise<void> {
  const { data } = await repo.octokit.rest.repos.get(place(repo));
  const read = await readPolicy(world, repo, await readTip(repo, data.default_branch));
  if (!('policy' in read) || read.policy.driftEvery === null) return;
  const before = new Date(world.now().getTime() - read.policy.driftEvery * HOUR);
  if (!(await world.store.drifts.begin(repo.key, before))) return;
  const looked = await lookForDrift(world, repo, { hosts: [] });
  if (looked.is === 'looked') return putDriftIssues(world, repo, looked);
  repo.log.warn({ looked }, 'drift cannot be looked for');
}

const HOUR = 3_600_000;
