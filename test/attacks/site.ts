// One repository under attack: the GitHub double, the real server on the real hosts of the arena, and its log in hand.
// The server is the shipped one; only Octokit's pauses between writes are left out, and the log goes to memory.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProbotOctokit } from 'probot';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createLog } from '../../src/log.ts';
import { startServer } from '../../src/server.ts';
import type { Server } from '../../src/server.ts';
import type { Settings } from '../../src/settings.ts';
import { startGitHub } from '../support/github/double.ts';
import type { GitHubDouble } from '../support/github/double.ts';
import type { Delivery } from '../support/github/hooks.ts';
import type { RepoDouble } from '../support/github/repo.ts';
import type { CheckRun, Comment, Permissions } from '../support/github/state.ts';
import { has, hostsFile, theLab } from './arena.ts';
import type { HostName } from './arena.ts';

/** ada and linus write, grace maintains, mallory may only read. */
const PEOPLE = { ada: 'write', linus: 'write', grace: 'maintain', mallory: 'read' } as const;

export const OPEN_POLICY = 'deploy: { on: both, by: [write] }\nconfirm: []\n';

export interface SiteOptions {
  /** policy.yml on main; null: there is none. */
  readonly policy?: string | null;
  readonly hosts?: string;
  /** Permissions of the App beyond those of app.yml. */
  readonly permissions?: Permissions;
  /** Further files of the first commit. */
  readonly files?: Files;
  /** What the server's file of repositories says; left out: each repository may reach all. */
  readonly repositories?: (repo: string) => string;
  /** What opens secrets. */
  readonly secrets?: Pick<Settings['ssh'], 'ageKeyPath' | 'secretsPath'>;
}

type Files = Readonly<Record<string, string | Buffer | null>>;

export interface Proposal {
  readonly pull: number;
  readonly branch: string;
  readonly head: string;
}

export interface Forged {
  readonly guid?: string;
  /** Headers in the place of the true ones; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Site {
  readonly github: GitHubDouble;
  readonly repo: RepoDouble;
  readonly settings: Settings;
  /** The server's clock, where it is not the true one. */
  now: Date | undefined;
  /** All that the server has logged. */
  readonly log: () => string;
  readonly url: () => string;
  /** Nothing is on its way any more, in either direction. */
  settled(): Promise<void>;
  /** A branch with these files below deploy-configs/, and a pull request of it; planned when it resolves. */
  propose(files: Files, options?: { by?: string; base?: string }): Promise<Proposal>;
  push(branch: string, files: Files, by?: string): Promise<string>;
  /** The same, without waiting for what becomes of it. */
  commit(branch: string, files: Files, by?: string): Promise<string>;
  comment(pull: number, body: string, by?: string): Promise<Comment>;
  merge(pull: number, by?: string): Promise<string>;
  /** What the App has said on a pull request, oldest first. */
  said(pull: number): string;
  /** The newest digest that the App has asked people to type. */
  digest(pull: number): string;
  check(sha: string, name: string): CheckRun;
  /** Sends a webhook as GitHub signs it. */
  deliver(event: string, payload: unknown, forged?: Forged): Promise<Response>;
  /** The newest true delivery of an event. */
  delivery(event: string, action?: string): Delivery;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Octokit without its pauses of a second between writes. */
class Unhurried extends ProbotOctokit {
  constructor(options: ConstructorParameters<typeof ProbotOctokit>[0]) {
    super({ ...options, throttle: { enabled: false }, retry: { enabled: false } });
  }
}

const Manifest = z.object({
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
});

let sites = 0;

export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const { policy = OPEN_POLICY, hosts, files, permissions: more = {}, repositories, secrets } = options;
  const secret = randomBytes(32).toString('hex');
  const manifest = Manifest.parse(parse(readFileSync('app.yml', 'utf8')));
  const permissions = { ...manifest.default_permissions, ...more };
  const github = await startGitHub({ secret, permissions, events: manifest.default_events });
  for (const login of Object.keys(PEOPLE)) github.createUser(login);
  // A run is named after its repository: two sites with the same words must not be one run to the host that they share.
  const repo = await github.createRepo('acme', `infra-${++sites}`);
  for (const [login, role] of Object.entries(PEOPLE)) repo.collaborator(login, role);
  const first = below({
    'hosts.yml': hosts ?? hostsFile(),
    ...(policy === null ? {} : { 'policy.yml': policy }),
    ...files,
  });
  await repo.commit({ branch: 'main', author: 'grace', message: 'Hosts and policy', files: first });
  const data = mkdtempSync(join(tmpdir(), 'ashore-attack-'));
  const reach = `${data}.repositories.yml`;
  if (repositories) writeFileSync(reach, repositories(repo.fullName));
  const settings: Settings = {
    appId: github.appId,
    privateKey: github.privateKey,
    webhookSecret: secret,
    webhookPath: '/api/github/webhooks',
    apiUrl: github.apiUrl,
    ssh: { keyPath: theLab().clientKey.path, agentSocket: undefined, ...secrets },
    ...(repositories ? { repositories: reach } : {}),
    data,
    grace: 0.2,
    host: '127.0.0.1',
    port: 0,
    logLevel: 'trace',
  };
  return assemble(github, repo, settings);
}

/** Paths below deploy-configs/ become paths of the repository. */
function below(files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`deploy-configs/${path}`, text]));
}

async function assemble(github: GitHubDouble, repo: RepoDouble, settings: Settings): Promise<Site> {
  const lines: string[] = [];
  const log = createLog('trace', { write: (line) => void lines.push(line) });
  const start = async (): Promise<Server> => {
    const now = (): Date => site.now ?? new Date();
    const started = await startServer(settings, { octokit: Unhurried, log, now });
    github.setWebhookUrl(`${started.url}${settings.webhookPath}`);
    return started;
  };
  let server: Server;
  let branches = 0;
  const settled = async (): Promise<void> => {
    let seen = -1;
    while (seen !== github.deliveries().length) {
      seen = github.deliveries().length;
      await github.settled();
      await server.idle();
    }
  };
  const said = (pull: number): string =>
    repo
      .comments(pull)
      .flatMap((comment) => (comment.app ? [comment.body] : []))
      .join('\n\n');
  const after = async <Value>(doing: Promise<Value>): Promise<Value> => {
    const value = await doing;
    await settled();
    return value;
  };
  const commit: Site['commit'] = (branch, files, by = 'ada') =>
    repo.commit({ branch, author: by, message: 'A change', files: below(files) });
  const push: Site['push'] = (branch, files, by) => after(commit(branch, files, by));
  const site: Site = {
    github,
    repo,
    settings,
    now: undefined,
    log: () => lines.join(''),
    url: () => server.url,
    settled,
    commit,
    push,
    said,
    propose: async (files, { by = 'ada', base } = {}) => {
      const branch = `change-${++branches}`;
      const head = await push(branch, files, by);
      const opening = { title: `Change ${branches}`, head: branch, by, ...(base ? { base } : {}) };
      const pull = await after(repo.openPull(opening));
      return { pull, branch, head };
    },
    comment: (pull, body, by = 'grace') => after(repo.comment(pull, body, by)),
    merge: (pull, by = 'ada') => after(repo.merge(pull, by)),
    digest: (pull) => {
      const shown = [...said(pull).matchAll(/Plan `([0-9a-f]{12})`/g)].at(-1)?.[1];
      if (shown === undefined) throw new Error(`no plan in\n${said(pull)}`);
      return shown;
    },
    check: (sha, name) => {
      const run = repo.checkRuns(sha).find((each) => each.name === name);
      if (!run) throw new Error(`no ${name} on ${sha}`);
      return run;
    },
    deliver: (event, payload, forged = {}) => deliver(server.url, settings, { event, payload, ...forged }),
    delivery: (event, action) => {
      const found = github
        .deliveries()
        .find((each) => each.event === event && (action === undefined || each.action === action));
      if (!found) throw new Error(`no delivery of ${event} ${action}`);
      return found;
    },
    restart: async () => {
      await server.stop();
      server = await start();
    },
    stop: async () => {
      await settled();
      await server.stop();
      rmSync(settings.data, { recursive: true, force: true });
      if (settings.repositories !== undefined) rmSync(settings.repositories);
      await github.stop();
    },
  };
  server = await start();
  return site;
}

interface Post extends Forged {
  readonly event: string;
  readonly payload: unknown;
}

async function deliver(
  url: string,
  { webhookPath, webhookSecret }: Settings,
  { event, payload, guid = randomUUID(), headers = {} }: Post,
): Promise<Response> {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const all = {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': guid,
    'x-hub-signature-256': sign(webhookSecret, body),
    ...headers,
  };
  const given = Object.entries(all).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return fetch(`${url}${webhookPath}`, { method: 'POST', body, headers: given });
}

export function sign(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** A fresh pull request that wants one file on one host, and what its plan is called. */
export interface Wish extends Proposal {
  readonly digest: string;
  readonly file: string;
}

let wishes = 0;

export async function wish(site: Site, name: HostName = 'web1', by = 'ada'): Promise<Wish> {
  const number = ++wishes;
  const file = `/etc/attack-${number}`;
  const proposal = await site.propose({ [`attack-${number}.yml`]: note(file, name) }, { by });
  return { ...proposal, digest: site.digest(proposal.pull), file };
}

/** A stack of one file on one host; what an attack wants to bring there. */
export function note(path: string, name: HostName = 'web1', text = 'by attack'): string {
  return `on: ${name}\nresources:\n  - file: ${path}\n    content: "${text}\\n"\n`;
}

/** Nothing was carried out: no run of the pull request began, and the host lacks its file. */
export async function expectUntouched(
  site: Site,
  { pull, file }: Pick<Wish, 'pull' | 'file'>,
  name: HostName = 'web1',
): Promise<void> {
  const said = site.said(pull);
  expect(await has(name, file), `${file} on ${name}\n${said}`).toBe(false);
  expect(runsOf(site, pull), said).toEqual([]);
}

/** Ids of the runs that were begun for a pull request, as its deploy check runs name them. */
export function runsOf({ repo }: Site, pull: number): readonly string[] {
  const ids = repo.checkRuns().flatMap(({ externalId }) => externalId ?? []);
  return [...new Set(ids)].filter((id) => id.startsWith(`pr-${pull}-`));
}
