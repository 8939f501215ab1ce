// Comments on a pull request: replies, and the one sticky comment that is edited in place and found by its stored id.
import type { Posts, HistoryEntry } from '../store/posts.ts';
import { statusOf } from './permissions.ts';
import { fullName, place } from './repo.ts';
import type { GithubWorld, Repo } from './repo.ts';

export async function postReply(repo: Repo, pull: number, body: string): Promise<void> {
  await repo.octokit.rest.issues.createComment({ ...place(repo), issue_number: pull, body });
}

export interface StickyPost {
  readonly pull: number;
  readonly render: (history: readonly HistoryEntry[]) => string;
  /** What a later version of the comment will say about this one. */
  readonly entry?: HistoryEntry;
}

/** Writes the sticky comment, anew when somebody deleted it. Answers with GitHub's time of it. */
export async function putSticky(
  { store, appId }: GithubWorld,
  repo: Repo,
  post: StickyPost,
): Promise<string> {
  const { pull, entry } = post;
  const known = await store.posts.readSticky(fullName(repo), pull);
  const history = (known?.history ?? []).filter((past) => past.digest !== entry?.digest);
  const body = post.render(history);
  const written = known && (await updateOwn(repo, appId, known.comment, body));
  const { id, at } = written ?? (await create(repo, pull, body));
  const kept = entry ? [entry, ...history].slice(0, MAX_HISTORY) : (known?.history ?? []);
  await store.posts.keepSticky(fullName(repo), pull, { comment: id, history: kept });
  return at;
}

/** Whether there is a sticky comment at all. */
export async function hasSticky(posts: Posts, repo: Repo, pull: number): Promise<boolean> {
  return (await posts.readSticky(fullName(repo), pull)) !== undefined;
}

const MAX_HISTORY = 50;

interface Written {
  readonly id: number;
  readonly at: string;
}

async function create(repo: Repo, pull: number, body: string): Promise<Written> {
  const { data } = await repo.octokit.rest.issues.createComment({ ...place(repo), issue_number: pull, body });
  return { id: data.id, at: data.updated_at };
}

/** undefined when the comment is gone, or is not by our App: an id from a restored store may name anybody's. */
async function updateOwn(repo: Repo, appId: number, id: number, body: string): Promise<Written | undefined> {
  try {
    const found = await repo.octokit.rest.issues.getComment({ ...place(repo), comment_id: id });
    if (found.data.performed_via_github_app?.id !== appId) return undefined;
    const { data } = await repo.octokit.rest.issues.updateComment({ ...place(repo), comment_id: id, body });
    return { id, at: data.updated_at };
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 410) return undefined;
    throw error;
  }
}
