// The double's whole memory in one place, the queue that lets one change at a time happen, and the news of each.
// Nothing here talks HTTP, and only GitRepo talks to git.
import { EventEmitter } from 'node:events';
import type { EventName } from './events.ts';
import type { Delivery } from './hooks.ts';
import type { JsonObject } from './json.ts';
import type {
  Account,
  AppIdentity,
  Happening,
  Installation,
  Permissions,
  Repository,
  Role,
} from './state.ts';

/** Where webhooks go out. */
export interface Outbox {
  readonly log: readonly Delivery[];
  emit(name: EventName, repo: Repository, sender: Account, payload: JsonObject): void;
  redeliver(id: number): boolean;
}

export interface WorldOptions {
  readonly app: AppIdentity;
  readonly publicKey: string;
  readonly secret: string;
  readonly root: string;
}

/** An installation token, and all that it is good for. */
interface Grant {
  readonly installation: Installation;
  readonly repos: ReadonlySet<Repository>;
  readonly permissions: Permissions;
  readonly expires: number;
}

export class World {
  readonly app: AppIdentity;
  readonly publicKey: string;
  readonly secret: string;
  readonly root: string;
  readonly accounts = new Map<string, Account>();
  readonly repos = new Map<string, Repository>();
  /** By former names that nobody has taken since. */
  readonly moved = new Map<string, Repository>();
  readonly installations = new Map<string, Installation>();
  readonly tokens = new Map<string, Grant>();
  /** Logins by `organization/team`. */
  readonly teams = new Map<string, ReadonlySet<string>>();
  readonly happenings = new EventEmitter<{ happening: [Happening] }>();
  readonly violations: string[] = [];
  outbox: Outbox = { log: [], emit: () => undefined, redeliver: () => false };
  url = '';
  #last = 1000;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: WorldOptions) {
    this.app = options.app;
    this.publicKey = options.publicKey;
    this.secret = options.secret;
    this.root = options.root;
    this.addAccount(options.app.owner);
    this.addAccount(options.app.bot);
  }

  get api(): string {
    return `${this.url}/api/v3`;
  }

  nextId(): number {
    this.#last += 1;
    return this.#last;
  }

  addAccount(account: Account): Account {
    this.accounts.set(account.login.toLowerCase(), account);
    return account;
  }

  account(login: string): Account | undefined {
    return this.accounts.get(login.toLowerCase());
  }

  repo(owner: string, name: string): Repository | undefined {
    return this.repos.get(`${owner}/${name}`.toLowerCase());
  }

  role(account: Account, repo: Repository): Role | undefined {
    if (account === repo.owner) return 'admin';
    return repo.collaborators.get(account.login) ?? (repo.private ? undefined : 'read');
  }

  installationOf(repo: Repository): Installation | undefined {
    const installation = this.installations.get(repo.owner.login);
    return installation?.repos.has(repo) === true ? installation : undefined;
  }

  say(type: string, repo: Repository, detail: JsonObject, number?: number): void {
    this.happenings.emit('happening', {
      type,
      repo: `${repo.owner.login}/${repo.name}`,
      detail,
      ...(number === undefined ? {} : { number }),
    });
  }

  /** One change at a time, so that no webhook is built from half of one. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}
