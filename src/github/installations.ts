// The repositories that our App is installed in, for what is done by schedule and not because of a webhook.
import type { ProbotOctokit } from 'probot';
import { repoListed } from './identify.ts';
import type { GithubWorld, Repo } from './repo.ts';

/**
 * All of them, one after another; an installation that is suspended may not be used and is left out. So is what GitHub
 * gives no access to now: the others do not wait for it.
 */
export async function* readRepositories(world: GithubWorld, app: ProbotOctokit): AsyncGenerator<Repo> {
  for await (const { data: installations } of app.paginate.iterator(app.rest.apps.listInstallations, PAGE)) {
    for (const { id, suspended_at: suspended } of installations) {
      if (suspended !== null) continue;
      try {
        yield* readInstalled(world, id);
      } catch (error) {
        world.log.warn(
          { err: error, installation: id },
          'the repositories of an installation cannot be read',
        );
      }
    }
  }
}

const PAGE = { per_page: 100 };

async function* readInstalled(world: GithubWorld, installation: number): AsyncGenerator<Repo> {
  const octokit = await world.connect(installation);
  const { listReposAccessibleToInstallation: list } = octokit.rest.apps;
  for await (const { data: repositories } of octokit.paginate.iterator(list, PAGE)) {
    for (const { id, full_name: name, archived } of repositories) {
      if (archived) continue;
      const log = world.log.child({ repo: name });
      yield await repoListed(world, { octokit, id, name, installation, log });
    }
  }
}
