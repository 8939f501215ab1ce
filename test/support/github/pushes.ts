// What follows when a branch moves, however it was moved: the push event, check suites, and the pull requests it touches.
import { NO_COMMIT } from './git.ts';
import type { CommitData } from './git-commit.ts';
import { changedNames } from './git-diff.ts';
import type { JsonObject } from './json.ts';
import { checkSuiteFor } from './checks.ts';
import { closePull, headMoved, mergedByPush } from './pulls.ts';
import { accountByEmail, repoHtml, repoJson } from './shapes.ts';
import { keepActivity } from './activities.ts';
import { type Account, type Activity, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

export interface Push {
  readonly repo: Repository;
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly by: Account;
}

/** GitHub lists at most this many commits in one push: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push */
const MOST_COMMITS = 2048;

function person(world: World, signature: CommitData['author']): JsonObject {
  const account = accountByEmail(world, signature.email);
  return {
    name: signature.name,
    email: signature.email,
    date: signature.date,
    ...(account === undefined ? {} : { username: account.login }),
  };
}

async function pushedCommit(world: World, repo: Repository, sha: string): Promise<JsonObject> {
  const commit = await repo.git.readCommit(sha);
  const changed = await changedNames(repo.git, commit.parents[0], sha);
  return {
    id: sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.committer.date,
    url: `${repoHtml(world, repo)}/commit/${sha}`,
    author: person(world, commit.author),
    committer: person(world, commit.committer),
    added: changed.filter(([status]) => status === 'A').map(([, path]) => path),
    removed: changed.filter(([status]) => status === 'D').map(([, path]) => path),
    modified: changed.filter(([status]) => status !== 'A' && status !== 'D').map(([, path]) => path),
  };
}

async function newCommits(push: Push): Promise<string[]> {
  const { git } = push.repo;
  if (push.after === NO_COMMIT) return [];
  const others = [...(await git.refs('refs/heads'))]
    .filter(([ref]) => ref !== push.ref)
    .map(([, sha]) => `^${sha}`);
  const range = push.before === NO_COMMIT ? [push.after, ...others] : [`${push.before}..${push.after}`];
  return (await git.log(range, MOST_COMMITS)).toReversed();
}

async function emitPush(world: World, push: Push): Promise<void> {
  const { repo, ref, before, after, by } = push;
  const [created, deleted] = [before === NO_COMMIT, after === NO_COMMIT];
  const commits = await Promise.all((await newCommits(push)).map((sha) => pushedCommit(world, repo, sha)));
  const seconds = (time: string): number => Math.floor(Date.parse(time) / 1000);
  const shape = repoJson(world, repo);
  world.outbox.emit('push', repo, by, {
    ref,
    before,
    after,
    created,
    deleted,
    forced: !created && !deleted && !(await repo.git.contains(after, before)),
    base_ref: null,
    compare: `${repoHtml(world, repo)}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits,
    head_commit: deleted ? null : await pushedCommit(world, repo, after),
    pusher: { name: by.login, email: by.email },
    repository: {
      ...shape,
      created_at: seconds(repo.createdAt),
      pushed_at: seconds(repo.pushedAt),
      stargazers: 0,
      master_branch: repo.defaultBranch,
      owner: {
        ...(typeof shape['owner'] === 'object' && !Array.isArray(shape['owner']) ? shape['owner'] : {}),
        name: repo.owner.login,
        email: repo.owner.email,
      },
    },
  });
}

/** A fork's branch may be the head of a pull request elsewhere, so every repository is looked at. */
async function touchPulls(world: World, push: Push, branch: string): Promise<void> {
  for (const repo of world.repos.values()) {
    for (const issue of repo.issues.values()) {
      const { pull } = issue;
      if (pull === undefined || issue.state !== 'open') continue;
      if (pull.head.repo === push.repo && pull.head.ref === branch) {
        if (push.after === NO_COMMIT) await closePull(world, repo, issue, push.by);
        else await headMoved(world, repo, issue, push.after, push.by);
      } else if (repo !== push.repo || pull.base.ref !== branch) {
        continue;
      } else if (push.after === NO_COMMIT) {
        await closePull(world, repo, issue, push.by);
      } else if (await repo.git.contains(push.after, pull.head.sha)) {
        await mergedByPush(world, repo, issue, push.after, push.by);
      }
    }
  }
}

async function activityType({ repo, before, after }: Push): Promise<Activity['type']> {
  if (before === NO_COMMIT) return 'branch_creation';
  if (after === NO_COMMIT) return 'branch_deletion';
  return (await repo.git.contains(after, before)) ? 'push' : 'force_push';
}

export async function pushed(world: World, push: Push): Promise<void> {
  if (push.before === push.after) return;
  push.repo.pushedAt = stamp();
  keepActivity(world, push, await activityType(push));
  await emitPush(world, push);
  if (!push.ref.startsWith('refs/heads/')) return;
  const branch = push.ref.slice('refs/heads/'.length);
  if (push.after !== NO_COMMIT)
    await checkSuiteFor(world, push.repo, { sha: push.after, branch, before: push.before, by: push.by });
  await touchPulls(world, push, branch);
  world.say('push', push.repo, { ref: push.ref, before: push.before, after: push.after });
}
