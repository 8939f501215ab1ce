// What the double's own tests start from: one repository with a collaborator, and octokit as the App and as people.
import { App, Octokit } from 'octokit';
import { type DoubleOptions, type GitHubDouble, startGitHub } from './double.ts';
import type { RepoDouble } from './repo.ts';

export const SECRET = 'a secret of a decent length, for tests';
export const HOSTS = 'deploy-configs/hosts.yml';

export const PERMISSIONS = {
  contents: 'write',
  pull_requests: 'write',
  checks: 'write',
  deployments: 'write',
  statuses: 'read',
  issues: 'read',
} as const;

const EVENTS = ['pull_request', 'push', 'issue_comment', 'check_run', 'pull_request_review', 'deployment'];

const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const UNHURRIED = { throttle: { enabled: false }, retry: { enabled: false }, log: QUIET };

export interface Fixture {
  readonly github: GitHubDouble;
  readonly repo: RepoDouble;
  /** The App, by its JWT. */
  readonly app: Octokit;
  /** The App on the repository, by an installation token. */
  readonly bot: Octokit;
  readonly at: { readonly owner: 'acme'; readonly repo: 'shop' };
  as(login: string): Octokit;
}

export async function startFixture(options: Partial<DoubleOptions> = {}): Promise<Fixture> {
  const github = await startGitHub({ secret: SECRET, permissions: PERMISSIONS, events: EVENTS, ...options });
  github.createUser('acme', 'Organization');
  github.createUser('ada');
  github.createUser('bob');
  const repo = await github.createRepo('acme', 'shop');
  repo.collaborator('ada', 'write');
  await repo.commit({ branch: 'main', message: 'Start', author: 'ada', files: { [HOSTS]: 'hosts: {}\n' } });
  const Base = Octokit.defaults({ ...UNHURRIED, baseUrl: github.apiUrl });
  const app = new App({ appId: github.appId, privateKey: github.privateKey, Octokit: Base, log: QUIET });
  const installation = [...github.world.installations.values()][0];
  const bot = await app.getInstallationOctokit(installation?.id ?? 0);
  const as = (login: string): Octokit => new Base({ auth: github.token(login) });
  return { github, repo, app: app.octokit, bot, at: { owner: 'acme', repo: 'shop' }, as };
}

/** A branch `change` with one change to the hosts, and its pull request. */
export async function openChange(repo: RepoDouble): Promise<number> {
  const files = { [HOSTS]: 'hosts: { web1: {} }\n' };
  await repo.commit({ branch: 'change', message: 'Add a host', author: 'ada', files });
  return repo.openPull({ title: 'Add a host', head: 'change', by: 'ada', body: 'Because it is due.' });
}

/** What octokit was refused with: status and message. */
export async function refusal(asking: Promise<unknown>): Promise<string> {
  try {
    await asking;
    return 'not refused';
  } catch (error) {
    const status = error instanceof Error && 'status' in error ? String(error.status) : 'no status';
    return `${status} ${error instanceof Error ? error.message.split(' - https://')[0] : ''}`;
  }
}
