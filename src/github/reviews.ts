// The reviews of a pull request, all pages of them, each with what its author may do here.
import type { Review } from './authorize.ts';
import { readRole } from './permissions.ts';
import { place } from './repo.ts';
import type { Repo } from './repo.ts';

/** Reviews that say yes or no; mere comments do not change what a reviewer has said before. */
export async function readReviews(repo: Repo, pull: number): Promise<readonly Review[]> {
  const given = await repo.octokit.paginate(repo.octokit.rest.pulls.listReviews, {
    ...place(repo),
    pull_number: pull,
    per_page: 100,
  });
  const deciding = given.flatMap((review) => {
    const state = stateOf(review.state);
    if (!state || !review.user || review.user.type === 'Bot') return [];
    return [{ by: review.user.login, state, commit: review.commit_id ?? '', at: review.submitted_at ?? '' }];
  });
  const logins = [...new Set(deciding.map((review) => review.by))];
  const roles = new Map(
    await Promise.all(logins.map(async (login) => [login, await readRole(repo, login)] as const)),
  );
  return deciding.map((review) => ({ ...review, role: roles.get(review.by) ?? 'none' }));
}

function stateOf(state: string): Review['state'] | undefined {
  switch (state) {
    case 'APPROVED':
      return 'approved';
    case 'CHANGES_REQUESTED':
      return 'changes-requested';
    case 'DISMISSED':
      return 'dismissed';
    default:
      return undefined;
  }
}
