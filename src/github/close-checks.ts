// No check run of ours stays open for ever: one that neither a run nor a delivery will end any more is closed, and says so.
import type { OpenCheckRow } from '../store/open-checks.ts';
import { DEPLOY_CHECK, openCheck } from './checks.ts';
import type { CheckOutput } from './checks.ts';
import { statusOf } from './http-status.ts';
import { connectTo } from './identify.ts';
import { recoverOld } from './recover-checks.ts';
import type { GithubWorld } from './repo.ts';

/** Answers with how many were closed. */
export async function closeOwnerless(world: GithubWorld): Promise<number> {
  const before = new Date(world.now().getTime() - DEADLINE);
  await recoverOld(world, before);
  const rows = await world.store.openChecks.ownerless(before);
  for (const row of rows) await close(world, row);
  return rows.length;
}

/** Longer than a delivery is tried again while GitHub fails, and than a merge waits for a host. */
const DEADLINE = 4 * 60 * 60_000;

async function close(world: GithubWorld, row: OpenCheckRow): Promise<void> {
  const { repo, id, installation } = row;
  try {
    const connected = await connectTo(world, { repo, installation }, { check: id });
    await openCheck(world, connected, { id, url: '' }).finish('failure', wordsOf(row));
  } catch (error) {
    world.log.warn({ err: error, check: id }, 'a check run without an owner could not be closed');
    const status = statusOf(error);
    if (status === 404 || status === 422) await world.store.openChecks.drop(repo, id);
  }
}

function wordsOf({ name, pull, since }: OpenCheckRow): CheckOutput {
  const deploys = name === DEPLOY_CHECK;
  const what = deploys ? 'a deploy was prepared' : 'the plan was made';
  const next = pull === null ? 'Re-run this check.' : 'Comment `/plan`, or press the button.';
  const written = deploys ? 'No run was begun by it' : 'Planning writes nothing to any host';
  return {
    title: 'It came to no end that is known',
    summary: `While ${what}, since ${since}, Ashore was interrupted and has not come back to it. ${written}. **Next**: ${next}`,
    actions: [{ label: 'Plan again', description: 'Look at the hosts again', identifier: 'plan' }],
  };
}
