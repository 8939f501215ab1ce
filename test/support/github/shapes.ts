// How GitHub writes down an account, an App, an installation, a repository and a commit: the parts every answer is made of.
import type { CommitData } from './git-commit.ts';
import type { DiffEntry } from './git-diff.ts';
import type { JsonObject } from './json.ts';
import type { Account, AppIdentity, Installation, Reaction, Repository } from './state.ts';
import type { World } from './world.ts';

const EPOCH = '2026-01-01T00:00:00Z';

/** Global ids say what they are, as GitHub's do: https://docs.github.com/en/graphql/guides/using-global-node-ids */
export function nodeId(kind: string, id: number | string): string {
  return `${kind}_${Buffer.from(String(id)).toString('base64url')}`;
}

export function fromNodeId(node: string): { kind: string; id: number } {
  const [kind = '', code = ''] = node.split('_');
  return { kind, id: Number(Buffer.from(code, 'base64url').toString()) };
}

export function fullName(repo: Repository): string {
  return `${repo.owner.login}/${repo.name}`;
}

export function repoApi(world: World, repo: Repository): string {
  return `${world.api}/repos/${fullName(repo)}`;
}

export function repoHtml(world: World, repo: Repository): string {
  return `${world.url}/${fullName(repo)}`;
}

export function accountJson(world: World, account: Account): JsonObject {
  const url = `${world.api}/users/${encodeURIComponent(account.login)}`;
  const kind = { User: 'U', Bot: 'BOT', Organization: 'O' }[account.type];
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId(kind, account.id),
    avatar_url: `${world.url}/avatars/u/${account.id}`,
    gravatar_id: '',
    url,
    html_url:
      account.type === 'Bot'
        ? `${world.url}/apps/${account.login.replace('[bot]', '')}`
        : `${world.url}/${account.login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    site_admin: false,
    user_view_type: 'public',
  };
}

export function appJson(world: World, app: AppIdentity): JsonObject {
  return {
    id: app.id,
    client_id: `Iv1.${app.id.toString(16).padStart(16, '0')}`,
    slug: app.slug,
    node_id: nodeId('A', app.id),
    owner: accountJson(world, app.owner),
    name: app.name,
    description: '',
    external_url: `${world.url}/apps/${app.slug}/home`,
    html_url: `${world.url}/apps/${app.slug}`,
    created_at: EPOCH,
    updated_at: EPOCH,
    permissions: { metadata: 'read', ...app.permissions },
    events: [...app.events],
  };
}

export function installationJson(world: World, installation: Installation): JsonObject {
  const url = `${world.api}/app/installations/${installation.id}`;
  return {
    id: installation.id,
    client_id: `Iv1.${world.app.id.toString(16).padStart(16, '0')}`,
    account: accountJson(world, installation.account),
    repository_selection: 'selected',
    access_tokens_url: `${url}/access_tokens`,
    repositories_url: `${world.api}/installation/repositories`,
    html_url: `${world.url}/settings/installations/${installation.id}`,
    app_id: world.app.id,
    app_slug: world.app.slug,
    target_id: installation.account.id,
    target_type: installation.account.type,
    permissions: { metadata: 'read', ...world.app.permissions },
    events: [...world.app.events],
    created_at: installation.createdAt,
    updated_at: installation.createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: installation.suspendedAt === null ? null : accountJson(world, installation.account),
    suspended_at: installation.suspendedAt,
  };
}

const REPO_LINKS: Readonly<Record<string, string>> = {
  archive: '/{archive_format}{/ref}',
  assignees: '/assignees{/user}',
  blobs: '/git/blobs{/sha}',
  branches: '/branches{/branch}',
  collaborators: '/collaborators{/collaborator}',
  comments: '/comments{/number}',
  commits: '/commits{/sha}',
  compare: '/compare/{base}...{head}',
  contents: '/contents/{+path}',
  contributors: '/contributors',
  deployments: '/deployments',
  downloads: '/downloads',
  events: '/events',
  forks: '/forks',
  git_commits: '/git/commits{/sha}',
  git_refs: '/git/refs{/sha}',
  git_tags: '/git/tags{/sha}',
  hooks: '/hooks',
  issue_comment: '/issues/comments{/number}',
  issue_events: '/issues/events{/number}',
  issues: '/issues{/number}',
  keys: '/keys{/key_id}',
  labels: '/labels{/name}',
  languages: '/languages',
  merges: '/merges',
  milestones: '/milestones{/number}',
  notifications: '/notifications{?since,all,participating}',
  pulls: '/pulls{/number}',
  releases: '/releases{/id}',
  stargazers: '/stargazers',
  statuses: '/statuses/{sha}',
  subscribers: '/subscribers',
  subscription: '/subscription',
  tags: '/tags',
  teams: '/teams',
  trees: '/git/trees{/sha}',
};

/** What the double has nothing to say about. */
const UNUSED: JsonObject = {
  mirror_url: null,
  homepage: null,
  language: null,
  license: null,
  topics: [],
  size: 1,
  forks: 0,
  forks_count: 0,
  stargazers_count: 0,
  watchers: 0,
  watchers_count: 0,
  has_issues: true,
  has_projects: false,
  has_wiki: false,
  has_pages: false,
  has_downloads: true,
  has_discussions: false,
  archived: false,
  disabled: false,
  is_template: false,
  allow_forking: true,
  web_commit_signoff_required: false,
};

export function repoJson(world: World, repo: Repository): JsonObject {
  const api = repoApi(world, repo);
  const html = repoHtml(world, repo);
  const links = Object.fromEntries(
    Object.entries(REPO_LINKS).map(([name, path]) => [`${name}_url`, `${api}${path}`]),
  );
  const open = [...repo.issues.values()].filter(({ state }) => state === 'open').length;
  const host = new URL(world.url).hostname;
  return {
    id: repo.id,
    node_id: nodeId('R', repo.id),
    name: repo.name,
    full_name: fullName(repo),
    owner: accountJson(world, repo.owner),
    private: repo.private,
    visibility: repo.private ? 'private' : 'public',
    html_url: html,
    description: null,
    fork: repo.parent !== undefined,
    url: api,
    ...links,
    git_url: `git://${host}/${fullName(repo)}.git`,
    ssh_url: `git@${host}:${fullName(repo)}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    ...UNUSED,
    default_branch: repo.defaultBranch,
    open_issues: open,
    open_issues_count: open,
    created_at: repo.createdAt,
    updated_at: repo.pushedAt,
    pushed_at: repo.pushedAt,
  };
}

export function fullRepoJson(world: World, repo: Repository): JsonObject {
  return {
    ...repoJson(world, repo),
    ...(repo.parent === undefined
      ? {}
      : { parent: repoJson(world, repo.parent), source: repoJson(world, repo.parent) }),
    subscribers_count: 0,
    network_count: 0,
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
  };
}

export function reactionsJson(url: string, reactions: readonly Reaction[]): JsonObject {
  const kinds = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'];
  const counts = kinds.map((kind) => [kind, reactions.filter(({ content }) => content === kind).length]);
  return { url: `${url}/reactions`, total_count: reactions.length, ...Object.fromEntries(counts) };
}

/** An account is tied to a commit by its email address, as on GitHub. */
export function accountByEmail(world: World, email: string): Account | undefined {
  return [...world.accounts.values()].find((account) => account.email === email);
}

export function commitJson(world: World, repo: Repository, commit: CommitData): JsonObject {
  const api = repoApi(world, repo);
  const url = `${api}/commits/${commit.sha}`;
  const [author, committer] = [
    accountByEmail(world, commit.author.email),
    accountByEmail(world, commit.committer.email),
  ];
  return {
    sha: commit.sha,
    node_id: nodeId('C', commit.sha),
    commit: {
      author: { ...commit.author },
      committer: { ...commit.committer },
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: UNSIGNED,
    },
    url,
    html_url: `${repoHtml(world, repo)}/commit/${commit.sha}`,
    comments_url: `${url}/comments`,
    author: author === undefined ? null : accountJson(world, author),
    committer: committer === undefined ? null : accountJson(world, committer),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/commits/${sha}`,
      html_url: `${repoHtml(world, repo)}/commit/${sha}`,
    })),
  };
}

export const UNSIGNED = {
  verified: false,
  reason: 'unsigned',
  signature: null,
  payload: null,
  verified_at: null,
};

export function fileJson(world: World, repo: Repository, file: DiffEntry, at: string): JsonObject {
  const [api, html, path] = [
    repoApi(world, repo),
    repoHtml(world, repo),
    file.path.split('/').map(encodeURIComponent).join('/'),
  ];
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${html}/blob/${at}/${path}`,
    raw_url: `${html}/raw/${at}/${path}`,
    contents_url: `${api}/contents/${path}?ref=${at}`,
    ...(file.patch === undefined ? {} : { patch: file.patch }),
    ...(file.previous === undefined ? {} : { previous_filename: file.previous }),
  };
}
