// What an operation is asked and what it answers, and GitHub's own shape of a refusal and of a page of a list.
import type { Json, JsonObject } from './json.ts';
import type { Account, AppIdentity, Installation, Permissions, Repository, Role } from './state.ts';
import type { World } from './world.ts';

/** Who is asking, as the token shows. */
export type Actor =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'app' }
  | {
      readonly kind: 'installation';
      readonly installation: Installation;
      readonly permissions: Permissions;
      readonly repos: ReadonlySet<Repository>;
      readonly account: Account;
      readonly app: AppIdentity;
    }
  | { readonly kind: 'user'; readonly account: Account };

export interface Call {
  readonly world: World;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly accept: string;
  readonly url: string;
}

export interface RepoCall extends Call {
  readonly repo: Repository;
  /** Whoever a created thing belongs to. */
  readonly by: Account;
  readonly app: AppIdentity | undefined;
}

export interface Reply {
  readonly status: number;
  readonly body?: Json | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler<C> = (call: C) => Reply | Promise<Reply>;

/** `needs` lists permissions of which one is enough, as `X-Accepted-GitHub-Permissions` does; `role` is what a person needs. */
export type Operation =
  | {
      readonly on: 'repo';
      readonly needs: readonly string[];
      readonly role: Role;
      readonly appsOnly: boolean;
      readonly run: Handler<RepoCall>;
    }
  | { readonly on: 'app'; readonly run: Handler<Call> }
  | {
      readonly on: 'installation';
      readonly run: Handler<Call & { readonly actor: Extract<Actor, { kind: 'installation' }> }>;
    }
  | { readonly on: 'anyone'; readonly run: Handler<Call> };

export function onRepo(
  needs: string | readonly string[],
  run: Handler<RepoCall>,
  role?: Role,
  appsOnly = false,
): Operation {
  const list = typeof needs === 'string' ? [needs] : needs;
  return {
    on: 'repo',
    needs: list,
    run,
    appsOnly,
    role: role ?? (list.some((need) => need.endsWith('=write')) ? 'write' : 'read'),
  };
}

export class Refusal extends Error {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    extra: JsonObject = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.body = {
      message,
      ...extra,
      documentation_url: 'https://docs.github.com/rest',
      status: String(status),
    };
  }
}

export function notFound(): Refusal {
  return new Refusal(404, 'Not Found');
}

/** https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed */
export function invalid(resource: string, field: string, code: string, message?: string): Refusal {
  return new Refusal(422, 'Validation Failed', {
    errors: [{ resource, field, code, ...(message === undefined ? {} : { message }) }],
  });
}

export function ok(body: Json): Reply {
  return { status: 200, body };
}

export function created(body: Json): Reply {
  return { status: 201, body };
}

export const NO_CONTENT: Reply = { status: 204 };

export function param(call: Call, name: string): string {
  return call.params[name] ?? '';
}

/** One page of a list, with the Link header that octokit's pagination follows. */
export async function paged<T>(
  call: Call,
  items: readonly T[],
  show: (item: T) => Json | Promise<Json>,
  key?: string,
): Promise<Reply> {
  const size = Math.min(Math.max(Number(call.query.get('per_page') ?? 30) || 30, 1), 100);
  const page = Math.max(Number(call.query.get('page') ?? 1) || 1, 1);
  const last = Math.max(Math.ceil(items.length / size), 1);
  const shown = await Promise.all(
    items.slice((page - 1) * size, page * size).map(async (item) => show(item)),
  );
  const links = [
    ['prev', page - 1],
    ['next', page + 1],
    ['last', last],
    ['first', 1],
  ] as const;
  const link = links
    .filter(([rel, to]) => (rel === 'prev' || rel === 'first' ? page > 1 : page < last) && to >= 1)
    .map(([rel, to]) => `<${pageUrl(call, to, size)}>; rel="${rel}"`)
    .join(', ');
  const body: Json = key === undefined ? shown : { total_count: items.length, [key]: shown };
  return { status: 200, body, ...(link === '' ? {} : { headers: { link } }) };
}

function pageUrl(call: Call, page: number, size: number): string {
  const url = new URL(call.url, call.world.url);
  url.searchParams.set('per_page', String(size));
  url.searchParams.set('page', String(page));
  return url.href;
}
