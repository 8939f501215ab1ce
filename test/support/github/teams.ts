// Who is in which team of an organization; an installation there may ask, with `members=read`.
import { grants } from './auth.ts';
import { type Call, type Operation, type Reply, Refusal, notFound, ok, param } from './http.ts';

function mayRead({ actor }: Call, organization: string): boolean {
  if (actor.kind === 'user') return true;
  if (actor.kind !== 'installation' || actor.installation.account.login !== organization) return false;
  return grants(actor.permissions, 'members=read');
}

/** Whoever is not a member is 404: https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user */
function membership(call: Call): Reply {
  const [organization, team, login] = [param(call, 'org'), param(call, 'team_slug'), param(call, 'username')];
  if (!mayRead(call, organization))
    throw new Refusal(
      403,
      'Resource not accessible by integration',
      {},
      { 'x-accepted-github-permissions': 'members=read' },
    );
  if (call.world.teams.get(`${organization}/${team}`)?.has(login) !== true) throw notFound();
  return ok({
    url: `${call.world.api}/orgs/${organization}/teams/${team}/memberships/${login}`,
    role: 'member',
    state: 'active',
  });
}

export const teamOperations: Readonly<Record<string, Operation>> = {
  'teams/get-membership-for-user-in-org': { on: 'anyone', run: membership },
};
