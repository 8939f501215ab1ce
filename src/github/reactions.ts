// Reactions on the comment that asked: the first sign of life, and how it ended.
import { place } from './repo.ts';
import type { Repo } from './repo.ts';

export type Reaction = 'eyes' | 'rocket' | 'confused' | '+1';

/** A reaction is decoration: when GitHub refuses it, the work goes on. */
export async function react(repo: Repo, comment: number, content: Reaction): Promise<void> {
  try {
    await repo.octokit.rest.reactions.createForIssueComment({ ...place(repo), comment_id: comment, content });
  } catch (error) {
    repo.log.warn({ err: error }, 'the reaction was refused');
  }
}
