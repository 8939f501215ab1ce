// Comments on a pull request: replies, and the one sticky comment that is edited in place and found by its stored id.
import type { Posts, HistoryEntry } from '../store/posts.ts';
import { mayBeDone, ONCE } from './octokit.ts';
import { statusOf } from './http-status.ts';
import { place } from './repo.ts';
import type { GithubWorld, Repo } from './repo.ts';

export async function postReply(repo: Repo, pull: number, body: string): Promise<void> {
  await create(repo, pull, body);
}

export interface OnceReply {
  readonly pull: number;
  readonly body: string;
  /** A part of the body that no other reply holds. */
  readonly mark: string;
  /** What was written before is no answer to this. */
  readonly since: Date;
}

/** Who wrote it may have died before that was kept: then it is there, and is not written twice. */
export async function postReplyOnce(
  { appId }: Pick<GithubWorld, 'appId'>,
  repo: Repo,
  { pull, body, mark, since }: OnceReply,
): Promise<void> {
  const after = new Date(since.getTime() - CLOCKS_APART).toISOString();
  const { listComments } = repo.octokit.rest.issues;
  const wish = { ...place(repo), issue_number: pull, since: after, per_page: 100 };
  for (const { performed_via_github_app: app, body: text } of await repo.octokit.paginate(listComments, wish))
    if (app?.id === appId && text?.includes(mark)) return;
  await create(repo, pull, body);
}

export interface StickyPost {
  readonly pull: number;
  readonly render: (history: readonly HistoryEntry[]) => string;
  /** What a later version of the comment will say about this one. */
  readonly entry?: HistoryEntry;
}

/** Writes the sticky comment, anew when somebody deleted it. Answers with GitHub's time of it. */
export async function putSticky(world: GithubWorld, repo: Repo, post: StickyPost): Promise<string> {
  return world.turns.take(turnOf(repo, post.pull), () => put(world, repo, post));
}

export interface Altered {
  readonly pull: number;
  readonly comment: number;
  /** What it says now as a webhook tells it, null when it was deleted; our own edits are told as well. */
  readonly seen: string | null;
}

/** Writes the sticky comment again as it was when it was altered by anybody else, and leaves every other comment alone. */
export async function restoreSticky(world: GithubWorld, repo: Repo, altered: Altered): Promise<void> {
  await world.turns.take(turnOf(repo, altered.pull), async () => {
    const known = await world.store.posts.readSticky(repo.key, altered.pull);
    if (!known || known.comment !== altered.comment || known.body === null) return;
    if (known.body === altered.seen) return;
    const { body, history } = known;
    const { pull } = altered;
    const written =
      (await updateOwn(repo, world.appId, known.comment, body)) ?? (await create(repo, pull, body));
    repo.log.warn({ pull, comment: known.comment }, 'our comment was altered and is written again');
    await world.store.posts.keepSticky(repo.key, pull, {
      comment: written.id,
      body: written.body,
      history,
    });
  });
}

async function put({ store, appId }: GithubWorld, repo: Repo, post: StickyPost): Promise<string> {
  const { pull, entry } = post;
  const known = await store.posts.readSticky(repo.key, pull);
  const history = (known?.history ?? []).filter((past) => past.digest !== entry?.digest);
  const rendered = post.render(history);
  const written = known && (await updateOwn(repo, appId, known.comment, rendered));
  const { id, at, body } = written ?? (await create(repo, pull, rendered));
  const kept = entry ? [entry, ...history].slice(0, MAX_HISTORY) : (known?.history ?? []);
  await store.posts.keepSticky(repo.key, pull, { comment: id, body, history: kept });
  return at;
}

/** Whether there is a sticky comment at all. */
export async function hasSticky(posts: Posts, repo: Repo, pull: number): Promise<boolean> {
  return (await posts.readSticky(repo.key, pull)) !== undefined;
}

const MAX_HISTORY = 50;

interface Written {
  readonly id: number;
  readonly at: string;
  readonly body: string;
}

/** Two writers of one comment would each keep what the other has overwritten. */
function turnOf(repo: Repo, pull: number): string {
  return `sticky ${repo.key}#${pull}`;
}

/** When GitHub's answer is lost, the comment may be there: then it is taken, and not written twice. */
async function create(repo: Repo, pull: number, body: string): Promise<Written> {
  const wish = { ...place(repo), issue_number: pull, body };
  const begun = Date.now();
  try {
    return writtenOf((await repo.octokit.rest.issues.createComment({ ...wish, request: ONCE })).data, body);
  } catch (error) {
    if (!mayBeDone(error)) throw error;
    const since = new Date(begun - CLOCKS_APART).toISOString();
    const there = await repo.octokit.rest.issues.listComments({ ...wish, since, per_page: 100 });
    const same = there.data.find((each) => isOurs(each) && each.body?.trim() === body.trim());
    return writtenOf(
      same ?? (await repo.octokit.rest.issues.createComment({ ...wish, request: ONCE })).data,
      body,
    );
  }
}

/** GitHub's clock and ours may differ; the same words within such a time are the same comment. */
const CLOCKS_APART = 60_000;

function isOurs({ performed_via_github_app: app }: { readonly performed_via_github_app?: object | null }) {
  return app !== null && app !== undefined;
}

interface Shown {
  readonly id: number;
  readonly updated_at: string;
  readonly body?: string | undefined;
}

function writtenOf({ id, updated_at: at, body: text }: Shown, body: string): Written {
  return { id, at, body: text ?? body };
}

/** undefined when the comment is gone, or is not by our App: an id from a restored store may name anybody's. */
async function updateOwn(repo: Repo, appId: number, id: number, body: string): Promise<Written | undefined> {
  try {
    const found = await repo.octokit.rest.issues.getComment({ ...place(repo), comment_id: id });
    if (found.data.performed_via_github_app?.id !== appId) return undefined;
    if (found.data.body === body) return { id, at: found.data.updated_at, body };
    const { data } = await repo.octokit.rest.issues.updateComment({ ...place(repo), comment_id: id, body });
    return { id, at: data.updated_at, body: data.body ?? body };
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 410) return undefined;
    throw error;
  }
}
