// The App's own endpoints: itself, its installations and their tokens, its webhook deliveries; and a few words about people.
import { randomBytes } from 'node:crypto';
import { tokenExpiry } from './auth.ts';
import {
  type Call,
  type Operation,
  type Reply,
  NO_CONTENT,
  Refusal,
  created,
  notFound,
  ok,
  onRepo,
  paged,
  param,
} from './http.ts';
import { deliveryJson } from './hooks.ts';
import { type JsonObject, list, object } from './json.ts';
import { accountJson, appJson, fullRepoJson, installationJson, nodeId, repoJson } from './shapes.ts';
import {
  type Account,
  type Installation,
  type Level,
  type Permissions,
  type Repository,
  type Role,
  roleAtLeast,
  stamp,
} from './state.ts';
import type { World } from './world.ts';

const LIMIT = 5000;

function theInstallation(call: Call): Installation {
  const found = [...call.world.installations.values()].find(
    ({ id }) => id === Number(param(call, 'installation_id')),
  );
  if (found === undefined) throw notFound();
  return found;
}

/** A token may ask for less than the App has, never for more. */
function narrowed(call: Call): Permissions {
  const all = call.world.app.permissions;
  const asked = Object.entries(object(call.body, 'permissions')).filter(
    (pair): pair is [string, Level] => pair[1] === 'read' || pair[1] === 'write',
  );
  if (asked.length === 0) return all;
  for (const [name, level] of asked) {
    if (name !== 'metadata' && all[name] !== 'write' && all[name] !== level)
      throw new Refusal(422, 'The permissions requested are not granted to this installation.');
  }
  return Object.fromEntries(asked);
}

function chosen(call: Call, installation: Installation): ReadonlySet<Repository> {
  const [names, ids] = [list(call.body, 'repositories'), list(call.body, 'repository_ids')];
  if (names.length + ids.length === 0) return installation.repos;
  const found = [...installation.repos].filter(({ id, name }) => names.includes(name) || ids.includes(id));
  if (found.length < names.length + ids.length)
    throw new Refusal(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  return new Set(found);
}

function createToken(call: Call): Reply {
  const installation = theInstallation(call);
  if (installation.suspendedAt !== null) throw new Refusal(403, 'This installation has been suspended');
  const token = `ghs_${randomBytes(18).toString('hex')}`;
  const [permissions, repos, expires] = [narrowed(call), chosen(call, installation), tokenExpiry()];
  call.world.tokens.set(token, { installation, permissions, repos, expires });
  const selected =
    repos === installation.repos
      ? {}
      : { repositories: [...repos].map((repo) => repoJson(call.world, repo)) };
  return created({
    token,
    expires_at: stamp(new Date(expires)),
    permissions: { metadata: 'read', ...permissions },
    repository_selection: 'selected',
    ...selected,
  });
}

/** Asked with the App's JWT, so it is about a repository and yet not behind the repository's own gate. */
function repoInstallation(call: Call): Reply {
  const repo = call.world.repo(param(call, 'owner'), param(call, 'repo'));
  const installation = repo === undefined ? undefined : call.world.installationOf(repo);
  if (installation === undefined) throw notFound();
  return ok(installationJson(call.world, installation));
}

function listDeliveries(call: Call): Promise<Reply> {
  const status = call.query.get('status');
  const wanted = call.world.outbox.log.filter(
    ({ statusCode }) => status === null || (status === 'success') === (statusCode >= 200 && statusCode < 400),
  );
  const cursor = Number(call.query.get('cursor') ?? 0);
  return deliveriesPage(call, cursor > 0 ? wanted.slice(wanted.findIndex(({ id }) => id <= cursor)) : wanted);
}

/** Deliveries are paged by cursor: https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook */
async function deliveriesPage(call: Call, from: Call['world']['outbox']['log']): Promise<Reply> {
  const size = Math.min(Number(call.query.get('per_page') ?? 30) || 30, 100);
  const next = from[size];
  const url = new URL(call.url, call.world.url);
  url.searchParams.set('cursor', String(next?.id));
  return {
    status: 200,
    body: from.slice(0, size).map((delivery) => deliveryJson(delivery, false)),
    ...(next === undefined ? {} : { headers: { link: `<${url.href}>; rel="next"` } }),
  };
}

function getDelivery(call: Call): Reply {
  const found = call.world.outbox.log.find(({ id }) => id === Number(param(call, 'delivery_id')));
  if (found === undefined) throw notFound();
  return ok(deliveryJson(found, true));
}

function redeliver(call: Call): Reply {
  if (!call.world.outbox.redeliver(Number(param(call, 'delivery_id')))) throw notFound();
  return { status: 202, body: {} };
}

function rateLimit(): Reply {
  const rate = {
    limit: LIMIT,
    remaining: LIMIT,
    used: 0,
    reset: Math.floor(Date.now() / 1000) + 3600,
    resource: 'core',
  };
  return ok({
    resources: {
      core: rate,
      search: { ...rate, limit: 30, remaining: 30, resource: 'search' },
      graphql: { ...rate, resource: 'graphql' },
    },
    rate,
  });
}

function theAccount(call: Call): Account {
  const account = call.world.account(param(call, 'username'));
  if (account === undefined) throw notFound();
  return account;
}

function personJson(world: World, account: Account): JsonObject {
  const nothing = {
    name: null,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
  };
  const counts = { public_repos: 0, public_gists: 0, followers: 0, following: 0 };
  return {
    ...accountJson(world, account),
    ...nothing,
    ...counts,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
  };
}

function self(call: Call): Reply {
  if (call.actor.kind === 'user') return ok(personJson(call.world, call.actor.account));
  throw call.actor.kind === 'anonymous'
    ? new Refusal(401, 'Requires authentication')
    : new Refusal(403, 'Resource not accessible by integration');
}

/** The old five-level word that `permission` still carries: https://docs.github.com/en/rest/collaborators/collaborators */
function oldWord(role: Role | undefined): string {
  if (role === undefined) return 'none';
  return { read: 'read', triage: 'read', write: 'write', maintain: 'write', admin: 'admin' }[role];
}

const permissionLevel = onRepo(
  'metadata=read',
  (call): Reply => {
    const account = theAccount(call);
    const role = call.world.role(account, call.repo);
    const at = (wanted: Role): boolean => roleAtLeast(role, wanted);
    const permissions = {
      admin: at('admin'),
      maintain: at('maintain'),
      push: at('write'),
      triage: at('triage'),
      pull: at('read'),
    };
    return ok({
      permission: oldWord(role),
      role_name: role ?? 'none',
      user: { ...accountJson(call.world, account), permissions, role_name: role ?? 'none' },
    });
  },
  'write',
);

export const appOperations: Readonly<Record<string, Operation>> = {
  'apps/get-authenticated': {
    on: 'app',
    run: (call) =>
      ok({ ...appJson(call.world, call.world.app), installations_count: call.world.installations.size }),
  },
  'apps/list-installations': {
    on: 'app',
    run: (call) =>
      paged(call, [...call.world.installations.values()], (each) => installationJson(call.world, each)),
  },
  'apps/get-installation': {
    on: 'app',
    run: (call) => ok(installationJson(call.world, theInstallation(call))),
  },
  'apps/get-repo-installation': { on: 'app', run: repoInstallation },
  'apps/create-installation-access-token': { on: 'app', run: createToken },
  'apps/list-webhook-deliveries': { on: 'app', run: listDeliveries },
  'apps/get-webhook-delivery': { on: 'app', run: getDelivery },
  'apps/redeliver-webhook-delivery': { on: 'app', run: redeliver },
  'apps/list-repos-accessible-to-installation': {
    on: 'installation',
    run: (call) => paged(call, [...call.actor.repos], (repo) => repoJson(call.world, repo), 'repositories'),
  },
  'rate-limit/get': { on: 'anyone', run: rateLimit },
  'users/get-authenticated': { on: 'anyone', run: self },
  'users/get-by-username': { on: 'anyone', run: (call) => ok(personJson(call.world, theAccount(call))) },
  'repos/get': onRepo('metadata=read', (call) => ok(fullRepoJson(call.world, call.repo))),
  'repos/get-collaborator-permission-level': permissionLevel,
  'repos/check-collaborator': onRepo(
    'metadata=read',
    (call) => {
      const account = theAccount(call);
      if (account !== call.repo.owner && !call.repo.collaborators.has(account.login)) throw notFound();
      return NO_CONTENT;
    },
    'write',
  ),
};

export function installationRepoJson(repo: Repository): JsonObject {
  return {
    id: repo.id,
    node_id: nodeId('R', repo.id),
    name: repo.name,
    full_name: `${repo.owner.login}/${repo.name}`,
    private: repo.private,
  };
}
