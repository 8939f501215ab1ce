// The answer to a comment, a button or a merge. It is decided once and said once: what was decided is kept before it is
// posted, so that a delivery that is handled again neither finds its own work in its way nor says it a second time.
import type { Reason } from '../core/reason.ts';
import { sha256 } from '../core/json.ts';
import { renderRefusal } from '../render/comment.ts';
import type { Request } from '../render/comment.ts';
import type { Requirement } from './authorize.ts';
import { postReply, postReplyOnce } from './comments.ts';
import type { GithubWorld, Repo } from './repo.ts';

/** What became of what was asked for. */
export type Outcome =
  /** It is under way, or is seen elsewhere. */
  | { readonly is: 'done' }
  | { readonly is: 'reply'; readonly body: string }
  | {
      readonly is: 'refused';
      readonly reasons: readonly Reason[];
      /** All that was asked for, met or not, where it came to that. */
      readonly requirements?: readonly Requirement[];
    };

/** Done where nothing speaks against it. */
export function outcomeOf(reasons: readonly Reason[]): Outcome {
  return reasons.length === 0 ? { is: 'done' } : { is: 'refused', reasons };
}

export function renderOutcome(outcome: Outcome, request: Request): string | undefined {
  switch (outcome.is) {
    case 'done':
      return undefined;
    case 'reply':
      return outcome.body;
    case 'refused': {
      const { reasons, requirements } = outcome;
      return renderRefusal(reasons, { ...request, ...(requirements ? { requirements } : {}) });
    }
    default:
      return outcome satisfies never;
  }
}

export interface Asker {
  readonly pull: number;
  /** Of all that is asked in the repository, this. */
  readonly key: string;
}

/** `decide`: undefined where nothing has to be said. */
export async function answerOnce(
  world: GithubWorld,
  repo: Repo,
  { pull, key }: Asker,
  decide: () => Promise<string | undefined>,
): Promise<void> {
  const { answers } = world.store;
  const name = nameOf(repo, key);
  const kept = await answers.read(name);
  const mark = `<!-- ashore ${sha256(name).slice(0, 24)} -->`;
  if (kept) return postReplyOnce(world, repo, { pull, body: kept.body, mark, since: new Date(kept.at) });
  const words = await decide();
  if (words === undefined) return;
  const body = `${words}\n\n${mark}`;
  await answers.keep(name, body);
  await postReply(repo, pull, body);
}

/** Whether it was decided already. */
export async function isAnswered({ store }: GithubWorld, repo: Repo, { key }: Asker): Promise<boolean> {
  return (await store.answers.read(nameOf(repo, key))) !== undefined;
}

function nameOf(repo: Repo, key: string): string {
  return `${repo.key} ${key}`;
}
