// /rollback: a plan of an earlier commit's configuration, shown where it was asked for and confirmed as any other. There
// is no other way to write: what brings it back is /deploy with the name of that plan.
import type { Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import { renderPlanCheck } from '../render/check-run.ts';
import { PLAN_CHECK, startCheck } from './checks.ts';
import type { OpenCheck } from './checks.ts';
import { explainReasons, failCheck } from './failure.ts';
import { makePlan } from './make-plan.ts';
import { readPast } from './past.ts';
import { statusOf } from './http-status.ts';
import type { Account } from './permissions.ts';
import { readContains, readPull } from './pulls.ts';
import { place } from './repo.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { refusePlan } from './request-plan.ts';
import { reason } from './rules/request.ts';
import { showPlan } from './show-plan.ts';
import { surveyRollback } from './survey.ts';
import type { Survey } from './survey.ts';

export interface RollbackAsked {
  readonly pull: number;
  readonly account: Account;
  /** A stack, or a commit of the default branch; undefined: to what was deployed before. */
  readonly to: string | undefined;
  readonly delivery: string;
}

/** Why not; empty when the plan is shown. */
export async function planRollback(
  world: GithubWorld,
  repo: Repo,
  asked: RollbackAsked,
): Promise<readonly Reason[]> {
  const { pull, account } = asked;
  const { head } = await readPull(repo, pull);
  // What is planned was merged once: nobody has to have read what this pull request brings.
  const refused = await refusePlan(world, repo, { pull, account, commit: head });
  if (refused.length > 0) return refused;
  return world.turns.take(`${repo.key}#${pull}`, () => planNow(world, repo, asked));
}

async function planNow(world: GithubWorld, repo: Repo, asked: RollbackAsked): Promise<readonly Reason[]> {
  // The commit is not known yet; where the default branch is now is.
  const { tip } = await surveyRollback(repo, { number: asked.pull, commit: '' });
  const aim = await findAim(world, repo, { to: asked.to, tip });
  if ('code' in aim) return [aim];
  const survey = await surveyRollback(repo, { number: asked.pull, commit: aim.commit });
  const { commit } = survey;
  const check = await startCheck(world, repo, {
    name: PLAN_CHECK,
    commit,
    pull: asked.pull,
    subject: null,
    title: `Planning a rollback to ${commit.slice(0, 7)}`,
    summary: `Asked for on #${asked.pull} by \`${asked.account.login}\`.`,
  });
  try {
    return await showRollback(world, repo, { survey, aim, check });
  } catch (error) {
    await failCheck(world, check, error, asked.delivery);
    throw error;
  }
}

/** What to go back to, and what is deployed now. */
interface Aim {
  readonly commit: string;
  readonly current: string;
  readonly stack: string | undefined;
}

interface Rollback {
  readonly survey: Survey;
  readonly aim: Aim;
  readonly check: OpenCheck;
}

async function showRollback(
  world: GithubWorld,
  repo: Repo,
  { survey, aim, check }: Rollback,
): Promise<readonly Reason[]> {
  const planned = await makePlan(world, repo, {
    pull: null,
    commit: survey.commit,
    base: aim.current,
    hosts: [],
    ...(aim.stack === undefined ? {} : { stacks: [aim.stack] }),
    progress: (done, of) =>
      check.update({ title: `Looked at ${done} of ${of} hosts`, summary: 'Looking at the hosts.' }),
  });
  if (planned.is === 'plan') {
    const view = await showPlan(world, repo, survey, markRollback(planned.plan));
    const output = renderPlanCheck(view);
    await check.finish(output.conclusion ?? 'success', output, planned.plan.digest);
    return [];
  }
  const [problem] = planned.is === 'problems' ? planned.problems : [];
  const why = `the configuration of ${survey.commit.slice(0, 7)} is not valid now: ${problem?.message ?? ''}`;
  const refused = planned.is === 'refused' ? planned.reason : reason('CONFIG_INVALID', why);
  await check.finish('failure', explainReasons([refused]));
  return [refused];
}

/** Causes are no part of what a plan does, nor of its digest. */
function markRollback(plan: Plan): Plan {
  const hosts = plan.hosts.map((host) => {
    const changes = host.changes.map((change) => {
      const causes = change.causes.map((cause) => (cause === 'this-change' ? 'rollback' : cause));
      return { ...change, causes };
    });
    return { ...host, changes };
  });
  return { ...plan, hosts };
}

async function findAim(
  world: GithubWorld,
  repo: Repo,
  { to, tip }: { readonly to: string | undefined; readonly tip: string },
): Promise<Aim | Reason> {
  const named = to !== undefined && /^[0-9a-f]{7,40}$/.test(to) ? to : undefined;
  const stack = named === undefined ? to : undefined;
  const past = await readPast(world, repo, { tip, stack });
  const current = past.current ?? tip;
  if (named !== undefined) {
    const commit = await findCommit(repo, named, tip);
    return commit === undefined
      ? reason('ROLLBACK_UNKNOWN', `the default branch has no commit ${named}`)
      : { commit, current, stack };
  }
  if (past.good !== undefined) return { commit: past.good, current, stack };
  const of = stack === undefined ? '' : ` of stack ${stack}`;
  return reason('ROLLBACK_UNKNOWN', `no earlier deploy${of} with a good end is known here`);
}

/** The whole name of a commit that the default branch holds. */
async function findCommit(repo: Repo, named: string, tip: string): Promise<string | undefined> {
  try {
    const { data } = await repo.octokit.rest.repos.getCommit({ ...place(repo), ref: named });
    const { sha } = data;
    return sha.startsWith(named) && (await readContains(repo, tip, sha)) ? sha : undefined;
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 422) return undefined;
    throw error;
  }
}
