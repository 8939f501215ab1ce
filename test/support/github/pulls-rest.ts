// The REST operations on pull requests: read, list, open, change, merge, their files, commits and reviews.
import { theIssue } from './issues.ts';
import {
  type Operation,
  Refusal,
  type RepoCall,
  type Reply,
  NO_CONTENT,
  created,
  invalid,
  notFound,
  ok,
  onRepo,
  paged,
  param,
} from './http.ts';
import { type JsonObject, flag, text } from './json.ts';
import { mergePull } from './merge.ts';
import { baseTip, pullFiles, pullJson, simplePullJson } from './pull-json.ts';
import { closePull, editPull, openPull, reopenPull } from './pulls.ts';
import { addReview, reviewJson } from './reviews.ts';
import { commitJson, fileJson } from './shapes.ts';
import type { Issue, Pull, Repository } from './state.ts';

/** https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files */
const MOST_FILES = 3000;
const MOST_COMMITS = 250;

function thePull(call: RepoCall): { issue: Issue; pull: Pull } {
  const issue = theIssue(call, 'pull_number');
  if (issue.pull === undefined) throw notFound();
  return { issue, pull: issue.pull };
}

function listPulls(call: RepoCall): Promise<Reply> {
  const [state, head, base] = [
    call.query.get('state') ?? 'open',
    call.query.get('head'),
    call.query.get('base'),
  ];
  const found = [...call.repo.issues.values()]
    .flatMap((issue) => (issue.pull === undefined ? [] : [{ issue, pull: issue.pull }]))
    .filter(
      ({ issue, pull }) =>
        (state === 'all' || issue.state === state) &&
        (base === null || pull.base.ref === base) &&
        (head === null || `${pull.head.repo.owner.login}:${pull.head.ref}` === head),
    );
  const sorted = call.query.get('direction') === 'asc' ? found : found.toReversed();
  return paged(call, sorted, ({ issue, pull }) => simplePullJson(call.world, call.repo, issue, pull));
}

/** `branch`, or `owner:branch` for a fork. */
function headRepo(call: RepoCall, head: string): { repo: Repository; ref: string } | undefined {
  const colon = head.indexOf(':');
  if (colon < 0) return { repo: call.repo, ref: head };
  const owner = head.slice(0, colon).toLowerCase();
  const repo = [...call.world.repos.values()].find(
    (each) => each.owner.login.toLowerCase() === owner && (each === call.repo || each.parent === call.repo),
  );
  return repo === undefined ? undefined : { repo, ref: head.slice(colon + 1) };
}

async function create(call: RepoCall): Promise<Reply> {
  const head = headRepo(call, text(call.body, 'head') ?? '');
  const base = text(call.body, 'base') ?? '';
  const [from, to] = [
    head === undefined ? undefined : await head.repo.git.branch(head.ref),
    await call.repo.git.branch(base),
  ];
  if (head === undefined || from === undefined) throw invalid('PullRequest', 'head', 'invalid');
  if (to === undefined) throw invalid('PullRequest', 'base', 'invalid');
  const twin = [...call.repo.issues.values()].some(
    ({ state, pull }) =>
      state === 'open' &&
      pull?.head.repo === head.repo &&
      pull.head.ref === head.ref &&
      pull.base.ref === base,
  );
  if (twin)
    throw invalid(
      'PullRequest',
      '',
      'custom',
      `A pull request already exists for ${head.repo.owner.login}:${head.ref}.`,
    );
  if (from === to) throw invalid('PullRequest', '', 'custom', `No commits between ${base} and ${head.ref}`);
  const opening = {
    title: text(call.body, 'title') ?? head.ref,
    body: text(call.body, 'body') ?? null,
    head,
    base,
    by: call.by,
    app: call.app,
    draft: flag(call.body, 'draft') ?? false,
  };
  const issue = await openPull(call.world, call.repo, opening, from, to);
  return created(await shown(call, issue));
}

async function shown(call: RepoCall, issue: Issue): Promise<JsonObject> {
  if (issue.pull === undefined) throw notFound();
  return pullJson(call.world, call.repo, issue, issue.pull);
}

async function update(call: RepoCall): Promise<Reply> {
  const { issue } = thePull(call);
  const [title, body, base, state] = ['title', 'body', 'base', 'state'].map((name) => text(call.body, name));
  if (base !== undefined && (await call.repo.git.branch(base)) === undefined)
    throw invalid('PullRequest', 'base', 'invalid');
  const change = {
    ...(title === undefined ? {} : { title }),
    ...(body === undefined ? {} : { body }),
    ...(base === undefined ? {} : { base }),
  };
  if (Object.keys(change).length > 0) await editPull(call.world, call.repo, issue, change, call.by);
  if (state === 'closed') await closePull(call.world, call.repo, issue, call.by);
  if (state === 'open') await reopenPull(call.world, call.repo, issue, call.by);
  return ok(await shown(call, issue));
}

async function listFiles(call: RepoCall): Promise<Reply> {
  const { pull } = thePull(call);
  const files = (await pullFiles(call.repo, pull)).slice(0, MOST_FILES);
  return paged(call, files, (file) => fileJson(call.world, call.repo, file, pull.head.sha));
}

async function listCommits(call: RepoCall): Promise<Reply> {
  const { pull } = thePull(call);
  const shas = (
    await call.repo.git.log([`${await baseTip(call.repo, pull)}..${pull.head.sha}`], MOST_COMMITS)
  ).toReversed();
  return paged(call, shas, async (sha) =>
    commitJson(call.world, call.repo, await call.repo.git.readCommit(sha)),
  );
}

async function merge(call: RepoCall): Promise<Reply> {
  const { issue } = thePull(call);
  const method = text(call.body, 'merge_method') ?? 'merge';
  if (method !== 'merge' && method !== 'squash' && method !== 'rebase')
    throw new Refusal(422, 'Invalid request.\n\nmerge_method');
  const [title, message, sha] = [
    text(call.body, 'commit_title'),
    text(call.body, 'commit_message'),
    text(call.body, 'sha'),
  ];
  const merged = await mergePull(call.world, call.repo, issue, {
    method,
    by: call.by,
    ...(title === undefined ? {} : { title }),
    ...(message === undefined ? {} : { message }),
    ...(sha === undefined ? {} : { sha }),
  });
  return ok({ sha: merged, merged: true, message: 'Pull Request successfully merged' });
}

function createReview(call: RepoCall): Reply {
  const { issue, pull } = thePull(call);
  const review = addReview(call.world, call.repo, issue, {
    by: call.by,
    event: text(call.body, 'event') ?? 'COMMENT',
    body: text(call.body, 'body') ?? '',
    commit: text(call.body, 'commit_id') ?? pull.head.sha,
  });
  return ok(reviewJson(call.world, call.repo, issue, review));
}

function getReview(call: RepoCall): Reply {
  const { issue, pull } = thePull(call);
  const review = pull.reviews.find(({ id }) => id === Number(param(call, 'review_id')));
  if (review === undefined) throw notFound();
  return ok(reviewJson(call.world, call.repo, issue, review));
}

function listReviews(call: RepoCall): Promise<Reply> {
  const { issue, pull } = thePull(call);
  return paged(call, pull.reviews, (review) => reviewJson(call.world, call.repo, issue, review));
}

function checkIfMerged(call: RepoCall): Reply {
  if (thePull(call).pull.merged === undefined) throw notFound();
  return NO_CONTENT;
}

async function pullsOfCommit(call: RepoCall): Promise<Reply> {
  const sha = param(call, 'commit_sha');
  if ((await call.repo.git.typeOf(sha)) !== 'commit')
    throw new Refusal(422, `No commit found for SHA: ${sha}`);
  const found: { issue: Issue; pull: Pull }[] = [];
  for (const issue of call.repo.issues.values()) {
    const { pull } = issue;
    if (pull === undefined) continue;
    const own = await call.repo.git.log(
      [`${await baseTip(call.repo, pull)}..${pull.head.sha}`],
      MOST_COMMITS,
    );
    if (own.includes(sha) || pull.merged?.sha === sha) found.push({ issue, pull });
  }
  return paged(call, found, ({ issue, pull }) => simplePullJson(call.world, call.repo, issue, pull));
}

export const pullOperations: Readonly<Record<string, Operation>> = {
  'pulls/get': onRepo('pull_requests=read', async (call) => ok(await shown(call, thePull(call).issue))),
  'pulls/list': onRepo('pull_requests=read', listPulls),
  'pulls/create': onRepo('pull_requests=write', create, 'read'),
  'pulls/update': onRepo('pull_requests=write', update),
  'pulls/list-files': onRepo('pull_requests=read', listFiles),
  'pulls/list-commits': onRepo('pull_requests=read', listCommits),
  'pulls/merge': onRepo('contents=write', merge),
  'pulls/check-if-merged': onRepo('contents=read', checkIfMerged),
  'pulls/list-reviews': onRepo('pull_requests=read', listReviews),
  'pulls/get-review': onRepo('pull_requests=read', getReview),
  'pulls/create-review': onRepo('pull_requests=write', createReview, 'read'),
  'repos/list-pull-requests-associated-with-commit': onRepo('pull_requests=read', pullsOfCommit),
};
