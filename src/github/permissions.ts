// What an account may do in a repository, as GitHub says now; never the author association of a payload, which is no permission.
import { isRole } from './rules/request.ts';
import type { Actor, Role } from './rules/request.ts';
import { place } from './repo.ts';
import type { Repo } from './repo.ts';
import { statusOf } from './http-status.ts';

export interface Account {
  readonly login: string;
  readonly bot: boolean;
}

/** The account with its role, and those of the named teams that it belongs to. */
export async function readActor(repo: Repo, { login, bot }: Account, by: readonly string[]): Promise<Actor> {
  if (bot) return { login, bot, role: 'none', teams: [] };
  const teams = by.filter((who) => who.startsWith('@'));
  const [role, members] = await Promise.all([
    readRole(repo, login),
    Promise.all(teams.map((team) => readMembership(repo, team, login))),
  ]);
  return { login, bot, role, teams: teams.filter((_, index) => members[index]) };
}

/** A custom role counts as the standard role that it builds on. */
export async function readRole(repo: Repo, login: string): Promise<Role> {
  const { data } = await orNotFound(
    repo.octokit.rest.repos.getCollaboratorPermissionLevel({ ...place(repo), username: login }),
    { data: { role_name: 'none', permission: 'none' } },
  );
  if (isRole(data.role_name)) return data.role_name;
  return isRole(data.permission) ? data.permission : 'none';
}

/** Logins of the members of a team; nobody where it is not there, or the App may not see it. */
export async function readTeam(repo: Repo, team: string): Promise<readonly string[]> {
  const [org = '', team_slug = ''] = team.slice(1).split('/');
  const { listMembersInOrg } = repo.octokit.rest.teams;
  const asked = repo.octokit.paginate(listMembersInOrg, { org, team_slug, per_page: 100 });
  const members = await orNotFound(asked, []);
  return members.map((member) => member.login);
}

async function readMembership(repo: Repo, team: string, username: string): Promise<boolean> {
  const [org = '', team_slug = ''] = team.slice(1).split('/');
  const { data } = await orNotFound(
    repo.octokit.rest.teams.getMembershipForUserInOrg({ org, team_slug, username }),
    {
      data: { state: 'none' },
    },
  );
  return data.state === 'active';
}

async function orNotFound<Answer, Instead>(
  call: Promise<Answer>,
  instead: Instead,
): Promise<Answer | Instead> {
  try {
    return await call;
  } catch (error) {
    if (statusOf(error) === 404) return instead;
    throw error;
  }
}
