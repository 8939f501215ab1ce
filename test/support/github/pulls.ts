// The life of a pull request: opened, moved, edited, closed, reopened, merged; each step told to the App.
import type { EventName } from './events.ts';
import { nextNumber } from './issues.ts';
import type { JsonObject } from './json.ts';
import { baseTip, pullJson } from './pull-json.ts';
import { type Account, type AppIdentity, type Issue, type Pull, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

export interface Opening {
  readonly title: string;
  readonly body: string | null;
  readonly head: { readonly repo: Repository; readonly ref: string };
  readonly base: string;
  readonly by: Account;
  readonly app: AppIdentity | undefined;
  readonly draft: boolean;
}

/** GitHub keeps the head of every pull request in the base repository, also of one from a fork. */
async function keepHead(repo: Repository, issue: Issue, pull: Pull): Promise<void> {
  const ref = `refs/pull/${issue.number}/head`;
  if (pull.head.repo !== repo)
    await repo.git.text([
      'fetch',
      '--quiet',
      '--no-write-fetch-head',
      pull.head.repo.git.dir,
      `+${pull.head.sha}:${ref}`,
    ]);
  else await repo.git.setRef(ref, pull.head.sha);
}

type Told =
  Extract<EventName, `pull_request.${string}`> extends `pull_request.${infer Action}` ? Action : never;

export interface PullChange {
  readonly title?: string;
  readonly body?: string;
  /** Another branch to merge into. */
  readonly base?: string;
}

async function tell(
  world: World,
  repo: Repository,
  issue: Issue,
  pull: Pull,
  action: Told,
  by: Account,
  extra: JsonObject = {},
): Promise<void> {
  const payload = {
    number: issue.number,
    pull_request: await pullJson(world, repo, issue, pull, false),
    ...extra,
  };
  world.outbox.emit(`pull_request.${action}`, repo, by, payload);
  world.say(
    `pull_request.${action}`,
    repo,
    { title: issue.title, head: pull.head.sha, merged: pull.merged !== undefined },
    issue.number,
  );
}

export async function openPull(
  world: World,
  repo: Repository,
  opening: Opening,
  head: string,
  base: string,
): Promise<Issue> {
  const now = stamp();
  const pull: Pull = {
    id: world.nextId(),
    head: { ...opening.head, sha: head },
    base: { ref: opening.base, sha: base },
    reviews: [],
    draft: opening.draft,
    trial: undefined,
    merged: undefined,
  };
  const issue: Issue = {
    id: world.nextId(),
    number: nextNumber(repo),
    author: opening.by,
    app: opening.app,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    title: opening.title,
    body: opening.body,
    state: 'open',
    reactions: [],
    pull,
  };
  repo.issues.set(issue.number, issue);
  await keepHead(repo, issue, pull);
  await tell(world, repo, issue, pull, 'opened', opening.by);
  return issue;
}

export async function headMoved(
  world: World,
  repo: Repository,
  issue: Issue,
  to: string,
  by: Account,
): Promise<void> {
  const { pull } = issue;
  if (pull === undefined) return;
  const before = pull.head.sha;
  pull.head.sha = to;
  pull.base.sha = await baseTip(repo, pull);
  issue.updatedAt = stamp();
  await keepHead(repo, issue, pull);
  await tell(world, repo, issue, pull, 'synchronize', by, { before, after: to });
}

export async function closePull(world: World, repo: Repository, issue: Issue, by: Account): Promise<void> {
  if (issue.pull === undefined || issue.state === 'closed') return;
  issue.state = 'closed';
  issue.closedAt = issue.updatedAt = stamp();
  await tell(world, repo, issue, issue.pull, 'closed', by);
}

export async function reopenPull(world: World, repo: Repository, issue: Issue, by: Account): Promise<void> {
  if (issue.pull === undefined || issue.state === 'open' || issue.pull.merged !== undefined) return;
  issue.state = 'open';
  issue.closedAt = null;
  issue.updatedAt = stamp();
  await tell(world, repo, issue, issue.pull, 'reopened', by);
}

export async function editPull(
  world: World,
  repo: Repository,
  issue: Issue,
  change: PullChange,
  by: Account,
): Promise<void> {
  const { pull } = issue;
  if (pull === undefined) return;
  const { base } = pull;
  const changes: JsonObject = {
    ...(change.title === undefined ? {} : { title: { from: issue.title } }),
    ...(change.body === undefined ? {} : { body: { from: issue.body ?? '' } }),
    ...(change.base === undefined ? {} : { base: { ref: { from: base.ref }, sha: { from: base.sha } } }),
  };
  if (change.base !== undefined) {
    base.ref = change.base;
    base.sha = await baseTip(repo, pull);
  }
  issue.title = change.title ?? issue.title;
  issue.body = change.body ?? issue.body;
  issue.updatedAt = stamp();
  await tell(world, repo, issue, pull, 'edited', by, { changes });
}

export async function setDraft(
  world: World,
  repo: Repository,
  issue: Issue,
  draft: boolean,
  by: Account,
): Promise<void> {
  if (issue.pull === undefined || issue.pull.draft === draft) return;
  issue.pull.draft = draft;
  issue.updatedAt = stamp();
  await tell(world, repo, issue, issue.pull, draft ? 'converted_to_draft' : 'ready_for_review', by);
}

/** Marks it merged; whoever calls has moved the base branch, and tells of that push afterwards. */
export async function markMerged(
  world: World,
  repo: Repository,
  issue: Issue,
  sha: string,
  base: string,
  by: Account,
): Promise<void> {
  if (issue.pull === undefined) return;
  const at = stamp();
  issue.pull.merged = { by, at, sha };
  issue.pull.base.sha = base;
  issue.state = 'closed';
  issue.closedAt = issue.updatedAt = at;
  await tell(world, repo, issue, issue.pull, 'closed', by);
}

export async function mergedByPush(
  world: World,
  repo: Repository,
  issue: Issue,
  tip: string,
  by: Account,
): Promise<void> {
  if (issue.pull !== undefined) await markMerged(world, repo, issue, tip, issue.pull.base.sha, by);
}
