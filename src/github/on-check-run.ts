// Buttons and re-runs of our check runs. Who pressed is as little trusted as who commented, and what a check run
// stands for is looked up by its id in the store, never read from the webhook.
import type { Reason } from '../core/reason.ts';
import type { Check } from '../store/posts.ts';
import type { Run } from '../store/runs.ts';
import type { StoredPlan } from '../store/plans.ts';
import { answerOnce, outcomeOf, renderOutcome } from './answer.ts';
import type { Outcome } from './answer.ts';
import { cancelRun } from './cancel.ts';
import type { Runner } from './carry-out.ts';
import { DEPLOY_CHECK } from './checks.ts';
import { postReply } from './comments.ts';
import { planDrifted } from './drift-issue.ts';
import { reasonOf } from './failure.ts';
import type { Account } from './permissions.ts';
import { planPull } from './plan-pull.ts';
import { planPush } from './on-push.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { findRun, requestDeploy } from './request-deploy.ts';
import { refuseLook, refusePlan } from './request-plan.ts';
import { surveyPlan } from './survey.ts';

export interface Press {
  readonly checkRun: number;
  readonly appId: number | undefined;
  readonly externalId: string;
  /** The identifier of a button; undefined for GitHub's own Re-run. */
  readonly button: string | undefined;
  readonly account: Account;
  readonly delivery: string;
  /** Of all that one delivery presses, this. */
  readonly key: string;
}

export async function onPress(world: GithubWorld, runner: Runner, repo: Repo, press: Press): Promise<void> {
  const check = await world.store.posts.readCheck(repo.key, press.checkRun);
  if (!check || press.appId !== world.appId || press.externalId !== (check.subject ?? '')) {
    repo.log.warn({ check: press.checkRun }, 'a check run that is not ours, or not as we left it');
    return;
  }
  await answerPress({ world, runner, repo, press, check });
}

/** GitHub's "Re-run all checks": the newest of each of our check runs of the commit, as if each were re-run. */
export async function onSuite(
  world: GithubWorld,
  runner: Runner,
  repo: Repo,
  suite: { readonly commit: string; readonly account: Account; readonly delivery: string },
): Promise<void> {
  const { commit, account, delivery } = suite;
  for (const check of await world.store.posts.newestChecks(repo.key, commit)) {
    const shared = { checkRun: check.id, appId: world.appId, externalId: check.subject ?? '' };
    const press = { ...shared, button: undefined, account, delivery, key: `${delivery} ${check.id}` };
    await answerPress({ world, runner, repo, press, check });
  }
}

interface Course {
  readonly world: GithubWorld;
  readonly runner: Runner;
  readonly repo: Repo;
  readonly press: Press;
  readonly check: Check;
}

async function answerPress(course: Course): Promise<void> {
  const { world, repo, press, check } = course;
  try {
    // Some are of a commit that belongs to no pull request: there is no place for an answer.
    if (check.pull === null) return void say(course, await carryOutPress(course));
    const asker = { pull: check.pull, key: `press ${press.key}` };
    await answerOnce(world, repo, asker, async () => say(course, await carryOutPress(course)));
  } catch (error) {
    if (!world.patience.willRetry(press.delivery, error)) {
      const failed = say(course, outcomeOf([reasonOf(error, press.delivery)]));
      if (failed !== undefined && check.pull !== null) await postReply(repo, check.pull, failed);
      await world.store.deliveries.tell(press.delivery);
    }
    throw error;
  }
}

function say({ repo, check, press }: Course, outcome: Outcome): string | undefined {
  const by = press.account.login;
  if (check.pull === null && outcome.is === 'refused')
    repo.log.warn({ reasons: outcome.reasons, by }, 'refused, and there is no pull request to say so');
  const text = press.button === undefined ? `re-run of ${check.name}` : `button ${press.button}`;
  return renderOutcome(outcome, { text, by });
}

async function carryOutPress(course: Course): Promise<Outcome> {
  const { world, repo, press, check } = course;
  const { pull } = check;
  if (pull === null) {
    const refused = await refuseLook(world, repo, press.account);
    if (refused.length > 0) return outcomeOf(refused);
    await planPush(world, repo, { commit: check.commit, base: null, delivery: press.delivery });
    return { is: 'done' };
  }
  switch (press.button) {
    case 'plan':
      return outcomeOf(await plan(course, pull));
    case 'cancel': {
      const { account, delivery } = press;
      const asked = { pull, account, delivery, run: check.subject ?? undefined };
      return cancelRun(world, repo, asked);
    }
    case 'deploy':
    case 'retry':
      return deploy(course, pull);
    case undefined:
      return check.name === DEPLOY_CHECK ? deploy(course, pull) : outcomeOf(await plan(course, pull));
    default:
      return outcomeOf([{ code: 'COMMAND_UNKNOWN', message: `there is no button ${press.button}` }]);
  }
}

async function plan({ world, repo, press }: Course, pull: number): Promise<readonly Reason[]> {
  const stack = await world.store.drifts.stackOf(repo.key, pull);
  if (stack !== undefined) {
    return planDrifted(world, repo, { issue: pull, stack, account: press.account, hosts: [] });
  }
  const refused = await refusePlan(world, repo, { pull, account: press.account });
  if (refused.length > 0) return refused;
  const outcome = await planPull(world, repo, { pull, hosts: [], delivery: press.delivery });
  return outcome.is === 'refused' ? [outcome.reason] : [];
}

/** The check run names the digest, so pressing is as good as typing it. */
async function deploy(course: Course, pull: number): Promise<Outcome> {
  const { world, runner, repo, press, check } = course;
  const begun = await findRun(world, repo, { pull, key: press.key });
  if (begun) {
    void runner.follow(repo, begun);
    return { is: 'done' };
  }
  const run = check.subject === null ? undefined : await world.store.runs.read(check.subject);
  const digest = run?.plan ?? check.subject;
  const stored = digest === null ? undefined : await findStored(course, { pull, digest });
  if (!stored)
    return outcomeOf([
      { code: 'PLAN_UNKNOWN', message: 'the plan of this check run is not kept any more', next: '/plan' },
    ]);
  const asked = await requestDeploy(world, repo, {
    survey: await surveyPlan(world, repo, stored),
    stored,
    account: press.account,
    via: 'button',
    named: true,
    ...hostsOf(run),
    key: press.key,
    delivery: press.delivery,
  });
  if (asked.is === 'refused') return asked;
  void runner.follow(repo, asked.run);
  return { is: 'done' };
}

async function findStored(
  { world, repo, check }: Course,
  { pull, digest }: { readonly pull: number; readonly digest: string },
): Promise<StoredPlan | undefined> {
  const found = await world.store.plans.find({ repo: repo.key, pull }, digest);
  return found.find((stored) => stored.commit === check.commit);
}

/** A retry is for the hosts of the run that it stands on. */
function hostsOf(run: Run | undefined): {
  readonly only: readonly string[];
  readonly skip: readonly string[];
} {
  return { only: run?.request.only ?? [], skip: run?.request.skip ?? [] };
}
