// Repositories that are renamed and handed on, and installations that are suspended. A former name leads on to
// the repository until another one takes it.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
import type { Reply } from './http.ts';
import type { Account, Installation, Repository } from './state.ts';
import type { World } from './world.ts';

export interface NewName {
  readonly owner?: Account;
  readonly name?: string;
}

export function renameRepo(
  world: World,
  repo: Repository,
  { owner = repo.owner, name = repo.name }: NewName,
): void {
  const former = keyOf(repo);
  world.repos.delete(former);
  world.moved.set(former, repo);
  repo.owner = owner;
  repo.name = name;
  world.repos.set(keyOf(repo), repo);
  world.moved.delete(keyOf(repo));
}

/** Tokens that were given stay known, and are refused until it is back. */
export function suspend(installation: Installation, at: string | null): void {
  installation.suspendedAt = at;
}

export function uninstall(world: World, installation: Installation): void {
  world.installations.delete(installation.account.login);
  for (const [token, grant] of world.tokens) {
    if (grant.installation === installation) world.tokens.delete(token);
  }
}

/** Where a request for a former name is sent: 301 for what reads, 307 for what writes, to the address by the id. */
export function redirectMoved(world: World, method: string, path: string, search: string): Reply | undefined {
  const [, owner = '', name = '', rest = ''] = /^\/repos\/([^/]+)\/([^/]+)(\/.*)?$/.exec(path) ?? [];
  const repo =
    world.repo(owner, name) === undefined ? world.moved.get(`${owner}/${name}`.toLowerCase()) : undefined;
  if (repo === undefined) return undefined;
  const url = `${world.api}/repositories/${repo.id}${rest}${search}`;
  const reads = method === 'GET' || method === 'HEAD';
  const message = reads ? 'Moved Permanently' : 'Temporary Redirect';
  const body = { message, url, documentation_url: 'https://docs.github.com/rest' };
  return { status: reads ? 301 : 307, body, headers: { location: url } };
}

/** The address by the id, as the address by the name. */
export function pathByName(world: World, path: string): string {
  const [, id, rest = ''] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  const repo =
    id === undefined ? undefined : [...world.repos.values()].find((each) => each.id === Number(id));
  return repo === undefined ? path : `/repos/${repo.owner.login}/${repo.name}${rest}`;
}

function keyOf({ owner, name }: Repository): string {
  return `${owner.login}/${name}`.toLowerCase();
}
