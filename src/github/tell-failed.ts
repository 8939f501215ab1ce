// Deliveries that failed for good and that no handler has said anything of: each is told once on its pull request, by
// whoever has the turn. What nobody waits for, and what cannot be said, stays in the log alone.
import { renderFailed } from '../render/failed.ts';
import type { FailedDelivery } from '../store/deliveries.ts';
import { parseAsked } from './asked.ts';
import type { Asked, AskedPlace } from './asked.ts';
import { postReplyOnce } from './comments.ts';
import type { OnceReply } from './comments.ts';
import { connectTo, repoOf } from './identify.ts';
import { MISSED } from './missed.ts';
import { isTransient } from './patience.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { surveyPull } from './survey.ts';

export async function tellFailed(world: GithubWorld): Promise<void> {
  for (const failed of await world.store.deliveries.untold(AT_ONCE)) await tellOne(world, failed);
}

const AT_ONCE = 100;

/** Milliseconds, like GitHub's own patience with redelivery: who has heard nothing for longer has asked again. */
const WITHIN = 3 * 24 * 60 * 60_000;

async function tellOne(world: GithubWorld, failed: FailedDelivery): Promise<void> {
  const { guid: id, event, endedAt } = failed;
  const log = world.log.child({ id, event });
  const late = world.now().getTime() - Date.parse(endedAt) > WITHIN;
  try {
    const pull = await say(world, failed);
    if (pull === undefined) log.info('nobody has to be told of the delivery that failed');
    else log.warn({ pull }, 'the delivery that failed was told on its pull request');
  } catch (error) {
    if (!late && isTransient(error, world.now()))
      return log.warn({ err: error }, 'that a delivery failed is told later');
    log.error({ err: error }, 'that a delivery failed could not be told');
  }
  await world.store.deliveries.tell(id);
}

/** The number of the pull request that it was said on, if on any. */
async function say(world: GithubWorld, failed: FailedDelivery): Promise<number | undefined> {
  const { guid, event, payload } = failed;
  const asked = parseAsked(event, payload);
  if (!asked) return undefined;
  const repo = await repoAt(world, asked.place, guid);
  const pull = await findPull(world, repo, asked);
  if (pull === undefined) return undefined;
  await postReplyOnce(world, repo, { pull, ...replyTo(failed, asked) });
  return pull;
}

/**
 * A missed pull request is put into the inbox again and again while it is not known, under one name, and also behind a
 * webhook of it that failed: one word for its commit is enough. A webhook that is sent again and fails again is told again.
 */
function replyTo(
  { guid, event, receivedAt, endedAt }: FailedDelivery,
  asked: Asked,
): Omit<OnceReply, 'pull'> {
  const { where } = asked;
  const delivery = `delivery \`${guid}\``;
  const commit =
    where.is === 'pull' && where.commit !== null ? ` of commit \`${where.commit.slice(0, 12)}\`` : '';
  const message = `${delivery}${commit} was given up; the log of Ashore says why`;
  const body = renderFailed({ code: 'DELIVERY_FAILED', message, next: nextOf(guid, asked) }, asked);
  if (event !== MISSED) return { body, mark: delivery, since: new Date(endedAt) };
  return { body, mark: `${commit} was given up`, since: new Date(Date.parse(receivedAt) - WITHIN) };
}

function nextOf(guid: string, { where, place }: Asked): string {
  const again =
    where.is === 'comment'
      ? 'Write the command again in a new comment'
      : 'Comment `/plan`, and go on from there';
  // GitHub has nothing to send again of what it never sent.
  if (place.is === 'known') return `${again}.`;
  return `${again}, or within three days press Redeliver for \`${guid}\` in the settings of the App.`;
}

async function repoAt(world: GithubWorld, at: AskedPlace, guid: string): Promise<Repo> {
  if (at.is === 'known') return connectTo(world, at, { id: guid });
  const { id, name, installation } = at;
  const octokit = await world.connect(installation);
  return repoOf(world, { octokit, log: world.log.child({ id: guid }), id, name, installation });
}

/** undefined where there is none, or what happened there is none of Ashore's business. */
async function findPull(
  { store, now }: GithubWorld,
  repo: Repo,
  { where }: Asked,
): Promise<number | undefined> {
  switch (where.is) {
    case 'comment': {
      const ours = !where.issue || (await store.drifts.stackOf(repo.key, where.pull)) !== undefined;
      return ours ? where.pull : undefined;
    }
    case 'pull':
      return (await mayTouch(repo, where.pull, now())) ? where.pull : undefined;
    case 'check':
      return (await store.posts.readCheck(repo.key, where.id))?.pull ?? undefined;
    case 'commit': {
      const checks = await store.posts.newestChecks(repo.key, where.commit);
      return checks.find(({ pull }) => pull !== null)?.pull ?? undefined;
    }
    default:
      return where satisfies never;
  }
}

/** Most pull requests of a repository may have nothing to do with deploys. Where that cannot be found out, it is said. */
async function mayTouch(repo: Repo, number: number, now: Date): Promise<boolean> {
  try {
    const { touched, pull } = await surveyPull(repo, number);
    return touched && pull.base === pull.defaultBranch;
  } catch (error) {
    if (isTransient(error, now)) throw error;
    repo.log.warn({ err: error, pull: number }, 'what the pull request changes is not known');
    return true;
  }
}
