// npm run demo: the whole of Ashore on this machine in a few minutes, from a pull request to the result in a check run.
// Ends with status 0 only if everything happened as told. `--keep` leaves it running, with the addresses to look at.
import { shownMarkdown, say, title } from './show.ts';
import { startDemoHosts } from './hosts.ts';
import type { DemoHosts } from './hosts.ts';
import { startStage, waitForCheck, waitForComment } from '../support/stage.ts';
import type { Stage } from '../support/stage.ts';

/** A first start builds the Debian bases, which takes minutes; a deploy installs packages. Milliseconds. */
const DEPLOY = 300_000;

const POLICY = `deploy: { on: both, by: [write] }
confirm: [delete, replace]
`;

async function main(): Promise<void> {
  title('Hosts');
  const hosts = await startDemoHosts(say);
  say(`Using ${hosts.about}.`);
  const files = { 'deploy-configs/hosts.yml': hosts.hostsFile, 'deploy-configs/policy.yml': POLICY };
  const stage = await startStage({ keyPath: hosts.keyPath, files });
  const unwatch = watchChecks(stage);
  try {
    say(`GitHub's double: ${stage.github.url}/acme/infra  ·  Ashore is listening for its webhooks.`);
    await tellTheStory(stage, hosts);
    if (process.argv.includes('--keep')) await keep(stage);
  } finally {
    unwatch();
    await stage.stop();
    await hosts.stop();
  }
}

async function tellTheStory(stage: Stage, hosts: DemoHosts): Promise<void> {
  title('A pull request is planned against the live hosts');
  const first = await openPull(stage, 'Put the shop ashore', hosts.first);
  say(shownMarkdown((await waitForComment(stage, first.number, /^## Plan/m)).body));

  title('It is merged, and exactly that plan is carried out');
  await merge(stage, first.number, 'success');

  title('A second one fails on a host, for a real reason');
  const second = await openPull(stage, 'A new version of the shop', hosts.broken);
  say(shownMarkdown((await waitForComment(stage, second.number, /^## Plan/m)).body));
  await merge(stage, second.number, 'failure');

  title('It is repaired');
  const third = await openPull(stage, 'Back to the version that runs', hosts.repaired);
  await waitForComment(stage, third.number, /^## Plan/m);
  await merge(stage, third.number, 'success');

  title('Now the hosts are as declared: the next plan is empty');
  const fourth = await openPull(stage, 'A remark', hosts.remark);
  say(shownMarkdown((await waitForComment(stage, fourth.number, /Nothing to do/)).body));
  title('All of it happened. Nothing was left to do.');
}

async function openPull(stage: Stage, name: string, files: DemoHosts['first']) {
  const branch = name.toLowerCase().replaceAll(' ', '-');
  const head = await stage.repo.commit({ branch, base: 'main', author: 'ada', message: name, files });
  const number = await stage.repo.openPull({ title: name, head: branch, by: 'ada' });
  say(`ada opens #${number} "${name}": ${stage.github.url}/acme/infra/pull/${number}`);
  return { number, head };
}

/** Merges, waits for the deploy's check run, and shows it; fails when it ends otherwise. */
async function merge(stage: Stage, number: number, expected: 'success' | 'failure'): Promise<void> {
  const sha = await stage.repo.merge(number, 'ada');
  say(`ada merges #${number} as ${sha.slice(0, 7)}`);
  const check = await waitForCheck(stage, sha, 'ashore/deploy', DEPLOY);
  say(`check run ${check.name}: ${check.conclusion} · ${check.title}`);
  say(shownMarkdown(check.summary ?? ''));
  if (check.conclusion !== expected)
    throw new Error(`the deploy of #${number} ended with ${check.conclusion}, not ${expected}`);
}

/** Prints a line whenever a check run of ours gets another title. */
function watchChecks(stage: Stage): () => void {
  const shown = new Map<number, string>();
  return stage.github.on(() => {
    for (const run of stage.repo.checkRuns()) {
      const line = `${run.name} ${run.status}${run.title ? `: ${run.title}` : ''}`;
      if (run.status === 'completed' || shown.get(run.id) === line) continue;
      shown.set(run.id, line);
      say(`  · ${line}`);
    }
  });
}

async function keep(stage: Stage): Promise<void> {
  title('Left running (Ctrl-C ends it)');
  say(`Pull requests to look at, merge and comment on: ${stage.github.url}/acme/infra/pull/1`);
  await new Promise<void>((resolve) => process.once('SIGINT', resolve));
}

await main();
// What probot and octokit leave open must not keep a finished demo alive.
process.exit(0);
