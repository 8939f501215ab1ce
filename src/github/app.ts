// Event → handler, and nothing else. What a handler takes from the payload are names and numbers; the rest is read anew.
import type { ApplicationFunction, Context, Probot } from 'probot';
import type { Runner } from './carry-out.ts';
import { restoreSticky } from './comments.ts';
import { onPress, onSuite } from './on-check-run.ts';
import { onComment } from './on-comment.ts';
import { onPullDropped, onPullMerged, onPullMoved } from './on-pull-request.ts';
import { onPush } from './on-push.ts';
import { onReview } from './on-review.ts';
import type { Account } from './permissions.ts';
import { keepPusher } from './pushers.ts';
import { repoOf } from './identify.ts';
import type { GithubWorld, Repo } from './repo.ts';

export function createApp(world: GithubWorld, runner: Runner): ApplicationFunction {
  return (app) => {
    hearPulls(app, world, runner);
    hearComments(app, world, runner);
    hearChecks(app, world, runner);
    hearPushes(app, world);
  };
}

function hearPulls(app: Probot, world: GithubWorld, runner: Runner): void {
  app.on(['pull_request.opened', 'pull_request.reopened', 'pull_request.synchronize'], async (context) => {
    const repo = await repoIn(world, context);
    const { action, pull_request: pull, sender } = context.payload;
    // Who opens has not pushed by that; who moves the head has.
    if (action === 'synchronize') await keepPusher(world, repo, { commit: pull.head.sha, by: sender.login });
    await onPullMoved(world, repo, pullOf(context));
  });
  app.on('pull_request.edited', async (context) => {
    if (context.payload.changes.base) await onPullMoved(world, await repoIn(world, context), pullOf(context));
  });
  app.on('pull_request.closed', async (context) => {
    if (!context.payload.pull_request.merged)
      return onPullDropped(world, await repoIn(world, context), pullOf(context));
    return onPullMerged(world, runner, await repoIn(world, context), pullOf(context));
  });
  app.on(['pull_request_review.submitted', 'pull_request_review.dismissed'], async (context) => {
    await onReview(world, await repoIn(world, context), pullOf(context));
  });
}

function hearComments(app: Probot, world: GithubWorld, runner: Runner): void {
  app.on('issue_comment.created', async (context) => {
    const { issue, comment } = context.payload;
    const repo = await repoIn(world, context);
    // Of issues, only those that we keep for stacks that drifted are for commands.
    const ours = issue.pull_request ?? (await world.store.drifts.stackOf(repo.key, issue.number));
    if (ours === undefined) return;
    const { id, body, created_at: at, user } = comment;
    const told = { pull: issue.number, id, body, at, account: accountOf(user), delivery: context.id };
    await onComment(world, runner, repo, told);
  });
  app.on(['issue_comment.edited', 'issue_comment.deleted'], async (context) => {
    const { action, issue, comment } = context.payload;
    const seen = action === 'deleted' ? null : comment.body;
    await restoreSticky(world, await repoIn(world, context), {
      pull: issue.number,
      comment: comment.id,
      seen,
    });
  });
}

function hearChecks(app: Probot, world: GithubWorld, runner: Runner): void {
  app.on(['check_run.requested_action', 'check_run.rerequested'], async (context) => {
    const { check_run: run, sender } = context.payload;
    await onPress(world, runner, await repoIn(world, context), {
      checkRun: run.id,
      appId: run.app?.id,
      externalId: run.external_id ?? '',
      button:
        context.payload.action === 'requested_action'
          ? context.payload.requested_action?.identifier
          : undefined,
      account: accountOf(sender),
      delivery: context.id,
      key: context.id,
    });
  });
  app.on('check_suite.rerequested', async (context) => {
    const { check_suite: suite, sender } = context.payload;
    const asked = { commit: suite.head_sha, account: accountOf(sender), delivery: context.id };
    await onSuite(world, runner, await repoIn(world, context), asked);
  });
}

function hearPushes(app: Probot, world: GithubWorld): void {
  app.on('push', async (context) => {
    const { ref, before, after, deleted, repository, sender } = context.payload;
    if (deleted || !ref.startsWith('refs/heads/')) return;
    const repo = await repoIn(world, context);
    if (sender) await keepPusher(world, repo, { commit: after, by: sender.login });
    if (ref !== `refs/heads/${repository.default_branch}`) return;
    await onPush(world, repo, { before, after, delivery: context.id });
  });
}

interface RepoPayload {
  readonly repository: { readonly id: number; readonly full_name: string };
  readonly installation?: { readonly id: number } | undefined;
}

type RepoContext = Pick<Context, 'octokit' | 'log'> & { readonly payload: RepoPayload };

async function repoIn(world: GithubWorld, { payload, octokit, log }: RepoContext): Promise<Repo> {
  const { repository, installation } = payload;
  if (!installation) throw new Error('the webhook names no installation');
  const { id, full_name: name } = repository;
  return repoOf(world, { octokit, log, id, name, installation: installation.id });
}

function pullOf(context: {
  readonly id: string;
  readonly payload: { readonly pull_request: { readonly number: number } };
}) {
  return { pull: context.payload.pull_request.number, delivery: context.id };
}

function accountOf(user: { readonly login: string; readonly type?: string } | null): Account {
  return user ? { login: user.login, bot: user.type !== 'User' } : { login: 'ghost', bot: true };
}
