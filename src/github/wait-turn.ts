// A merge whose hosts another deploy holds waits for its turn, visibly. The wait is the delivery's, so that it is taken up
// again after a restart.
import { setTimeout as wait } from 'node:timers/promises';
import type { Reason } from '../core/reason.ts';
import { nextOf, renderReason } from '../render/reason.ts';
import type { OpenCheck } from './checks.ts';
import type { GithubWorld, Repo } from './repo.ts';

export interface Waiting {
  readonly pull: number;
  /** Who merged. */
  readonly by: string;
  /** Who holds which host. */
  readonly reasons: readonly Reason[];
  readonly check: OpenCheck;
  readonly until: Date;
}

/** Resolves when a deploy of this repository has ended, somebody has ended the wait, or it is time to look again. */
export async function waitTurn(
  world: GithubWorld,
  repo: Repo,
  { pull, by, reasons, check, until }: Waiting,
): Promise<void> {
  const words = reasons.map((each) => `- ${renderReason(each)}`);
  const next = [...new Set(reasons.map((each) => nextOf(each, undefined)))].join(' ');
  const summary = `${words.join('\n')}\n\nIt goes on by itself, until ${until.toISOString()} at most. ${next} \`/cancel\` on #${pull} ends the wait of this merge.`;
  const at = { repo: repo.key, pull };
  await world.store.waits.put(at, by, until);
  check.update({ title: 'Waits for its turn', summary });
  const goingOn = async (): Promise<ReadonlySet<string>> => {
    return new Set((await world.store.cancels.open(repo.key)).map(({ id }) => id));
  };
  const before = await goingOn();
  // Another repository may hold the host: of that nothing is heard here.
  const latest = before.size > 0 ? until.getTime() : world.now().getTime() + LOOK_AGAIN;
  while (world.now().getTime() < Math.min(latest, until.getTime())) {
    await wait(BETWEEN);
    if ((await world.store.waits.read(at))?.cancelBy !== undefined) return;
    const now = await goingOn();
    if ([...before].some((id) => !now.has(id))) return;
  }
}

/** Milliseconds. */
const BETWEEN = 1000;
const LOOK_AGAIN = 60_000;
