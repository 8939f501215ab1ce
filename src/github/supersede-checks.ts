// Plans that newer commits of their pull request have overtaken: their check runs say so and lose their buttons, for who
// comes to one by a link must not take it for what would be deployed.
import { PLAN_CHECK, openCheck } from './checks.ts';
import type { CheckOutput } from './checks.ts';
import { statusOf } from './http-status.ts';
import { recoverOvertaken } from './recover-checks.ts';
import type { GithubWorld, Repo } from './repo.ts';

/** `commit` is the newest. One that GitHub does not take now is left for the next commit; planning goes on. */
export async function supersedeChecks(
  world: GithubWorld,
  repo: Repo,
  { pull, commit }: { readonly pull: number; readonly commit: string },
): Promise<void> {
  const { posts } = world.store;
  await recoverOvertaken(world, repo, { pull, commit });
  for (const { id, commit: old } of await posts.overtaken({
    repo: repo.key,
    name: PLAN_CHECK,
    pull,
    commit,
  })) {
    try {
      await openCheck(world, repo, { id, url: '' }).finish('neutral', wordsOf(pull, old, commit));
    } catch (error) {
      repo.log.warn({ err: error, check: id }, 'a check run could not be marked as superseded');
      // What is gone needs no mark.
      if (statusOf(error) !== 404) continue;
    }
    await posts.supersede(repo.key, id, commit);
  }
}

function wordsOf(pull: number, old: string, commit: string): CheckOutput {
  const newer = commit.slice(0, 7);
  return {
    title: `Superseded by ${newer}`,
    summary: `#${pull} has moved from ${old.slice(0, 7)} on to ${newer}. What was planned for ${old.slice(0, 7)} is deployed no more (\`PLAN_SUPERSEDED\`); the check run and the comment of ${newer} say what holds now.`,
    actions: [],
  };
}
