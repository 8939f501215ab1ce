// Who pushed the head of a pull request: whoever did does not approve it. Webhooks have told it, and GitHub is asked as
// well, for a webhook may have been missed. A commit's own author and committer say nothing: anybody can write them.
import { statusOf } from './http-status.ts';
import type { Pull } from './pulls.ts';
import type { GithubWorld, Repo } from './repo.ts';

/** Logins of all who pushed it; nobody when that cannot be found out. */
export async function readPushers(
  { store }: GithubWorld,
  repo: Repo,
  pull: Pull,
): Promise<readonly string[]> {
  const [heard, told] = await Promise.all([store.pushes.read(repo.key, pull.head), readActivity(repo, pull)]);
  return [...new Set([...heard, ...told])];
}

export async function keepPusher(
  { store }: GithubWorld,
  repo: Repo,
  { commit, by }: { readonly commit: string; readonly by: string },
): Promise<void> {
  await store.pushes.keep(repo.key, commit, by);
}

/** https://docs.github.com/en/rest/repos/repos#list-repository-activities: newest first; not on older Enterprise Servers, and not of every fork. */
async function readActivity({ octokit }: Repo, { from, head }: Pull): Promise<readonly string[]> {
  if (!from) return [];
  const { owner, repo, branch } = from;
  const ref = `refs/heads/${branch}`;
  try {
    const { data } = await octokit.rest.repos.listActivities({ owner, repo, ref, per_page: 100 });
    return data.flatMap(({ after, actor }) => (after === head && actor ? [actor.login] : []));
  } catch (error) {
    const status = statusOf(error);
    if (status === 403 || status === 404) return [];
    throw error;
  }
}
