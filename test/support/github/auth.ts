// Who may ask for what: the App's JWT, installation tokens with their permissions and repositories, people's tokens and roles.
// Refuses with the status and the words GitHub uses; nothing else in the double decides about access.
import { verify } from 'node:crypto';
import { type Actor, type Call, type Operation, Refusal, type RepoCall, notFound } from './http.ts';
import { type Json, isObject, number, parseJson, text } from './json.ts';
import { type Permissions, type Repository, roleAtLeast } from './state.ts';
import type { World } from './world.ts';

const HOUR = 3_600_000;
const MAX_JWT_SECONDS = 600;
// GitHub forgives a clock that is a little ahead: https://github.com/octokit/universal-github-app-jwt
const CLOCK_SLACK = 60;

function unauthorized(message: string): Refusal {
  return new Refusal(401, message);
}

function decode(part: string | undefined): Json {
  try {
    return parseJson(Buffer.from(part ?? '', 'base64url').toString());
  } catch {
    throw unauthorized('A JSON web token could not be decoded');
  }
}

/** https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app */
function checkJwt(world: World, token: string): void {
  const [header, claims, signature] = token.split('.');
  const payload = decode(claims);
  const head = decode(header);
  const signed = verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${claims}`),
    world.publicKey,
    Buffer.from(signature ?? '', 'base64url'),
  );
  if (!signed || !isObject(head) || head['alg'] !== 'RS256' || !isObject(payload))
    throw unauthorized('A JSON web token could not be decoded');
  if ((text(payload, 'iss') ?? String(number(payload, 'iss'))) !== String(world.app.id))
    throw unauthorized("'Issuer' claim ('iss') must be an Integer");
  const now = Date.now() / 1000;
  const expires = number(payload, 'exp') ?? 0;
  if (expires < now)
    throw unauthorized(
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  if (expires > now + MAX_JWT_SECONDS + CLOCK_SLACK)
    throw unauthorized("'Expiration time' claim ('exp') is too far in the future");
  if ((number(payload, 'iat') ?? Infinity) > now + CLOCK_SLACK)
    throw unauthorized(
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
}

function credential(header: string): string {
  const [scheme = '', value = ''] = header.split(' ');
  if (scheme.toLowerCase() !== 'basic') return value;
  const pair = Buffer.from(value, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1) || pair.slice(0, pair.indexOf(':'));
}

/** The actor behind an Authorization header; a token nobody issued is refused, never taken for a guest. */
export function identify(world: World, header: string | undefined): Actor {
  if (header === undefined || header === '') return { kind: 'anonymous' };
  const token = credential(header);
  if (token.split('.').length === 3) {
    checkJwt(world, token);
    return { kind: 'app' };
  }
  const grant = world.tokens.get(token);
  if (grant !== undefined) {
    if (grant.expires < Date.now()) throw unauthorized('Bad credentials');
    if (grant.installation.suspendedAt !== null)
      throw new Refusal(403, 'This installation has been suspended');
    return {
      kind: 'installation',
      installation: grant.installation,
      permissions: grant.permissions,
      repos: grant.repos,
      account: world.app.bot,
      app: world.app,
    };
  }
  const account = [...world.accounts.values()].find((each) => each.token === token && each.type === 'User');
  if (account === undefined) throw unauthorized('Bad credentials');
  return { kind: 'user', account };
}

export function grants(permissions: Permissions, need: string): boolean {
  const [name = '', level] = need.split('=');
  const held = name === 'metadata' ? 'read' : permissions[name];
  return held === 'write' || (held === 'read' && level === 'read');
}

/** Whether the actor can see the repository at all. */
export function visible(world: World, actor: Actor, repo: Repository): boolean {
  if (actor.kind === 'installation') return actor.repos.has(repo) || !repo.private;
  return actor.kind === 'user' ? world.role(actor.account, repo) !== undefined : !repo.private;
}

function admitToRepo(call: Call, operation: Extract<Operation, { on: 'repo' }>): RepoCall {
  const { world, actor } = call;
  const repo = world.repo(call.params['owner'] ?? '', call.params['repo'] ?? '');
  if (repo === undefined || !visible(world, actor, repo)) throw notFound();
  const accepted = { 'x-accepted-github-permissions': operation.needs.join('; ') };
  if (actor.kind === 'installation') {
    const own = actor.repos.has(repo) || operation.role === 'read';
    if (!own || !operation.needs.some((need) => grants(actor.permissions, need)))
      throw inaccessible(accepted);
    return { ...call, repo, by: actor.account, app: actor.app };
  }
  if (actor.kind === 'app') throw inaccessible(accepted);
  if (operation.appsOnly) throw new Refusal(403, 'You must authenticate via a GitHub App.');
  if (actor.kind === 'user') {
    if (!roleAtLeast(world.role(actor.account, repo), operation.role))
      throw operation.role === 'write'
        ? new Refusal(403, 'Must have push access to repository.')
        : notFound();
    return { ...call, repo, by: actor.account, app: undefined };
  }
  if (operation.role !== 'read' || operation.needs.some((need) => need.endsWith('=write')))
    throw unauthorized('Requires authentication');
  return { ...call, repo, by: repo.owner, app: undefined };
}

function inaccessible(headers: Record<string, string>): Refusal {
  return new Refusal(403, 'Resource not accessible by integration', {}, headers);
}

/** Runs an operation for the actor, or refuses. */
export async function admit(call: Call, operation: Operation): Promise<ReturnType<Operation['run']>> {
  const { actor } = call;
  if (operation.on === 'anyone') return operation.run(call);
  if (operation.on === 'repo') return operation.run(admitToRepo(call, operation));
  if (operation.on === 'app') {
    if (actor.kind !== 'app') throw unauthorized('A JSON web token could not be decoded');
    return operation.run(call);
  }
  if (actor.kind !== 'installation')
    throw new Refusal(
      403,
      'You must authenticate with an installation access token in order to list repositories for an installation.',
    );
  return operation.run({ ...call, actor });
}

export function tokenExpiry(): number {
  return Date.now() + HOUR;
}
