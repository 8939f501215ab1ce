// The double itself, as tests and the demo drive it: start it, make people and repositories, act as people do, look, wait, stop.
// It promises GitHub's own answers and webhooks; `stop` fails when one of them broke GitHub's published description.
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkEvents, keyPair, makeApp, person } from './accounts.ts';
import { Contract } from './contract.ts';
import { type Fault, Faults } from './faults.ts';
import { GitRepo } from './git.ts';
import { type Delivery, Hooks } from './hooks.ts';
import { renameRepo, suspend, uninstall } from './moves.ts';
import { RepoDouble } from './repo.ts';
import { listen } from './server.ts';
import {
  type Account,
  type AppIdentity,
  type Happening,
  type Installation,
  type Permissions,
  type Repository,
  stamp,
} from './state.ts';
import { World } from './world.ts';
import { installationRepoJson } from './apps.ts';
import { graphql } from './graphql.ts';
import { page } from './page.ts';
import { installationJson } from './shapes.ts';
import type { Role } from './state.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export interface DoubleOptions {
  readonly secret: string;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  readonly webhookUrl?: string;
  readonly appId?: number;
  readonly slug?: string;
  readonly port?: number;
}

export interface RepoOptions {
  readonly private?: boolean;
  readonly defaultBranch?: string;
  /** Whether the App is installed there; it is, unless told otherwise. */
  readonly installed?: boolean;
  /** A repository the new one is a fork of. */
  readonly forkOf?: RepoDouble;
}

export interface Wait {
  readonly within?: number;
  readonly what: string;
}

const WITHIN = 10_000;
const EVERY = 20;

export class GitHubDouble {
  readonly world: World;
  readonly privateKey: string;
  readonly #faults = new Faults();
  readonly #hooks: Hooks;
  readonly #contract: Contract;
  #server: Server | undefined;

  private constructor(world: World, contract: Contract, hooks: Hooks, privateKey: string) {
    this.world = world;
    this.privateKey = privateKey;
    this.#contract = contract;
    this.#hooks = hooks;
  }

  static async start(options: DoubleOptions): Promise<GitHubDouble> {
    const { publicKey, privateKey } = keyPair();
    checkEvents(options.events, options.permissions);
    const app = makeApp(options.appId ?? 4711, options.slug ?? 'ashore', options.permissions, options.events);
    const root = await mkdtemp(join(tmpdir(), 'github-double-'));
    const world = new World({ app, publicKey, secret: options.secret, root });
    const contract = new Contract(world.violations);
    const hooks = new Hooks(world, contract, options.webhookUrl);
    world.outbox = hooks;
    const double = new GitHubDouble(world, contract, hooks, privateKey);
    double.#server = await listen(
      {
        world,
        contract,
        faults: double.#faults,
        graphql,
        page: (request, response, url) => page(world, request, response, url),
      },
      options.port ?? 0,
    );
    return double;
  }

  get appId(): number {
    return this.world.app.id;
  }

  /** Where people look, and git clones from. */
  get url(): string {
    return this.world.url;
  }

  /** The base URL for octokit and Probot, in the form of a GitHub Enterprise Server. */
  get apiUrl(): string {
    return this.world.api;
  }

  setWebhookUrl(url: string | undefined): void {
    this.#hooks.target = url;
  }

  createUser(login: string, type: 'User' | 'Organization' = 'User'): Account {
    return this.world.account(login) ?? this.world.addAccount(person(this.world.nextId(), login, type));
  }

  /** The token with which a person asks the API, and the password for git. */
  token(login: string): string {
    return this.user(login).token;
  }

  user(login: string): Account {
    const account = this.world.account(login);
    if (account === undefined) throw new Error(`the double has no account ${login}`);
    return account;
  }

  /** A team of an organization, with just these members. */
  setTeam(organization: string, slug: string, members: readonly string[]): void {
    this.world.teams.set(`${organization}/${slug}`, new Set(members));
  }

  async createRepo(owner: string, name: string, options: RepoOptions = {}): Promise<RepoDouble> {
    const account = this.createUser(owner);
    const branch = options.defaultBranch ?? options.forkOf?.repository.defaultBranch ?? 'main';
    const id = this.world.nextId();
    const git = await GitRepo.create(join(this.world.root, `${owner}-${name}-${id}.git`), branch);
    if (options.forkOf !== undefined)
      await git.text(['fetch', '--quiet', options.forkOf.repository.git.dir, '+refs/heads/*:refs/heads/*']);
    const now = stamp();
    const repository: Repository = {
      id,
      owner: account,
      name,
      private: options.private ?? true,
      parent: options.forkOf?.repository,
      git,
      createdAt: now,
      pushedAt: now,
      defaultBranch: branch,
      collaborators: new Map<string, Role>(),
      protections: new Map(),
      issues: new Map(),
      comments: new Map(),
      checkSuites: new Map(),
      checkRuns: new Map(),
      statuses: [],
      activities: [],
      deployments: new Map(),
    };
    this.world.repos.set(`${owner}/${name}`.toLowerCase(), repository);
    this.world.moved.delete(`${owner}/${name}`.toLowerCase());
    if (options.installed ?? options.forkOf === undefined) this.install(repository);
    return new RepoDouble(this.world, repository);
  }

  repo(owner: string, name: string): RepoDouble {
    const repository = this.world.repo(owner, name);
    if (repository === undefined) throw new Error(`the double has no repository ${owner}/${name}`);
    return new RepoDouble(this.world, repository);
  }

  /** Pull requests from it stay, and name no repository any more. */
  deleteRepo({ repository: { owner, name } }: RepoDouble): void {
    this.world.repos.delete(`${owner.login}/${name}`.toLowerCase());
  }

  /** Installs the App on a repository, and tells it so. */
  install(repository: Repository): Installation {
    const { owner } = repository;
    const known = this.world.installations.get(owner.login);
    const installation = known ?? {
      id: this.world.nextId(),
      account: owner,
      repos: new Set<Repository>(),
      createdAt: stamp(),
      suspendedAt: null,
    };
    installation.repos.add(repository);
    this.world.installations.set(owner.login, installation);
    const one = [installationRepoJson(repository)];
    const about = { installation: installationJson(this.world, installation), requester: null };
    if (known === undefined)
      this.#hooks.send({
        name: 'installation.created',
        repo: undefined,
        installation,
        sender: owner,
        payload: { ...about, repositories: one },
      });
    else
      this.#hooks.send({
        name: 'installation_repositories.added',
        repo: undefined,
        installation,
        sender: owner,
        payload: {
          ...about,
          repositories_added: one,
          repositories_removed: [],
          repository_selection: 'selected',
        },
      });
    return installation;
  }

  /** Its former name leads on to it, until another repository takes that. */
  rename({ repository }: RepoDouble, name: string): void {
    renameRepo(this.world, repository, { name });
  }

  /** To somebody else, where the App is installed as well. */
  transfer({ repository }: RepoDouble, owner: string): void {
    this.world.installationOf(repository)?.repos.delete(repository);
    renameRepo(this.world, repository, { owner: this.createUser(owner) });
    this.install(repository);
  }

  suspend({ repository }: RepoDouble, suspended: boolean): void {
    suspend(this.#installationOf(repository), suspended ? stamp() : null);
  }

  uninstall({ repository }: RepoDouble): void {
    uninstall(this.world, this.#installationOf(repository));
  }

  /** Another App, such as a CI, whose check runs stand beside ours. */
  createApp(slug: string): AppIdentity {
    const app = makeApp(this.world.nextId() + 10_000, slug, { checks: 'write' }, []);
    this.world.addAccount(app.bot);
    return app;
  }

  /** Newest first. */
  deliveries(): readonly Delivery[] {
    return this.#hooks.log;
  }

  redeliver(id: number): void {
    if (!this.#hooks.redeliver(id)) throw new Error(`no delivery ${id}`);
  }

  /** GitHub keeps them for some days only. */
  forgetDeliveries(): void {
    this.#hooks.log.length = 0;
  }

  /** Webhooks of which `lose` says so fail on the way; the log has them as failed. */
  loseDeliveries(lose: (event: string) => boolean): void {
    this.#hooks.lose = lose;
  }

  #installationOf(repository: Repository): Installation {
    const installation = this.world.installationOf(repository);
    if (installation === undefined) throw new Error(`the App is not installed on ${repository.name}`);
    return installation;
  }

  /** Resolves when no webhook is on its way any more. */
  async settled(): Promise<void> {
    await this.#hooks.settled();
  }

  failNext(fault: Fault): void {
    this.#faults.failNext(fault);
  }

  /** From now on nothing fails on purpose. */
  mend(): void {
    this.#faults.mend();
  }

  /** Every answer comes this many milliseconds late. */
  setLatency(milliseconds: number): void {
    this.#faults.latency = milliseconds;
  }

  /** Every installation token given so far is refused from now on. */
  expireTokens(): void {
    this.world.tokens.clear();
  }

  /** How often each operation was asked for, by GitHub's operation id. */
  calls(): ReadonlyMap<string, number> {
    return this.#faults.calls();
  }

  violations(): readonly string[] {
    return this.#contract.violations;
  }

  /** Calls back at every change, the moment it happens; answers how to stop that. */
  on(listener: (happening: Happening) => void): () => void {
    this.world.happenings.on('happening', listener);
    return () => void this.world.happenings.off('happening', listener);
  }

  /** Asks again until there is an answer, and gives it. */
  async waitFor<T>(
    ask: () => T | undefined | false | Promise<T | undefined | false>,
    wait: Wait,
  ): Promise<T> {
    const end = Date.now() + (wait.within ?? WITHIN);
    for (;;) {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      if (Date.now() > end) throw new Error(`waited ${wait.within ?? WITHIN} ms in vain for ${wait.what}`);
      await sleep(EVERY);
    }
  }

  /** Ends the server and throws away its repositories; fails when the contract with GitHub was broken. */
  async stop(): Promise<void> {
    this.#hooks.target = undefined;
    await this.settled();
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(this.world.root, { recursive: true, force: true });
    }
    const broken = this.violations();
    if (broken.length > 0) throw new Error(`the double broke GitHub's contract:\n${broken.join('\n')}`);
  }
}

export function startGitHub(options: DoubleOptions): Promise<GitHubDouble> {
  return GitHubDouble.start(options);
}
