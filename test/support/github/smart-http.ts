// Clone and push over smart HTTP: git's own http-backend as a CGI, behind the double's tokens. A push tells as GitHub would.
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { grants, identify } from './auth.ts';
import { NO_COMMIT, gitEnvironment } from './git.ts';
import type { Actor } from './http.ts';
import { pushed } from './pushes.ts';
import { type Account, type Repository, roleAtLeast } from './state.ts';
import type { World } from './world.ts';

const PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

export interface GitRequest {
  readonly repo: Repository;
  readonly service: string;
  readonly rest: string;
}

export function gitRequest(world: World, url: URL): GitRequest | undefined {
  const [, owner = '', name = '', rest = ''] = PATH.exec(url.pathname) ?? [];
  const repo = world.repo(owner, name);
  return repo === undefined
    ? undefined
    : { repo, rest, service: rest === 'info/refs' ? (url.searchParams.get('service') ?? '') : rest };
}

function allowed(world: World, actor: Actor, repo: Repository, write: boolean): boolean {
  if (actor.kind === 'installation')
    return actor.repos.has(repo) && grants(actor.permissions, write ? 'contents=write' : 'contents=read');
  if (actor.kind === 'user') return roleAtLeast(world.role(actor.account, repo), write ? 'write' : 'read');
  return !write && !repo.private;
}

function headers(head: string): { status: number; fields: Record<string, string> } {
  const lines = head
    .split(/\r?\n/)
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const);
  const fields = Object.fromEntries(lines.filter(([name]) => name !== '' && name !== 'Status'));
  return { status: Number(lines.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200), fields };
}

function backend(
  { repo, rest }: GitRequest,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  user: string,
): Promise<void> {
  const env = {
    ...gitEnvironment(),
    GIT_PROJECT_ROOT: repo.git.dir,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `/${rest}`,
    REMOTE_USER: user,
    REMOTE_ADDR: '127.0.0.1',
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
  };
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['http-backend'], { env });
    let head = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      if (response.headersSent) {
        response.write(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end >= 0) {
        const { status, fields } = headers(head.subarray(0, end).toString());
        response.writeHead(status, fields);
        response.write(head.subarray(end + 4));
      }
    });
    child.on('error', reject);
    child.on('close', () => resolve());
    child.stdin.on('error', () => undefined);
    request.pipe(child.stdin);
  });
}

async function receive(
  world: World,
  git: GitRequest,
  by: Account,
  serve: () => Promise<void>,
): Promise<void> {
  const before = await git.repo.git.refs('refs/heads');
  await serve();
  const after = await git.repo.git.refs('refs/heads');
  for (const ref of new Set([...before.keys(), ...after.keys()])) {
    await pushed(world, {
      repo: git.repo,
      ref,
      before: before.get(ref) ?? NO_COMMIT,
      after: after.get(ref) ?? NO_COMMIT,
      by,
    });
  }
}

export async function serveGit(
  world: World,
  git: GitRequest,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const write = git.service === 'git-receive-pack';
  let actor: Actor;
  try {
    actor = identify(world, request.headers.authorization);
  } catch {
    actor = { kind: 'anonymous' };
  }
  if (!allowed(world, actor, git.repo, write)) {
    // git asks for a password only when it is told to; somebody known but not allowed is told so at once.
    const known = actor.kind !== 'anonymous';
    response.writeHead(
      known ? (write ? 403 : 404) : 401,
      known ? {} : { 'www-authenticate': 'Basic realm="GitHub"' },
    );
    response.end(known && !write ? 'Repository not found.' : 'Permission denied.');
    return;
  }
  const by = actor.kind === 'user' || actor.kind === 'installation' ? actor.account : git.repo.owner;
  const serve = (): Promise<void> => backend(git, url, request, response, by.login);
  if (git.rest === 'git-receive-pack') await world.alone(() => receive(world, git, by, serve));
  else await serve();
  response.end();
}
