// What a merge brings about: at the merge commit the plan is made anew, and when it is the one that was reviewed, it is
// carried out. Anything else is said on the pull request with the command that goes on from there.
import { countChanges, isComplete, shortDigest } from '../core/plan.ts';
import type { Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import { renderPlanCheck, renderProblemsCheck } from '../render/check-run.ts';
import { renderRefusal } from '../render/comment.ts';
import type { StoredPlan } from '../store/plans.ts';
import { answerOnce, isAnswered } from './answer.ts';
import type { Asker } from './answer.ts';
import type { Requirement } from './authorize.ts';
import type { Runner } from './carry-out.ts';
import { DEPLOY_CHECK, hasEnded, startCheck } from './checks.ts';
import type { CheckOutput, Conclusion, OpenCheck } from './checks.ts';
import { explainReasons, failCheck } from './failure.ts';
import { makePlan } from './make-plan.ts';
import type { Account } from './permissions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { findRun, requestDeploy } from './request-deploy.ts';
import { linkTo, showPlan, showProblems } from './show-plan.ts';
import { readPolicy, surveyPull } from './survey.ts';
import type { Survey } from './survey.ts';
import { waitTurn } from './wait-turn.ts';

export interface Merged {
  readonly pull: number;
  readonly delivery: string;
}

/** A pull request is merged once. */
const MERGE = 'merge';

/** Resolves when the deploy has ended, so that the next merge of the branch begins on what this one left. */
export async function deployMerge(
  world: GithubWorld,
  runner: Runner,
  repo: Repo,
  merged: Merged,
): Promise<void> {
  const begun = await findRun(world, repo, { pull: merged.pull, key: MERGE });
  if (begun) return world.rest(merged.delivery, () => runner.follow(repo, begun));
  const survey = await surveyPull(repo, merged.pull);
  const { pull, commit } = survey;
  if (pull.state !== 'merged' || !survey.touched || pull.base !== pull.defaultBranch) return;
  // The webhook, its copy and the look for what was missed may all come to the same merge.
  const place = { repo: repo.key, pull: pull.number };
  if (await hasEnded(repo, world.appId, commit, DEPLOY_CHECK)) {
    // A server may have died between the two.
    await world.store.waits.end(place);
    return;
  }
  const shown = await world.store.plans.lastShown(place, pull.head);
  await world.store.plans.supersede(place, commit);
  const read = await readPolicy(world, repo, survey.base);
  const check = await startCheck(world, repo, {
    name: DEPLOY_CHECK,
    commit,
    pull: pull.number,
    subject: null,
    title: 'Planning the merge',
    summary: `The plan is made anew at the merge commit ${commit.slice(0, 7)}.`,
  });
  try {
    const until = new Date(world.now().getTime() + TURN_WITHIN);
    const course = { world, runner, repo, survey, check, merged, shown, until };
    if ('reason' in read) await stop(course, [read.reason], explainReasons([read.reason]));
    else await planAndDeploy(course, read.policy.on !== 'comment');
    await world.store.waits.end(place);
  } catch (error) {
    await failCheck(world, check, error, merged.delivery);
    throw error;
  }
}

/** Milliseconds. Nobody sits before a merge; longer than that is for a person to decide. */
const TURN_WITHIN = 30 * 60_000;

interface Course {
  readonly world: GithubWorld;
  readonly runner: Runner;
  readonly repo: Repo;
  readonly survey: Survey;
  readonly check: OpenCheck;
  readonly merged: Merged;
  /** Waits until then for hosts that another deploy holds. */
  readonly until: Date;
  /** What was reviewed. */
  readonly shown: StoredPlan | undefined;
}

async function planAndDeploy(course: Course, deploys: boolean): Promise<void> {
  const { world, repo, survey, check } = course;
  const { commit, base, pull } = survey;
  const planned = await makePlan(world, repo, { pull: pull.number, commit, base, hosts: [] });
  switch (planned.is) {
    case 'problems':
      await showProblems(world, repo, survey, planned.problems);
      return check.finish('failure', renderProblemsCheck(planned.problems, linkTo(survey)));
    case 'refused':
      return stop(course, [planned.reason], explainReasons([planned.reason]));
    case 'plan': {
      const view = await showPlan(world, repo, survey, planned.plan);
      const output = renderPlanCheck(view);
      if (isComplete(planned.plan) && countChanges(planned.plan) === 0)
        return check.finish('success', output);
      // Policy leaves it to a command: there is a plan, and it waits for somebody.
      if (!deploys) return finishPlan(course, 'action_required', output, planned.plan);
      return deployOrAsk(course, planned.plan, output);
    }
    default:
      return planned satisfies never;
  }
}

async function deployOrAsk(course: Course, plan: Plan, output: CheckOutput): Promise<void> {
  const { world, runner, repo, survey, check } = course;
  const stored = await world.store.plans.current({ repo: repo.key, pull: survey.pull.number });
  if (stored?.plan.digest !== plan.digest) throw new Error(`the store lost plan ${plan.digest}`);
  // What was said of it holds, also where something has changed since that a server died over it.
  if (await isAnswered(world, repo, askerOf(course))) return stop(course, [], output, plan);
  // A merge that waited before a restart, behind others, or until a moment ago, may have been cancelled since.
  const cancelled = await refuseCancelled(course);
  if (cancelled.length > 0) return stop(course, cancelled, output, plan);
  const changed = refuseChanged(course, plan);
  if (changed.length > 0) return stop(course, changed, output, plan);
  const asked = await requestDeploy(world, repo, {
    survey,
    stored,
    account: mergerOf(survey),
    via: 'merge',
    named: false,
    only: [],
    skip: [],
    key: MERGE,
    delivery: course.merged.delivery,
    check: { id: check.id, url: check.url },
  });
  if (asked.is === 'accepted') {
    const by = await world.store.waits.end({ repo: repo.key, pull: survey.pull.number });
    if (by !== undefined) await world.store.cancels.ask(asked.run.id, by);
    return world.rest(course.merged.delivery, () => runner.follow(repo, asked.run));
  }
  const busy = asked.reasons.every(({ code }) => code === 'HOST_BUSY');
  if (!busy || world.now() >= course.until)
    return stop(course, asked.reasons, output, plan, asked.requirements);
  const waiting = { pull: survey.pull.number, by: mergerOf(survey).login, check, until: course.until };
  const { delivery } = course.merged;
  await world.rest(delivery, () => waitTurn(world, repo, { ...waiting, reasons: asked.reasons }));
  const since = await refuseCancelled(course);
  if (since.length > 0) return stop(course, since, output, plan);
  // The other deploy may have changed what is there: what was reviewed must be what is planned now.
  return planAndDeploy(course, true);
}

async function refuseCancelled({ world, repo, survey }: Course): Promise<readonly Reason[]> {
  const waits = await world.store.waits.read({ repo: repo.key, pull: survey.pull.number });
  if (waits?.cancelBy === undefined) return [];
  const message = `the merge waited for its turn, and ${waits.cancelBy} ended that; nothing of it was begun`;
  return [{ code: 'RUN_CANCELLED', message, next: '`/deploy <plan>` deploys it after all.' }];
}

/** A merge that nobody is named for is nobody's wish to deploy. */
function mergerOf({ pull }: Survey): Account {
  return pull.mergedBy ?? { login: 'an unknown account', bot: true };
}

function refuseChanged({ shown }: Course, plan: Plan): readonly Reason[] {
  if (shown?.plan.digest === plan.digest) return [];
  const message = shown
    ? `plan ${shortDigest(shown.plan.digest)} was shown before the merge; now it is ${shortDigest(plan.digest)}`
    : `no plan was shown for the commit that was merged; it is ${shortDigest(plan.digest)}`;
  return [
    {
      code: 'PLAN_CHANGED',
      message,
      next: `Look at the new plan and comment \`/deploy ${shortDigest(plan.digest)}\``,
    },
  ];
}

async function stop(
  course: Course,
  reasons: readonly Reason[],
  output: CheckOutput,
  plan?: Plan,
  requirements: readonly Requirement[] = [],
): Promise<void> {
  const { world, repo, survey } = course;
  const { login } = mergerOf(survey);
  const request = { text: 'the merge', by: login, requirements, ...(plan ? { plan: plan.digest } : {}) };
  // Before the end of the check run, behind which nobody looks at the merge again.
  await answerOnce(world, repo, askerOf(course), async () => renderRefusal(reasons, request));
  await finishPlan(course, 'action_required', output, plan);
}

/** By its commit: the webhook, its copy and the look for what was missed are one wish. */
function askerOf({ survey }: Course): Asker {
  return { pull: survey.pull.number, key: `merge ${survey.commit}` };
}

/** The check run stays about the plan: its buttons then stand for that plan. */
async function finishPlan(
  { check }: Course,
  conclusion: Conclusion,
  output: CheckOutput,
  plan?: Plan,
): Promise<void> {
  await check.finish(conclusion, output, plan?.digest);
}
