// From the webhook of a new pull request to its comment, with a GitHub that is another process's double on this machine: what
// is added to the plan itself. With octokit's pauses between writes (a second, as GitHub asks of whoever writes much), and without.
import { startStage, waitForComment } from '../support/stage.ts';
import type { Stage } from '../support/stage.ts';
import { configOf, createServer } from './by-ashore.ts';
import type { Ground, Outcome } from './ground.ts';
import { medianSeconds, rounded } from './numbers.ts';
import type { Sample } from './numbers.ts';
import { work86 } from './work.ts';

export async function compareWebhook(ground: Ground): Promise<Outcome> {
  const work = work86();
  await ground.converge(work);
  const bench = await ground.host();
  const files = configOf(work, { ...(await ground.login()), hostKey: bench.host.hostKey });
  const server = createServer(files, bench.privateKey);
  const texts = Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes)]));
  const samples: Record<string, Sample[]> = { plan: [], comment: [], comment_with_pauses: [] };
  for (const unhurried of [true, false]) {
    const stage = await startStage({ keyPath: bench.keyPath, files: texts, unhurried });
    try {
      for (let round = 0; round < (ground.quick ? 1 : 5); round++) {
        samples['plan']?.push(await server.timePlan());
        const taken = await timeComment(stage, round);
        samples[unhurried ? 'comment' : 'comment_with_pauses']?.push(taken);
        ground.tell(`  comment after ${taken.seconds.toFixed(2)} s`);
      }
    } finally {
      await stage.stop();
    }
  }
  const plan = medianSeconds(samples, 'plan');
  const over = (name: string): number => rounded(1000 * (medianSeconds(samples, name) - plan));
  const numbers = {
    plan_seconds: rounded(plan),
    over_floor_ms: over('comment'),
    with_pauses_over_floor_ms: over('comment_with_pauses'),
  };
  return { numbers, samples };
}

async function timeComment({ github, repo }: Stage, round: number): Promise<Sample> {
  const branch = `change-${round}`;
  const notes = { [`deploy-configs/files/etc/bench-0001.conf`]: `round ${round}\n` };
  await repo.commit({ branch, base: 'main', author: 'ada', message: 'Another file', files: notes });
  await github.settled();
  const began = performance.now();
  const pull = await repo.openPull({ title: 'Another file', head: branch, by: 'ada' });
  await waitForComment({ github, repo }, pull, /^## Plan/m);
  return { seconds: (performance.now() - began) / 1000 };
}
