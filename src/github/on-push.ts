// A push to the default branch past any pull request: shown as a plan on its commit, and never deployed by itself.
import { renderPlanCheck, renderProblemsCheck } from '../render/check-run.ts';
import { PLAN_CHECK, startCheck } from './checks.ts';
import type { OpenCheck } from './checks.ts';
import { readSubtree } from './contents.ts';
import { explainReasons, failCheck } from './failure.ts';
import { makePlan } from './make-plan.ts';
import { readContains, readDefaultBranch, readParents, readPullsOf, readTip } from './pulls.ts';
import type { GithubWorld, Repo } from './repo.ts';

export interface Push {
  readonly before: string;
  readonly after: string;
  readonly delivery: string;
}

export async function onPush(
  world: GithubWorld,
  repo: Repo,
  { before, after, delivery }: Push,
): Promise<void> {
  const known = !/^0+$/.test(before);
  const [old, fresh] = await Promise.all([
    known ? readSubtree(repo, before) : undefined,
    readSubtree(repo, after),
  ]);
  if (old === fresh) return;
  if (!(await isDefault(repo, after)))
    return repo.log.warn({ after }, 'a push that is not on the default branch');
  if ((await readPullsOf(repo, after)).some((pull) => pull.merged)) return;
  await planPush(world, repo, { commit: after, base: known ? before : null, delivery });
}

/** The webhook says so; whether it is so, GitHub knows. */
async function isDefault(repo: Repo, commit: string): Promise<boolean> {
  const tip = await readTip(repo, await readDefaultBranch(repo));
  return tip === commit || (await readContains(repo, tip, commit));
}

export interface PushPlan {
  readonly commit: string;
  /** null: its first parent. */
  readonly base: string | null;
  readonly delivery: string;
}

export async function planPush(
  world: GithubWorld,
  repo: Repo,
  { commit, base, delivery }: PushPlan,
): Promise<void> {
  const check = await startCheck(world, repo, {
    name: PLAN_CHECK,
    commit,
    pull: null,
    subject: null,
    title: 'Looking at the hosts',
    summary: WAY_FORWARD,
  });
  try {
    const against = base ?? (await readParents(repo, commit))[0] ?? commit;
    await planCommit(world, repo, { commit, against, check });
  } catch (error) {
    await failCheck(world, check, error, delivery);
    throw error;
  }
}

const WAY_FORWARD =
  'This commit was pushed past any pull request, so **nothing is deployed by it**. To deploy it, open a pull request that changes the same stack: its plan lists this as merged but never deployed. Or carry it out from a checkout with `ashore plan` and `ashore deploy`.';

interface CommitPlan {
  readonly commit: string;
  readonly against: string;
  readonly check: OpenCheck;
}

async function planCommit(
  world: GithubWorld,
  repo: Repo,
  { commit, against, check }: CommitPlan,
): Promise<void> {
  const planned = await makePlan(world, repo, { pull: null, commit, base: against, hosts: [] });
  switch (planned.is) {
    case 'problems':
      return check.finish('failure', renderProblemsCheck(planned.problems));
    case 'refused':
      return check.finish('failure', explainReasons([planned.reason]));
    case 'plan': {
      // Before a merge and by merge only: so the view offers no command, for there is no pull request to type it in.
      const view = { plan: planned.plan, blockers: [], mode: 'merge', commit, base: against } as const;
      const output = renderPlanCheck(view);
      const shown = { ...output, summary: `${WAY_FORWARD}\n\n${output.summary}`, actions: [] };
      return check.finish('neutral', shown, planned.plan.digest);
    }
    default:
      return planned satisfies never;
  }
}
