// Shows a plan on its pull request: kept in the store, in the sticky comment, and as the view for a check run.
import { countChanges } from '../core/plan.ts';
import type { Plan } from '../core/plan.ts';
import type { Problem, Where } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import { renderPlanComment, renderProblems } from '../render/comment.ts';
import type { PlanView } from '../render/verdict.ts';
import { findBlockers } from './authorize.ts';
import { putSticky } from './comments.ts';
import { readNotices } from './notices.ts';
import { readRollbackNotices } from './past.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { readDone } from './shown.ts';
import { readPlanState, readStanding } from './standing.ts';
import { readBindingPolicy, surveyPlan } from './survey.ts';
import type { Survey } from './survey.ts';

/** Keeps and shows a plan as the newest of its pull request, and answers with what was shown. */
export async function showPlan(
  world: GithubWorld,
  repo: Repo,
  survey: Survey,
  plan: Plan,
): Promise<PlanView> {
  const where = { repo: repo.key, pull: survey.pull.number };
  await world.store.plans.put(where, plan, survey.rollback ? survey.base : undefined);
  const view = await viewPlan(world, repo, survey, plan);
  const changes = countChanges(plan);
  const note = `${changes} ${changes === 1 ? 'change' : 'changes'} for commit ${plan.commit.slice(0, 7)}`;
  const shownAt = await putSticky(world, repo, {
    pull: where.pull,
    render: (history) => renderPlanComment({ ...view, history }),
    entry: { digest: plan.digest, at: plan.at, note },
  });
  await world.store.plans.show(where, plan, shownAt);
  return view;
}

export async function showProblems(
  world: GithubWorld,
  repo: Repo,
  survey: Survey,
  problems: readonly Problem[],
): Promise<void> {
  const { number } = survey.pull;
  await world.store.plans.supersede({ repo: repo.key, pull: number }, null);
  const link = linkTo(survey);
  await putSticky(world, repo, { pull: number, render: () => renderProblems(problems, link) });
}

export interface Deployed {
  readonly pull: number;
  /** What became of the plan. */
  readonly words: string;
}

/** What became of a plan, and below it what is left to deploy: the rest of it, or a newer one. */
export async function showDeployed(world: GithubWorld, repo: Repo, { pull, words }: Deployed): Promise<void> {
  const current = await world.store.plans.current({ repo: repo.key, pull });
  const done = current ? await readDone(world, repo, current) : [];
  const left = current?.plan.hosts.some((host) => host.changes.length > 0 && !done.includes(host.host));
  const shown = left ? current : undefined;
  const view = shown && (await viewPlan(world, repo, await surveyPlan(world, repo, shown), shown.plan));
  await putSticky(world, repo, {
    pull,
    render: (history) => {
      if (!view) return words;
      const past = history.filter((entry) => entry.digest !== view.plan.digest);
      const both = `${words}\n\n---\n\n${renderPlanComment({ ...view, history: past })}`;
      return both.length <= MAX_COMMENT ? both : words;
    },
  });
}

/** GitHub takes 65,536 characters. */
const MAX_COMMENT = 65_000;

/** Gives the address of a line at the commit of the plan. */
export function linkTo({ pull, commit }: Pick<Survey, 'pull' | 'commit'>): (where: Where) => string {
  return ({ file, line }) =>
    `${pull.site}/blob/${commit}/${file.split('/').map(encodeURIComponent).join('/')}#L${line}`;
}

async function viewPlan(world: GithubWorld, repo: Repo, survey: Survey, plan: Plan): Promise<PlanView> {
  const read = await readBindingPolicy(world, repo, survey);
  const shared = {
    plan,
    commit: survey.commit,
    base: survey.base,
    merged: survey.pull.state === 'merged',
    rollback: survey.rollback === true,
    drifted: survey.drifted !== undefined,
    link: linkTo(survey),
    notices: survey.rollback
      ? await readRollbackNotices(world, repo, survey)
      : await readNotices(world, repo, survey),
  };
  if ('reason' in read) return { ...shared, mode: 'merge', blockers: [{ reason: read.reason }] };
  const standing = await readStanding(world, repo, survey, read.policy);
  const stored = await world.store.plans.find({ repo: repo.key, pull: survey.pull.number }, plan.digest);
  const newest = stored.find(({ commit }) => commit === plan.commit);
  if (!newest) throw new Error(`the store lost plan ${plan.digest}`);
  const state = await readPlanState(world, repo, survey, newest);
  const reasons: readonly Reason[] = findBlockers(standing, state);
  const blockers = reasons.map((reason) => ({ reason }));
  return { ...shared, mode: read.policy.on, blockers, token: state.token };
}
