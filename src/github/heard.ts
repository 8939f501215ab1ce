// A comment as it is on GitHub, and not as a webhook tells it: what was deleted, changed or never said is not carried out.
import type { Reason } from '../core/reason.ts';
import type { Account } from './permissions.ts';
import { statusOf } from './http-status.ts';
import { place } from './repo.ts';
import type { Repo } from './repo.ts';

export interface NewComment {
  readonly pull: number;
  readonly id: number;
  readonly body: string;
  /** GitHub's time. */
  readonly at: string;
  readonly account: Account;
  readonly delivery: string;
}

/** `comment` is as GitHub has it. changed: it is there, and not as it was told. */
export type Heard =
  | { readonly is: 'heard'; readonly comment: NewComment }
  | { readonly is: 'changed'; readonly comment: NewComment; readonly reason: Reason }
  | { readonly is: 'gone' };

export async function readHeard(repo: Repo, told: NewComment): Promise<Heard> {
  const found = await readComment(repo, told);
  if (!found) return { is: 'gone' };
  const { comment, edited } = found;
  const same =
    comment.pull === told.pull &&
    comment.body === told.body &&
    comment.account.login === told.account.login &&
    !comment.account.bot;
  if (same && !edited) return { is: 'heard', comment };
  const message = edited
    ? 'the comment was changed after it was written'
    : 'the comment is not what the webhook said of it';
  return { is: 'changed', comment, reason: { code: 'COMMENT_CHANGED', message } };
}

async function readComment(
  repo: Repo,
  { id, delivery }: NewComment,
): Promise<{ readonly comment: NewComment; readonly edited: boolean } | undefined> {
  try {
    const { data } = await repo.octokit.rest.issues.getComment({ ...place(repo), comment_id: id });
    const { body = '', created_at: at, updated_at: changed, user, issue_url: issue } = data;
    const account = { login: user?.login ?? 'ghost', bot: user?.type !== 'User' };
    const pull = Number(issue.slice(issue.lastIndexOf('/') + 1));
    return { comment: { pull, id, body, at, account, delivery }, edited: changed !== at };
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 410) return undefined;
    throw error;
  }
}
