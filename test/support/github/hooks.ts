// Webhooks: signed, sent in parallel as GitHub does, kept in a delivery log, redelivered under the same GUID.
// Only what the App subscribed to and may see is sent; every payload is checked against GitHub's schema before it goes.
import { createHmac, randomUUID } from 'node:crypto';
import type { Contract } from './contract.ts';
import type { EventName } from './events.ts';
import { type Json, type JsonObject, isObject, parseJson } from './json.ts';
import { accountJson, nodeId, repoJson } from './shapes.ts';
import { type Account, type Installation, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

/** GitHub gives up after ten seconds: https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks */
const PATIENCE = 10_000;
const HOOK_ID = 1;

export interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
  readonly action: string | null;
  readonly deliveredAt: string;
  readonly redelivery: boolean;
  readonly installationId: number | null;
  readonly repositoryId: number | null;
  readonly request: { readonly headers: Record<string, string>; readonly payload: JsonObject };
  readonly url: string;
  status: string;
  statusCode: number;
  /** Seconds. */
  duration: number;
  response: { headers: Record<string, string>; payload: string } | undefined;
}

interface Event {
  readonly name: EventName;
  readonly repo: Repository | undefined;
  readonly installation: Installation;
  readonly sender: Account;
  readonly payload: JsonObject;
}

const ALWAYS = new Set(['installation', 'installation_repositories']);

export class Hooks {
  readonly log: Delivery[] = [];
  target: string | undefined;
  /** Answers true for a delivery that is to be lost on the way; for tests of recovery. */
  lose: (event: string) => boolean = () => false;
  readonly #world: World;
  readonly #contract: Contract;
  readonly #underway = new Set<Promise<void>>();

  constructor(world: World, contract: Contract, target: string | undefined) {
    this.#world = world;
    this.#contract = contract;
    this.target = target;
  }

  /** Sends an event about a repository to the App, if it is installed there and asked for it. */
  emit(name: EventName, repo: Repository, sender: Account, payload: JsonObject): void {
    const installation = this.#world.installationOf(repo);
    if (installation !== undefined && installation.suspendedAt === null && this.#subscribed(name))
      this.send({ name, repo, installation, sender, payload });
  }

  send({ name, repo, installation, sender, payload }: Event): void {
    const [event = '', action] = name.split('.');
    const body: JsonObject = {
      ...(action === undefined ? {} : { action }),
      ...payload,
      ...(repo === undefined
        ? {}
        : {
            repository:
              'repository' in payload ? (payload['repository'] ?? null) : repoJson(this.#world, repo),
          }),
      ...(repo?.owner.type === 'Organization' ? { organization: this.#organization(repo.owner) } : {}),
      sender: accountJson(this.#world, sender),
      ...('installation' in payload
        ? {}
        : {
            installation: {
              id: installation.id,
              node_id: nodeId('MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u', installation.id),
            },
          }),
    };
    this.#contract.webhook(name, body);
    if (this.target === undefined) return;
    this.#dispatch({
      guid: randomUUID(),
      event,
      action: action ?? null,
      redelivery: false,
      payload: body,
      installationId: installation.id,
      repositoryId: repo?.id ?? null,
    });
  }

  redeliver(id: number): boolean {
    const old = this.log.find((delivery) => delivery.id === id);
    if (old === undefined) return false;
    this.#dispatch({
      guid: old.guid,
      event: old.event,
      action: old.action,
      redelivery: true,
      payload: old.request.payload,
      installationId: old.installationId,
      repositoryId: old.repositoryId,
    });
    return true;
  }

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  #subscribed(name: EventName): boolean {
    const [event = ''] = name.split('.');
    if (ALWAYS.has(event)) return true;
    const { permissions, events } = this.#world.app;
    // Apps with write access to checks are subscribed without asking, and only they hear of buttons and re-runs.
    const writesChecks = permissions['checks'] === 'write';
    if (
      name === 'check_run.requested_action' ||
      name === 'check_run.rerequested' ||
      name.startsWith('check_suite.')
    )
      return writesChecks;
    return events.includes(event) || (event === 'check_run' && writesChecks);
  }

  #organization(account: Account): JsonObject {
    const { login, id, node_id, avatar_url } = accountJson(this.#world, account);
    const url = `${this.#world.api}/orgs/${account.login}`;
    const links = {
      repos_url: `${url}/repos`,
      events_url: `${url}/events`,
      hooks_url: `${url}/hooks`,
      issues_url: `${url}/issues`,
      members_url: `${url}/members{/member}`,
      public_members_url: `${url}/public_members{/member}`,
    };
    return {
      login: login ?? '',
      id: id ?? 0,
      node_id: node_id ?? '',
      url,
      ...links,
      avatar_url: avatar_url ?? '',
      description: '',
    };
  }

  #dispatch(of: {
    guid: string;
    event: string;
    action: string | null;
    redelivery: boolean;
    payload: JsonObject;
    installationId: number | null;
    repositoryId: number | null;
  }): void {
    const text = JSON.stringify(of.payload);
    const sign = (algorithm: string): string =>
      `${algorithm}=${createHmac(algorithm, this.#world.secret).update(text).digest('hex')}`;
    const headers = {
      accept: '*/*',
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/044aadd',
      'x-github-delivery': of.guid,
      'x-github-event': of.event,
      'x-github-hook-id': String(HOOK_ID),
      'x-github-hook-installation-target-id': String(this.#world.app.id),
      'x-github-hook-installation-target-type': 'integration',
      'x-hub-signature': sign('sha1'),
      'x-hub-signature-256': sign('sha256'),
    };
    const { payload, ...rest } = of;
    const delivery: Delivery = {
      ...rest,
      id: this.#world.nextId(),
      deliveredAt: stamp(),
      url: this.target ?? '',
      request: { headers, payload: structuredClone(payload) },
      status: 'pending',
      statusCode: 0,
      duration: 0,
      response: undefined,
    };
    this.log.unshift(delivery);
    const sending = this.#post(delivery, text).finally(() => this.#underway.delete(sending));
    this.#underway.add(sending);
  }

  async #post(delivery: Delivery, body: string): Promise<void> {
    const began = performance.now();
    try {
      if (this.lose(delivery.action === null ? delivery.event : `${delivery.event}.${delivery.action}`))
        throw new Error('lost on purpose');
      const response = await fetch(delivery.url, {
        method: 'POST',
        headers: delivery.request.headers,
        body,
        signal: AbortSignal.timeout(PATIENCE),
        redirect: 'manual',
      });
      delivery.statusCode = response.status;
      delivery.response = { headers: Object.fromEntries(response.headers), payload: await response.text() };
      delivery.status = response.ok ? 'OK' : `Invalid HTTP Response: ${response.status}`;
    } catch (error) {
      const late = error instanceof DOMException && error.name === 'TimeoutError';
      delivery.statusCode = late ? 504 : 502;
      delivery.status = late ? 'timed out' : 'failed to connect to host';
    }
    delivery.duration = Math.round(performance.now() - began) / 1000;
  }
}

export function deliveryJson(delivery: Delivery, full: boolean): JsonObject {
  const { request, response } = delivery;
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.duration,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
    ...(full
      ? {
          url: delivery.url,
          request: { headers: request.headers, payload: request.payload },
          response: { headers: response?.headers ?? null, payload: responsePayload(response?.payload) },
        }
      : {}),
  };
}

function responsePayload(text: string | undefined): Json {
  if (text === undefined) return null;
  try {
    const value = parseJson(text);
    return isObject(value) ? value : text;
  } catch {
    return text;
  }
}
