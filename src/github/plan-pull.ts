// The workflow that plans a pull request: sign of life, look, comment, check run. Hosts are only read.
import type { ParsedConfig } from '../core/resource.ts';
import type { Reason } from '../core/reason.ts';
import { renderPlanCheck, renderProblemsCheck } from '../render/check-run.ts';
import { PLAN_CHECK, startCheck } from './checks.ts';
import type { OpenCheck } from './checks.ts';
import { hasSticky, putSticky } from './comments.ts';
import { readFiles } from './contents.ts';
import { explainReasons, failCheck } from './failure.ts';
import { makePlan } from './make-plan.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { linkTo, showPlan, showProblems } from './show-plan.ts';
import { supersedeChecks } from './supersede-checks.ts';
import { filesOf, surveyPull } from './survey.ts';
import type { Survey } from './survey.ts';

export interface PlanAsk {
  readonly pull: number;
  /** Only these are looked at; all when empty. */
  readonly hosts: readonly string[];
  /** Exactly this commit was named by somebody who may: of a fork, nothing else is planned. */
  readonly commit?: string;
  /** Id of the delivery that asked. */
  readonly delivery: string;
}

/** nothing: the pull request does not touch what Ashore deploys. */
export type PlanOutcome =
  | { readonly is: 'nothing' }
  | { readonly is: 'shown' }
  | { readonly is: 'refused'; readonly reason: Reason };

export async function planPull(world: GithubWorld, repo: Repo, ask: PlanAsk): Promise<PlanOutcome> {
  return world.turns.take(`${repo.key}#${ask.pull}`, () => planNow(world, repo, ask));
}

async function planNow(world: GithubWorld, repo: Repo, ask: PlanAsk): Promise<PlanOutcome> {
  const survey = await surveyPull(repo, ask.pull);
  const { pull, commit } = survey;
  await world.store.plans.supersede({ repo: repo.key, pull: ask.pull }, commit);
  if (!survey.touched) return withdraw(world, repo, survey);
  if (pull.state === 'closed' || pull.base !== pull.defaultBranch) return { is: 'nothing' };
  const check = await startCheck(world, repo, {
    name: PLAN_CHECK,
    commit,
    pull: pull.number,
    subject: null,
    title: 'Looking at the hosts',
    summary: `Planning commit ${commit.slice(0, 7)} against ${survey.base.slice(0, 7)}.`,
  });
  if (pull.state === 'open') await supersedeChecks(world, repo, { pull: pull.number, commit });
  try {
    return pull.fork && pull.state !== 'merged' && ask.commit !== commit
      ? await validateFork(world, repo, survey, check)
      : await planTouched(world, repo, { ask, survey, check });
  } catch (error) {
    await failCheck(world, check, error, ask.delivery);
    throw error;
  }
}

/** The commits that touched it are gone again: what was shown must not stay as if it held. */
async function withdraw(world: GithubWorld, repo: Repo, { pull, commit }: Survey): Promise<PlanOutcome> {
  if (pull.state === 'open') await supersedeChecks(world, repo, { pull: pull.number, commit });
  await world.store.plans.supersede({ repo: repo.key, pull: pull.number }, null);
  if (await hasSticky(world.store.posts, repo, pull.number)) {
    const words =
      'This pull request no longer changes anything below `deploy-configs/`. There is nothing to deploy.';
    await putSticky(world, repo, { pull: pull.number, render: () => words });
  }
  return { is: 'nothing' };
}

interface Touched {
  readonly ask: PlanAsk;
  readonly survey: Survey;
  readonly check: OpenCheck;
}

async function planTouched(
  world: GithubWorld,
  repo: Repo,
  { ask, survey, check }: Touched,
): Promise<PlanOutcome> {
  const { pull, commit, base } = survey;
  const planned = await makePlan(world, repo, {
    pull: pull.number,
    commit,
    base,
    hosts: ask.hosts,
    cautious: pull.state !== 'merged' && ask.commit !== commit,
    progress: (done, of) =>
      check.update({ title: `Looked at ${done} of ${of} hosts`, summary: 'Looking at the hosts.' }),
  });
  switch (planned.is) {
    case 'plan': {
      const view = await showPlan(world, repo, survey, planned.plan);
      const output = renderPlanCheck(view);
      await check.finish(output.conclusion ?? 'success', output, planned.plan.digest);
      return { is: 'shown' };
    }
    case 'problems':
      await showProblems(world, repo, survey, planned.problems);
      await check.finish('failure', renderProblemsCheck(planned.problems, linkTo(survey)));
      return { is: 'shown' };
    case 'refused':
      await check.finish('failure', explainReasons([planned.reason]));
      return { is: 'refused', reason: planned.reason };
    default:
      return planned satisfies never;
  }
}

/** Pull requests from forks: the configuration is checked, and no host is contacted for a stranger. */
async function validateFork(
  world: GithubWorld,
  repo: Repo,
  survey: Survey,
  check: OpenCheck,
): Promise<PlanOutcome> {
  const read = await readFiles(repo, survey.commit);
  if (read.is === 'refused') {
    await check.finish('failure', explainReasons([read.reason]));
    return { is: 'refused', reason: read.reason };
  }
  const parsed: ParsedConfig = world.validate(filesOf(read));
  if ('problems' in parsed) {
    await check.finish('failure', renderProblemsCheck(parsed.problems, linkTo(survey)));
    return { is: 'shown' };
  }
  const command = `/plan ${survey.commit.slice(0, 12)}`;
  const reason: Reason = {
    code: 'FORK_STATIC_ONLY',
    message: 'the configuration is valid; no host was contacted',
    next: `Read the change; then somebody with write comments \`${command}\`.`,
  };
  await putSticky(world, repo, { pull: survey.pull.number, render: () => explainReasons([reason]).summary });
  await check.finish('neutral', explainReasons([reason]));
  return { is: 'shown' };
}
