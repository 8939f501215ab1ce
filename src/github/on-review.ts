// A review that came or went: what stands between the plan and its deploy is shown anew. No host is asked.
import { renderPlanCheck } from '../render/check-run.ts';
import { PLAN_CHECK, startCheck } from './checks.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { asksForReviews } from './rules/approvals.ts';
import { showPlan } from './show-plan.ts';
import { readBindingPolicy, surveyPlan } from './survey.ts';

export interface ReviewEvent {
  readonly pull: number;
}

export async function onReview(world: GithubWorld, repo: Repo, { pull: number }: ReviewEvent): Promise<void> {
  const place = { repo: repo.key, pull: number };
  await world.turns.take(`${place.repo}#${number}`, async () => {
    const known = await world.store.plans.current(place);
    if (!known) return;
    const survey = await surveyPlan(world, repo, known);
    const read = await readBindingPolicy(world, repo, survey);
    if (known.commit !== survey.commit || 'reason' in read || !asksForReviews(read.policy)) return;
    const { commit } = survey;
    const view = await showPlan(world, repo, survey, known.plan);
    const output = renderPlanCheck(view);
    const { title, summary } = output;
    const start = {
      name: PLAN_CHECK,
      commit,
      pull: number,
      subject: known.plan.digest,
      title,
      summary,
    } as const;
    const check = await startCheck(world, repo, start);
    await check.finish(output.conclusion ?? 'success', output);
  });
}
