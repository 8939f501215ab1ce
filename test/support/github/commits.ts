// Commits, branches, comparisons and file contents as the REST API gives them.
import { commitOf } from './checks-rest.ts';
import { NO_COMMIT, type TreeEntry } from './git.ts';
import { diff } from './git-diff.ts';
import {
  type Operation,
  Refusal,
  type RepoCall,
  type Reply,
  notFound,
  ok,
  onRepo,
  paged,
  param,
} from './http.ts';
import { type JsonObject, object, text } from './json.ts';
import { pushed } from './pushes.ts';
import { commitJson, fileJson, repoApi, repoHtml } from './shapes.ts';
import { type Protection, stamp } from './state.ts';

/** https://docs.github.com/en/rest/commits/commits#compare-two-commits */
const COMPARE_FILES = 300;
const COMPARE_COMMITS = 250;

async function shown(call: RepoCall, sha: string): Promise<JsonObject> {
  return commitJson(call.world, call.repo, await call.repo.git.readCommit(sha));
}

async function getCommit(call: RepoCall): Promise<Reply> {
  const sha = await commitOf(call);
  if (call.accept.includes('sha'))
    return { status: 200, body: Buffer.from(sha), headers: { 'content-type': 'application/vnd.github.sha' } };
  const { parents } = await call.repo.git.readCommit(sha);
  const files = await diff(
    call.repo.git,
    parents[0] ?? (await call.repo.git.text(['hash-object', '-t', 'tree', '-w', '/dev/null'])),
    sha,
  );
  const [additions, deletions] = [
    files.reduce((sum, file) => sum + file.additions, 0),
    files.reduce((sum, file) => sum + file.deletions, 0),
  ];
  const list = files.slice(0, COMPARE_FILES).map((file) => fileJson(call.world, call.repo, file, sha));
  return ok({
    ...(await shown(call, sha)),
    stats: { total: additions + deletions, additions, deletions },
    files: list,
  });
}

async function listCommits(call: RepoCall): Promise<Reply> {
  const from = await commitOf(call, call.query.get('sha') ?? call.repo.defaultBranch);
  const path = call.query.get('path');
  const shas = await call.repo.git.log([from, ...(path === null ? [] : ['--', path])], 10_000);
  return paged(call, shas, (sha) => shown(call, sha));
}

async function compare(call: RepoCall): Promise<Reply> {
  const [from = '', to = ''] = param(call, 'basehead').split('...');
  const bare = (name: string): string => name.slice(name.indexOf(':') + 1);
  const { git } = call.repo;
  const [base, head] = await Promise.all(
    [from, to].map(async (name) => (await git.branch(bare(name))) ?? (await git.resolve(bare(name)))),
  );
  if (base === undefined || head === undefined) throw notFound();
  const common = await git.mergeBase(base, head);
  if (common === undefined) throw new Refusal(404, `No common ancestor between ${from} and ${to}.`);
  const [ahead, behind, files, commits] = await Promise.all([
    git.count(`${base}..${head}`),
    git.count(`${head}..${base}`),
    diff(git, common, head),
    git.log([`${base}..${head}`], COMPARE_COMMITS),
  ]);
  const status =
    base === head ? 'identical' : ahead > 0 && behind > 0 ? 'diverged' : ahead > 0 ? 'ahead' : 'behind';
  const [url, html] = [
    `${repoApi(call.world, call.repo)}/compare/${from}...${to}`,
    `${repoHtml(call.world, call.repo)}/compare/${from}...${to}`,
  ];
  return ok({
    url,
    html_url: html,
    permalink_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    status,
    ahead_by: ahead,
    behind_by: behind,
    total_commits: ahead,
    base_commit: await shown(call, base),
    merge_base_commit: await shown(call, common),
    commits: await Promise.all(commits.toReversed().map((sha) => shown(call, sha))),
    files: files.slice(0, COMPARE_FILES).map((file) => fileJson(call.world, call.repo, file, head)),
  });
}

function protectionJson(protection: Protection | undefined, url: string): JsonObject {
  if (protection === undefined)
    return { enabled: false, required_status_checks: { enforcement_level: 'off', contexts: [], checks: [] } };
  const { requiredChecks, approvals } = protection;
  return {
    url,
    enabled: true,
    required_status_checks: {
      url: `${url}/required_status_checks`,
      strict: false,
      enforcement_level: 'non_admins',
      contexts: [...requiredChecks],
      contexts_url: `${url}/required_status_checks/contexts`,
      checks: requiredChecks.map((context) => ({ context, app_id: null })),
    },
    required_pull_request_reviews: {
      url: `${url}/required_pull_request_reviews`,
      dismiss_stale_reviews: false,
      require_code_owner_reviews: false,
      require_last_push_approval: false,
      required_approving_review_count: approvals,
    },
    enforce_admins: { url: `${url}/enforce_admins`, enabled: true },
  };
}

async function branchJson(call: RepoCall, name: string, sha: string): Promise<JsonObject> {
  const self = `${repoApi(call.world, call.repo)}/branches/${name}`;
  const protection = call.repo.protections.get(name);
  const {
    url: _,
    required_pull_request_reviews: __,
    enforce_admins: ___,
    ...brief
  } = protectionJson(protection, `${self}/protection`);
  return {
    name,
    commit: await shown(call, sha),
    _links: { self, html: `${repoHtml(call.world, call.repo)}/tree/${name}` },
    protected: protection !== undefined,
    protection: brief,
    protection_url: `${self}/protection`,
  };
}

async function theBranch(call: RepoCall): Promise<{ name: string; sha: string }> {
  const name = param(call, 'branch');
  const sha = await call.repo.git.branch(name);
  if (sha === undefined) throw new Refusal(404, 'Branch not found');
  return { name, sha };
}

async function getBranch(call: RepoCall): Promise<Reply> {
  const { name, sha } = await theBranch(call);
  return ok(await branchJson(call, name, sha));
}

async function listBranches(call: RepoCall): Promise<Reply> {
  const api = repoApi(call.world, call.repo);
  const refs = [...(await call.repo.git.refs('refs/heads'))].map(
    ([ref, sha]) => [ref.slice('refs/heads/'.length), sha] as const,
  );
  return paged(call, refs, ([name, sha]) => ({
    name,
    commit: { sha, url: `${api}/commits/${sha}` },
    protected: call.repo.protections.has(name),
  }));
}

async function getProtection(call: RepoCall): Promise<Reply> {
  const { name } = await theBranch(call);
  const protection = call.repo.protections.get(name);
  if (protection === undefined) throw new Refusal(404, 'Branch not protected');
  return ok(protectionJson(protection, `${repoApi(call.world, call.repo)}/branches/${name}/protection`));
}

function contentJson(call: RepoCall, entry: TreeEntry, ref: string): JsonObject {
  const [api, html, path] = [
    repoApi(call.world, call.repo),
    repoHtml(call.world, call.repo),
    entry.path.split('/').map(encodeURIComponent).join('/'),
  ];
  const type =
    entry.type === 'tree'
      ? 'dir'
      : entry.type === 'commit'
        ? 'submodule'
        : entry.mode === '120000'
          ? 'symlink'
          : 'file';
  const links = {
    self: `${api}/contents/${path}?ref=${ref}`,
    git: `${api}/git/${entry.type}s/${entry.sha}`,
    html: `${html}/blob/${ref}/${path}`,
  };
  return {
    type,
    size: entry.size ?? 0,
    name: entry.path.slice(entry.path.lastIndexOf('/') + 1),
    path: entry.path,
    sha: entry.sha,
    url: links.self,
    git_url: links.git,
    html_url: links.html,
    download_url: type === 'file' ? `${html}/raw/${ref}/${path}` : null,
    _links: links,
  };
}

async function findEntry(call: RepoCall, commit: string, path: string): Promise<TreeEntry | undefined> {
  return (await call.repo.git.readTree(commit, true)).find((entry) => entry.path === path);
}

async function getContent(call: RepoCall): Promise<Reply> {
  const ref = call.query.get('ref') ?? call.repo.defaultBranch;
  const path = param(call, 'path').replace(/\/$/, '');
  const commit = (await call.repo.git.branch(ref)) ?? (await call.repo.git.resolve(ref));
  if (commit === undefined) throw new Refusal(404, `No commit found for the ref ${ref}`);
  const entry = path === '' ? undefined : await findEntry(call, commit, path);
  if (path === '' || entry?.type === 'tree') {
    const inside = await call.repo.git.readTree(path === '' ? commit : `${commit}:${path}`, false);
    return ok(
      inside.map((each) =>
        contentJson(call, { ...each, path: path === '' ? each.path : `${path}/${each.path}` }, ref),
      ),
    );
  }
  if (entry === undefined) throw notFound();
  const bytes = await call.repo.git.readBlob(entry.sha);
  if (call.accept.includes('raw'))
    return {
      status: 200,
      body: bytes,
      headers: { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' },
    };
  return ok({
    ...contentJson(call, entry, ref),
    content: bytes.toString('base64').replaceAll(/.{60}/g, '$&\n'),
    encoding: 'base64',
  });
}

async function putContent(call: RepoCall): Promise<Reply> {
  const { git } = call.repo;
  const branch = text(call.body, 'branch') ?? call.repo.defaultBranch;
  const path = param(call, 'path');
  const before = await git.branch(branch);
  const old = before === undefined ? undefined : await findEntry(call, before, path);
  const given = text(call.body, 'sha');
  if (old !== undefined && given === undefined)
    throw new Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.');
  if (old !== undefined && given !== old.sha) throw new Refusal(409, `${path} does not match ${given}`);
  const sha = await git.writeBlob(Buffer.from(text(call.body, 'content') ?? '', 'base64'));
  const author = object(call.body, 'author');
  const who = {
    name: text(author, 'name') ?? call.by.login,
    email: text(author, 'email') ?? call.by.email,
    date: stamp(),
  };
  const tree = await git.writeTree(before, [{ path, mode: old?.mode ?? '100644', sha }]);
  const after = await git.writeCommit({
    tree,
    parents: before === undefined ? [] : [before],
    message: text(call.body, 'message') ?? '',
    author: who,
    committer: who,
  });
  await git.setRef(`refs/heads/${branch}`, after);
  await pushed(call.world, {
    repo: call.repo,
    ref: `refs/heads/${branch}`,
    before: before ?? NO_COMMIT,
    after,
    by: call.by,
  });
  const entry = await findEntry(call, after, path);
  const { sha: _, ...commit } = await shown(call, after);
  return {
    status: old === undefined ? 201 : 200,
    body: {
      content: entry === undefined ? null : contentJson(call, entry, branch),
      commit: { sha: after, ...commit, ...object(commit, 'commit'), parents: commit['parents'] ?? [] },
    },
  };
}

export const commitOperations: Readonly<Record<string, Operation>> = {
  'repos/get-commit': onRepo('contents=read', getCommit),
  'repos/list-commits': onRepo('contents=read', listCommits),
  'repos/compare-commits-with-basehead': onRepo('contents=read', compare),
  'repos/get-content': onRepo('contents=read', getContent),
  'repos/create-or-update-file-contents': onRepo('contents=write', putContent),
  'repos/get-branch': onRepo('contents=read', getBranch),
  'repos/list-branches': onRepo('contents=read', listBranches),
  'repos/get-branch-protection': onRepo('administration=read', getProtection),
};
