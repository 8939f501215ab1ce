// A comment on a pull request, or on the issue of a stack that drifted: a command is answered by a reaction at once, then by the work, or by a refusal.
import type { Reason } from '../core/reason.ts';
import { renderHelp } from '../render/comment.ts';
import { renderDriftReply } from '../render/drift.ts';
import type { StoredPlan } from '../store/plans.ts';
import { answerOnce, outcomeOf, renderOutcome } from './answer.ts';
import type { Outcome } from './answer.ts';
import { cancelRun } from './cancel.ts';
import type { Runner } from './carry-out.ts';
import { COMMANDS, parseComment } from './command.ts';
import type { Command, ParsedComment } from './command.ts';
import { postReply } from './comments.ts';
import { putDriftIssues } from './drift.ts';
import { planDrifted } from './drift-issue.ts';
import { reasonOf } from './failure.ts';
import { readHeard } from './heard.ts';
import type { Heard, NewComment } from './heard.ts';
import { planPull } from './plan-pull.ts';
import { readPull } from './pulls.ts';
import { react } from './reactions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { findRun, requestDeploy } from './request-deploy.ts';
import { refusePlan } from './request-plan.ts';
import { showLook } from './show-look.ts';
import { showStatus } from './status.ts';
import { stopDeploys } from './stop-deploys.ts';
import { planRollback } from './rollback.ts';
import { surveyPlan } from './survey.ts';

export async function onComment(
  world: GithubWorld,
  runner: Runner,
  repo: Repo,
  told: NewComment,
): Promise<void> {
  if (told.account.bot) return;
  const parsed = parseComment(told.body);
  if (parsed.is === 'nothing') return;
  const heard = await readHeard(repo, told);
  if (heard.is === 'gone')
    return repo.log.warn({ comment: told.id }, 'a command was deleted before it was heard');
  const { comment } = heard;
  if (!(await world.store.commands.claim(repo.key, comment.id, comment.delivery)))
    return repo.log.warn({ comment: comment.id }, 'a command that was heard already came under another id');
  await react(repo, comment.id, 'eyes');
  const course = { world, runner, repo, comment };
  const say = async (outcome: Outcome): Promise<string | undefined> => {
    if (outcome.is === 'refused') await react(repo, comment.id, 'confused');
    return renderOutcome(outcome, { text: parsed.text, by: comment.account.login });
  };
  try {
    const asker = { pull: comment.pull, key: `comment ${comment.id}` };
    await answerOnce(world, repo, asker, async () => say(await decide(course, heard, parsed)));
  } catch (error) {
    if (!world.patience.willRetry(comment.delivery, error)) {
      // It is no answer that holds: who sends the delivery again wants another.
      const failed = await say(outcomeOf([reasonOf(error, comment.delivery)]));
      if (failed !== undefined) await postReply(repo, comment.pull, failed);
      await world.store.deliveries.tell(comment.delivery);
    }
    throw error;
  }
}

async function decide(
  course: Course,
  heard: Exclude<Heard, { is: 'gone' }>,
  parsed: Exclude<ParsedComment, { is: 'nothing' }>,
): Promise<Outcome> {
  const { world, comment } = course;
  if (heard.is === 'changed') return outcomeOf([heard.reason]);
  // What was carried out once is not remembered for ever.
  if (world.now().getTime() - Date.parse(comment.at) > HEARD_WITHIN) return outcomeOf([OLD]);
  return parsed.is === 'refused' ? outcomeOf([parsed.reason]) : carryOutCommand(course, parsed.command);
}

/** Milliseconds: far less than commands are remembered for. */
const HEARD_WITHIN = 90 * 24 * 60 * 60_000;

const OLD: Reason = {
  code: 'COMMAND_INVALID',
  message: 'the comment is older than 90 days',
  next: 'Write the command in a new comment.',
};

interface Course {
  readonly world: GithubWorld;
  readonly runner: Runner;
  readonly repo: Repo;
  readonly comment: NewComment;
}

async function carryOutCommand(course: Course, command: Command): Promise<Outcome> {
  switch (command.is) {
    case 'help':
      return { is: 'reply', body: renderHelp(COMMANDS) };
    case 'plan':
      return plan(course, command);
    case 'deploy':
      return deploy(course, command);
    case 'drift':
      return drift(course, command.hosts);
    case 'status':
      return status(course, command.hosts);
    case 'rollback':
      return rollback(course, command.to);
    case 'cancel':
      return cancel(course, command.run);
    case 'freeze':
    case 'hold':
    case 'unfreeze':
    case 'release':
      return stopDeploys(course, command);
    default:
      return command satisfies never;
  }
}

async function rollback({ world, repo, comment }: Course, to: string | undefined): Promise<Outcome> {
  const { pull, account, delivery } = comment;
  if ((await world.store.drifts.stackOf(repo.key, pull)) !== undefined) return outcomeOf([NO_ROLLBACK]);
  return thumbsUp(repo, comment, outcomeOf(await planRollback(world, repo, { pull, account, to, delivery })));
}

async function status({ world, repo, comment }: Course, hosts: readonly string[]): Promise<Outcome> {
  return thumbsUp(repo, comment, await showStatus(world, repo, { account: comment.account, hosts }));
}

async function cancel({ world, repo, comment }: Course, run: string | undefined): Promise<Outcome> {
  const { pull, account, delivery } = comment;
  return cancelRun(world, repo, { pull, account, delivery, run });
}

async function plan(course: Course, command: Extract<Command, { is: 'plan' }>): Promise<Outcome> {
  const { world, repo, comment } = course;
  const stack = await world.store.drifts.stackOf(repo.key, comment.pull);
  if (stack !== undefined) return planIssue(course, stack, command.hosts);
  const { head } = await readPull(repo, comment.pull);
  const commit = command.commit !== undefined && head.startsWith(command.commit) ? head : undefined;
  const { pull, delivery } = comment;
  const refused = await refusePlan(world, repo, { pull, account: comment.account, commit });
  if (refused.length > 0) return outcomeOf(refused);
  const hosts = commit === undefined ? command.hosts : [];
  const outcome = await planPull(world, repo, { pull, hosts, delivery, ...(commit ? { commit } : {}) });
  switch (outcome.is) {
    case 'shown':
      return thumbsUp(repo, comment, { is: 'done' });
    case 'refused':
      return outcomeOf([outcome.reason]);
    case 'nothing':
      return outcomeOf([UNTOUCHED]);
    default:
      return outcome satisfies never;
  }
}

async function planIssue(
  { world, repo, comment }: Course,
  stack: string,
  hosts: readonly string[],
): Promise<Outcome> {
  const { pull: issue, account } = comment;
  return thumbsUp(repo, comment, outcomeOf(await planDrifted(world, repo, { issue, stack, account, hosts })));
}

async function drift({ world, repo, comment }: Course, hosts: readonly string[]): Promise<Outcome> {
  const said = await showLook(world, repo, { account: comment.account, hosts }, async (looked) => {
    if (hosts.length === 0) await putDriftIssues(world, repo, looked);
    return renderDriftReply(looked.drifts, looked.look);
  });
  return thumbsUp(repo, comment, said);
}

async function thumbsUp(repo: Repo, comment: NewComment, outcome: Outcome): Promise<Outcome> {
  if (outcome.is !== 'refused') await react(repo, comment.id, '+1');
  return outcome;
}

const NO_ROLLBACK: Reason = {
  code: 'COMMAND_INVALID',
  message: 'an earlier commit is not brought back from the issue of a stack that drifted',
  next: 'Comment `/rollback` on a pull request.',
};

const UNTOUCHED: Reason = {
  code: 'COMMAND_INVALID',
  message: 'this pull request changes nothing below deploy-configs/, so there is nothing to plan',
  next: 'Change something below deploy-configs/.',
};

async function deploy(course: Course, command: Extract<Command, { is: 'deploy' }>): Promise<Outcome> {
  const { world, runner, repo, comment } = course;
  const key = `comment ${comment.id}`;
  const begun = await findRun(world, repo, { pull: comment.pull, key });
  if (begun) {
    void runner.follow(repo, begun);
    return { is: 'done' };
  }
  const found = await findPlan(course, command.plan);
  if ('code' in found) return outcomeOf([found]);
  const survey = await surveyPlan(world, repo, found);
  const asked = await requestDeploy(world, repo, {
    survey,
    stored: found,
    account: comment.account,
    via: 'comment',
    named: command.plan !== undefined,
    confirm: command.confirm,
    only: command.only,
    skip: command.skip,
    key,
    delivery: comment.delivery,
    comment: comment.id,
  });
  if (asked.is === 'refused') return asked;
  // The run is kept and goes on by itself; further comments must not wait for its end.
  void runner.follow(repo, asked.run);
  return { is: 'done' };
}

/** The plan that is named, or the only one that the author of a bare /deploy can have seen. */
async function findPlan(
  { world, repo, comment }: Course,
  named: string | undefined,
): Promise<StoredPlan | Reason> {
  const place = { repo: repo.key, pull: comment.pull };
  if (named === undefined) {
    const current = await world.store.plans.current(place);
    const meant = current && (await surveyPlan(world, repo, current)).commit;
    const seen = current?.commit === meant && (current?.shownAt ?? comment.at) < comment.at;
    if (current && seen) return current;
    return { code: 'PLAN_AMBIGUOUS', message: 'no current plan was shown before this comment was written' };
  }
  const found = await world.store.plans.find(place, named);
  const digests = new Set(found.map((stored) => stored.plan.digest));
  if (digests.size > 1) {
    return {
      code: 'PLAN_AMBIGUOUS',
      message: `${digests.size} plans begin with ${named}`,
      next: 'Name the plan with all of its digest.',
    };
  }
  const [newest] = found;
  return newest ?? { code: 'PLAN_UNKNOWN', message: `no plan that was made here begins with ${named}` };
}
