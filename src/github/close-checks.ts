// No check run of ours stays open for ever: one that neither a run nor a delivery will end any more is closed, and says so.
import { renderDeployCheck } from '../render/check-run.ts';
import type { OpenCheckRow } from '../store/open-checks.ts';
import type { Run } from '../store/runs.ts';
import { DEPLOY_CHECK, openCheck } from './checks.ts';
import type { CheckOutput, Conclusion } from './checks.ts';
import { explainReasons } from './failure.ts';
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
    const { conclusion, output, subject } = await readEnd(world, row);
    await openCheck(world, connected, { id, url: '' }).finish(conclusion, output, subject);
  } catch (error) {
    world.log.warn({ err: error, check: id }, 'a check run without an owner could not be closed');
    const status = statusOf(error);
    if (status === 404 || status === 422) await world.store.openChecks.drop(repo, id);
  }
}

interface End {
  readonly conclusion: Conclusion;
  readonly output: CheckOutput;
  readonly subject?: string;
}

/** A run may have ended while GitHub had no place for the end of its check run, and has been told for as much as could be. */
async function readEnd({ store }: GithubWorld, row: OpenCheckRow): Promise<End> {
  const run = await store.runs.ofCheck(row);
  if (!run?.ended) return { conclusion: 'failure', output: wordsOf(row) };
  const { ended, id: subject } = run;
  if (ended.is !== 'report') {
    const output = explainReasons([ended.reason], run.plan);
    return { conclusion: ended.is === 'refused' ? 'action_required' : 'failure', output, subject };
  }
  const stored = await store.plans.find({ repo: run.repo, pull: run.pull }, run.plan);
  const mine = stored.find(({ commit }) => commit === run.commit);
  if (!mine) return { conclusion: 'failure', output: wordsOf(row, run) };
  const output = renderDeployCheck(ended.report, mine.plan);
  return { conclusion: output.conclusion ?? 'failure', output, subject };
}

function wordsOf({ name, pull, since }: OpenCheckRow, run?: Run): CheckOutput {
  const deploys = name === DEPLOY_CHECK;
  const what = deploys ? 'a deploy was prepared' : 'the plan was made';
  const next = pull === null ? 'Re-run this check.' : 'Comment `/plan`, or press the button.';
  const untouched = deploys ? 'No run was begun by it' : 'Planning writes nothing to any host';
  const written = run ? `Its run \`${run.id}\` has ended; what that came to is not kept any more` : untouched;
  return {
    title: 'It came to no end that is known',
    summary: `While ${what}, since ${since}, Ashore was interrupted and has not come back to it. ${written}. **Next**: ${next}`,
    actions: [{ label: 'Plan again', description: 'Look at the hosts again', identifier: 'plan' }],
  };
}
