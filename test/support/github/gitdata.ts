// The git data API: refs, commits, trees and blobs, answered from the bare repository. A moved branch counts as a push.
import { NO_COMMIT } from './git.ts';
import type { Signature } from './git-commit.ts';
import {
  type Operation,
  Refusal,
  type RepoCall,
  type Reply,
  created,
  notFound,
  ok,
  onRepo,
  paged,
  param,
} from './http.ts';
import { type Json, type JsonObject, flag, isObject, list, object, text } from './json.ts';
import { pushed } from './pushes.ts';
import { UNSIGNED, nodeId, repoApi, repoHtml } from './shapes.ts';
import { stamp } from './state.ts';

function refJson(call: RepoCall, ref: string, sha: string): JsonObject {
  const api = repoApi(call.world, call.repo);
  return {
    ref,
    node_id: nodeId('REF', `${call.repo.id}:${ref}`),
    url: `${api}/git/${ref}`,
    object: { type: 'commit', sha, url: `${api}/git/commits/${sha}` },
  };
}

async function getRef(call: RepoCall): Promise<Reply> {
  const ref = `refs/${param(call, 'ref')}`;
  const sha = (await call.repo.git.refs(ref)).get(ref);
  if (sha === undefined) throw notFound();
  return ok(refJson(call, ref, sha));
}

async function matchingRefs(call: RepoCall): Promise<Reply> {
  const prefix = `refs/${param(call, 'ref')}`;
  const refs = [...(await call.repo.git.refs('refs'))].filter(([ref]) => ref.startsWith(prefix));
  return paged(call, refs, ([ref, sha]) => refJson(call, ref, sha));
}

async function commitToPoint(call: RepoCall): Promise<string> {
  const sha = text(call.body, 'sha') ?? '';
  if ((await call.repo.git.typeOf(sha)) !== 'commit') throw new Refusal(422, 'Object does not exist');
  return sha;
}

async function createRef(call: RepoCall): Promise<Reply> {
  const ref = text(call.body, 'ref') ?? '';
  if (!/^refs\/[^/]+\/./.test(ref))
    throw new Refusal(422, "Reference name must start with 'refs/' and contain at least two slashes.");
  const sha = await commitToPoint(call);
  if ((await call.repo.git.refs(ref)).has(ref)) throw new Refusal(422, 'Reference already exists');
  await call.repo.git.setRef(ref, sha);
  await pushed(call.world, { repo: call.repo, ref, before: NO_COMMIT, after: sha, by: call.by });
  return created(refJson(call, ref, sha));
}

async function updateRef(call: RepoCall): Promise<Reply> {
  const ref = `refs/${param(call, 'ref')}`;
  const before = (await call.repo.git.refs(ref)).get(ref);
  if (before === undefined) throw new Refusal(422, 'Reference does not exist');
  const sha = await commitToPoint(call);
  if (flag(call.body, 'force') !== true && !(await call.repo.git.contains(sha, before)))
    throw new Refusal(422, 'Update is not a fast forward');
  await call.repo.git.setRef(ref, sha);
  await pushed(call.world, { repo: call.repo, ref, before, after: sha, by: call.by });
  return ok(refJson(call, ref, sha));
}

async function deleteRef(call: RepoCall): Promise<Reply> {
  const ref = `refs/${param(call, 'ref')}`;
  const before = (await call.repo.git.refs(ref)).get(ref);
  if (before === undefined) throw new Refusal(422, 'Reference does not exist');
  await call.repo.git.deleteRef(ref);
  await pushed(call.world, { repo: call.repo, ref, before, after: NO_COMMIT, by: call.by });
  return { status: 204 };
}

async function gitCommitJson(call: RepoCall, sha: string): Promise<JsonObject> {
  const commit = await call.repo.git.readCommit(sha);
  const [api, html] = [repoApi(call.world, call.repo), repoHtml(call.world, call.repo)];
  return {
    sha,
    node_id: nodeId('C', sha),
    url: `${api}/git/commits/${sha}`,
    html_url: `${html}/commit/${sha}`,
    author: { ...commit.author },
    committer: { ...commit.committer },
    message: commit.message,
    verification: UNSIGNED,
    tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: `${api}/git/commits/${parent}`,
      html_url: `${html}/commit/${parent}`,
    })),
  };
}

async function getCommit(call: RepoCall): Promise<Reply> {
  const sha = param(call, 'commit_sha');
  if ((await call.repo.git.typeOf(sha)) !== 'commit') throw notFound();
  return ok(await gitCommitJson(call, sha));
}

function signatureFrom(call: RepoCall, field: string, otherwise: Signature): Signature {
  const given = object(call.body, field);
  return {
    name: text(given, 'name') ?? otherwise.name,
    email: text(given, 'email') ?? otherwise.email,
    date: text(given, 'date') ?? otherwise.date,
  };
}

async function createCommit(call: RepoCall): Promise<Reply> {
  const { git } = call.repo;
  const tree = text(call.body, 'tree') ?? '';
  const parents = list(call.body, 'parents').filter((each) => typeof each === 'string');
  if ((await git.typeOf(tree)) !== 'tree') throw new Refusal(422, 'Tree SHA does not exist');
  for (const parent of parents)
    if ((await git.typeOf(parent)) !== 'commit')
      throw new Refusal(422, 'Parent SHA does not exist or is not a commit object');
  const author = signatureFrom(call, 'author', { name: call.by.login, email: call.by.email, date: stamp() });
  const sha = await git.writeCommit({
    tree,
    parents,
    message: text(call.body, 'message') ?? '',
    author,
    committer: signatureFrom(call, 'committer', author),
  });
  return created(await gitCommitJson(call, sha));
}

async function treeJson(call: RepoCall, sha: string, recursive: boolean): Promise<JsonObject> {
  const api = repoApi(call.world, call.repo);
  const entries = await call.repo.git.readTree(sha, recursive);
  return {
    sha,
    url: `${api}/git/trees/${sha}`,
    truncated: false,
    tree: entries.map(({ path, mode, type, sha: object_, size }): JsonObject => ({
      path,
      mode,
      type,
      sha: object_,
      ...(size === undefined ? {} : { size }),
      url: `${api}/git/${type}s/${object_}`,
    })),
  };
}

async function getTree(call: RepoCall): Promise<Reply> {
  const name = param(call, 'tree_sha');
  const sha = name.startsWith('-')
    ? ''
    : await call.repo.git.text(['rev-parse', '--verify', '--quiet', `${name}^{tree}`]).catch(() => '');
  if (sha === '') throw notFound();
  return ok(await treeJson(call, sha, call.query.has('recursive')));
}

async function treeEntry(
  call: RepoCall,
  entry: Json,
): Promise<{ path: string; mode: string; sha: string | null }> {
  const path = text(entry, 'path') ?? '';
  const mode = text(entry, 'mode') ?? '100644';
  const content = text(entry, 'content');
  if (content !== undefined) return { path, mode, sha: await call.repo.git.writeBlob(content) };
  const sha = isObject(entry) ? entry['sha'] : undefined;
  if (sha === null) return { path, mode, sha: null };
  if (typeof sha !== 'string' || (await call.repo.git.typeOf(sha)) === undefined)
    throw new Refusal(422, `tree.sha ${typeof sha === 'string' ? sha : ''} is not a valid blob`);
  return { path, mode, sha };
}

async function createTree(call: RepoCall): Promise<Reply> {
  const base = text(call.body, 'base_tree');
  const entries = await Promise.all(list(call.body, 'tree').map((entry) => treeEntry(call, entry)));
  return created(await treeJson(call, await call.repo.git.writeTree(base, entries), false));
}

async function getBlob(call: RepoCall): Promise<Reply> {
  const sha = param(call, 'file_sha');
  if ((await call.repo.git.typeOf(sha)) !== 'blob') throw notFound();
  const bytes = await call.repo.git.readBlob(sha);
  if (call.accept.includes('raw'))
    return { status: 200, body: bytes, headers: { 'content-type': 'application/vnd.github.raw+json' } };
  const content = bytes.toString('base64').replaceAll(/.{60}/g, '$&\n');
  return ok({
    sha,
    node_id: nodeId('B', sha),
    size: bytes.length,
    url: `${repoApi(call.world, call.repo)}/git/blobs/${sha}`,
    content,
    encoding: 'base64',
  });
}

async function createBlob(call: RepoCall): Promise<Reply> {
  const content = text(call.body, 'content') ?? '';
  const sha = await call.repo.git.writeBlob(
    text(call.body, 'encoding') === 'base64' ? Buffer.from(content, 'base64') : content,
  );
  return created({ sha, url: `${repoApi(call.world, call.repo)}/git/blobs/${sha}` });
}

export const gitOperations: Readonly<Record<string, Operation>> = {
  'git/get-ref': onRepo('contents=read', getRef),
  'git/list-matching-refs': onRepo('contents=read', matchingRefs),
  'git/create-ref': onRepo('contents=write', createRef),
  'git/update-ref': onRepo('contents=write', updateRef),
  'git/delete-ref': onRepo('contents=write', deleteRef),
  'git/get-commit': onRepo('contents=read', getCommit),
  'git/create-commit': onRepo('contents=write', createCommit),
  'git/get-tree': onRepo('contents=read', getTree),
  'git/create-tree': onRepo('contents=write', createTree),
  'git/get-blob': onRepo('contents=read', getBlob),
  'git/create-blob': onRepo('contents=write', createBlob),
};
