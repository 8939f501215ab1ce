// The HTTP face of the double: takes a request apart, finds the operation, lets it in or refuses, and checks what goes out.
import { createHash, randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { admit, identify } from './auth.ts';
import { type Contract, described } from './contract.ts';
import type { Faults } from './faults.ts';
import { type Actor, type Call, Refusal, type Reply } from './http.ts';
import { type Json, isObject, parseJson } from './json.ts';
import { pathByName, redirectMoved } from './moves.ts';
import { operations } from './operations.ts';
import { type Found, Routes } from './routes.ts';
import { gitRequest, serveGit } from './smart-http.ts';
import type { World } from './world.ts';

const LIMIT = 5000;
const routes = new Routes(described());

export interface Surroundings {
  readonly world: World;
  readonly contract: Contract;
  readonly faults: Faults;
  /** Pages for people; true when it answered. */
  readonly page: (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean>;
  readonly graphql: (world: World, actor: Actor, body: Json) => Promise<Reply>;
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function parseBody(text: string): Json {
  if (text === '') return {};
  try {
    return parseJson(text);
  } catch {
    throw new Refusal(400, 'Problems parsing JSON');
  }
}

interface Asked {
  readonly actor: Actor;
  readonly method: string;
  readonly url: URL;
  readonly path: string;
  readonly found: Found | undefined;
  readonly body: Json;
  readonly accept: string;
}

async function serve({ world, contract, graphql }: Surroundings, asked: Asked): Promise<Reply> {
  const { actor, method, url, path, found, body, accept } = asked;
  if (path === '/graphql' && method === 'POST') return graphql(world, actor, body);
  const operation = found === undefined ? undefined : operations[found.id];
  if (found === undefined || operation === undefined) throw new Refusal(404, 'Not Found');
  const call: Call = {
    world,
    actor,
    params: found.params,
    query: url.searchParams,
    body: isObject(body) ? body : {},
    accept,
    url: `${url.pathname}${url.search}`,
  };
  if (method === 'GET' || method === 'HEAD') return admit(call, operation);
  const wrong = contract.request(found.id, body);
  if (wrong !== undefined) throw new Refusal(422, `Invalid request.\n\n${wrong}`);
  return world.alone(async () => admit(call, operation));
}

async function perform(
  around: Surroundings,
  request: IncomingMessage,
  url: URL,
  path: string,
): Promise<{ id: string; reply: Reply }> {
  const method = request.method ?? 'GET';
  const found = routes.find(method === 'HEAD' ? 'GET' : method, path);
  const id = found?.id ?? `${method} ${path}`;
  const trouble = await around.faults.meet(method, path, id);
  if (trouble?.afterwards === false) return { id: 'on purpose', reply: trouble.reply };
  try {
    const actor = identify(around.world, request.headers.authorization);
    const body = parseBody(await readBody(request));
    const reply = await serve(around, {
      actor,
      method,
      url,
      path,
      found,
      body,
      accept: request.headers.accept ?? '',
    });
    return trouble === undefined ? { id, reply } : { id: 'on purpose', reply: trouble.reply };
  } catch (error) {
    if (error instanceof Refusal)
      return { id, reply: { status: error.status, body: error.body, headers: error.headers } };
    throw error;
  }
}

/** An ETag on every read, and 304 to whoever has it already. */
function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (reply.status === 0) {
    request.socket.destroy();
    return;
  }
  const raw = Buffer.isBuffer(reply.body)
    ? reply.body
    : Buffer.from(reply.body === undefined ? '' : JSON.stringify(reply.body));
  const headers: Record<string, string> = {
    'x-github-media-type': 'github.v3; format=json',
    'x-github-request-id': randomUUID(),
    'x-github-api-version-selected': '2022-11-28',
    'x-ratelimit-limit': String(LIMIT),
    'x-ratelimit-remaining': String(LIMIT - 1),
    'x-ratelimit-used': '1',
    'x-ratelimit-resource': 'core',
    'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3600),
    ...(reply.body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...reply.headers,
  };
  if (request.method === 'GET' && reply.status === 200) {
    headers['etag'] = `W/"${createHash('sha256').update(raw).digest('hex')}"`;
    if (request.headers['if-none-match'] === headers['etag']) {
      response.writeHead(304, headers).end();
      return;
    }
  }
  response.writeHead(reply.status, headers).end(request.method === 'HEAD' ? undefined : raw);
}

async function answer(
  around: Surroundings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { world, contract } = around;
  const url = new URL(request.url ?? '/', world.url);
  const git = gitRequest(world, url);
  if (git !== undefined) return serveGit(world, git, url, request, response);
  if (await around.page(request, response, url)) return;
  const path = url.pathname
    .replace(/^\/api(\/v3)?(?=\/)/, '')
    .replace(/(?<=.)\/$/, (slash) => (url.pathname.endsWith('/contents/') ? slash : ''));
  const moved = redirectMoved(world, request.method ?? 'GET', path, url.search);
  if (moved !== undefined) return send(request, response, moved);
  const { id, reply } = await perform(around, request, url, pathByName(world, path));
  if (id in operations && !Buffer.isBuffer(reply.body)) contract.response(id, reply.status, reply.body);
  send(request, response, reply);
}

export async function listen(around: Surroundings, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    answer(around, request, response).catch((error: unknown) => {
      // Whoever asked is gone in the middle of asking, as a server that is killed: that breaks no contract.
      if (request.readableAborted) return;
      around.world.violations.push(
        `the double broke on ${request.method} ${request.url}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: 'Server Error' }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  around.world.url = `http://127.0.0.1:${isAddress(address) ? address.port : port}`;
  return server;
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
