// A repository that a webhook or a list of GitHub's names, as it is called now: a name may have been changed since, or
// be another repository's by now. What decides is GitHub's id.
import type { ProbotOctokit } from 'probot';
import { z } from 'zod';
import type { KnownRepository } from '../store/repositories.ts';
import type { GithubWorld, Repo } from './repo.ts';

export interface ToldRepository {
  readonly octokit: ProbotOctokit;
  readonly installation: number;
  readonly id: number;
  /** `owner/name`. */
  readonly name: string;
  readonly log: Repo['log'];
}

/** GitHub is asked only where what is told is not what is known. */
export async function repoOf(world: GithubWorld, told: ToldRepository): Promise<Repo> {
  const { octokit, log, id, installation } = told;
  const { repositories } = world.store;
  const known = await repositories.read(id);
  if (known?.name === told.name && known.installation === installation)
    return repoFrom(world, known, { octokit, log });
  const name = await readName(octokit, id);
  if (known && known.name !== name) log.info({ from: known.name, to: name }, 'a repository has another name');
  return repoFrom(world, await repositories.keep({ id, name, installation }), { octokit, log });
}

/** The same for what GitHub itself has just said. */
export async function repoListed(world: GithubWorld, told: ToldRepository): Promise<Repo> {
  const { octokit, log, id, name, installation } = told;
  const { repositories } = world.store;
  const known = await repositories.read(id);
  const same = known?.name === name && known.installation === installation;
  return repoFrom(world, same ? known : await repositories.keep({ id, name, installation }), {
    octokit,
    log,
  });
}

/** One that no delivery stands for: of a run, or of a check run, that is taken up again. `repo` is its key. */
export async function connectTo(
  world: GithubWorld,
  { repo: key, installation }: { readonly repo: string; readonly installation: number },
  about: Readonly<Record<string, unknown>>,
): Promise<Repo> {
  const log = world.log.child({ ...about });
  const { repositories } = world.store;
  const known = await repositories.ofKey(key);
  if (known) {
    const { id } = known;
    const connected = await world.connect(known.installation);
    if (known.name !== '') return repoFrom(world, known, { octokit: connected, log });
    const name = await readName(connected, id);
    return repoFrom(world, await repositories.keep({ ...known, name }), { octokit: connected, log });
  }
  // From before ids were kept; GitHub leads on from a former name.
  const octokit = await world.connect(installation);
  const [owner = '', repo = ''] = key.split('/');
  const { data } = await octokit.rest.repos.get({ owner, repo });
  const kept = await repositories.keep({ id: data.id, name: data.full_name, installation, key });
  return { ...repoFrom(world, kept, { octokit, log }), key };
}

function repoFrom(
  { blobs }: GithubWorld,
  { id, key, name: full, installation, taken }: KnownRepository,
  { octokit, log }: Pick<Repo, 'octokit' | 'log'>,
): Repo {
  const [owner = '', name = ''] = full.split('/');
  return { octokit, owner, name, id, key, taken, installation, log, blobs };
}

const Answer = z.object({ id: z.number(), full_name: z.string() });

/** By its id: where GitHub itself leads to from a former name, which by now may be another repository's. */
async function readName(octokit: ProbotOctokit, id: number): Promise<string> {
  const { data } = await octokit.request('GET /repositories/{id}', { id });
  return Answer.parse(data).full_name;
}
