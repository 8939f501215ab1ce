// Drift by hand on real hosts: the look by schedule opens the issue of the stack, /plan and /deploy there put back what is
// declared, and the issue is closed by the bot. Nothing is written to a host before somebody asked.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { digestIn, startStage, waitForCheck, waitForComment } from '../support/stage.ts';
import type { Stage } from '../support/stage.ts';
import type { Issue } from '../support/github/state.ts';

let lab: Lab;
let stage: Stage;

const POLICY = 'deploy: { on: merge, by: [write], approvals: 1 }\ndrift: { every: 1h }\n';
const STACK =
  'on: all\nresources:\n  - file: /etc/harbour\n    content: "open\\n"\n  - file: /etc/quay\n    content: "long\\n"\n';

beforeAll(async () => {
  lab = await startLab([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
  const hosts = [...lab.hosts.values()].map(
    ({ name, address, hostKey }) => `  ${name}: { address: ${address}, host_key: "${hostKey}" }\n`,
  );
  const files = {
    'deploy-configs/hosts.yml': `hosts:\n${hosts.join('')}`,
    'deploy-configs/policy.yml': POLICY,
  };
  stage = await startStage({ keyPath: lab.clientKey.path, files, unhurried: true });
});
afterAll(async () => {
  await stage?.stop();
  await lab?.stop();
});

function issue(): Issue | undefined {
  return [...stage.repo.repository.issues.values()].find((each) => each.pull === undefined);
}

async function contents(): Promise<readonly string[]> {
  const hosts = [...lab.hosts.values()];
  return Promise.all(hosts.map(async (host) => (await host.exec(['cat', '/etc/harbour'])).stdout));
}

it('is found by schedule, shown in an issue, put back by /deploy there, and then the issue is closed', async () => {
  const { repo, github } = stage;
  await repo.commit({
    branch: 'harbour',
    author: 'ada',
    message: 'A harbour',
    files: { 'deploy-configs/harbour.yml': STACK },
  });
  const pull = await repo.openPull({ title: 'A harbour', head: 'harbour', by: 'ada' });
  await waitForComment(stage, pull, /## Plan/);
  await repo.review(pull, { by: 'grace', state: 'APPROVE' });
  const merged = await repo.merge(pull, 'ada');
  const deployed = await waitForCheck(stage, merged, 'ashore/deploy', 240_000);
  expect(deployed.conclusion, `${deployed.summary}\n${deployed.text}`).toBe('success');

  await lab.host('old').exec(['sh', '-c', 'echo shut >/etc/harbour']);
  await stage.restart(2);
  const found = await github.waitFor(issue, { what: 'the issue', within: 120_000 });
  expect(found.title).toBe('Drift: harbour (1 resource on 1 host)');
  expect(found.body).toContain('+shut');
  expect(found.body).toContain('comment `/plan` here');
  expect(await contents()).toEqual(['shut\n', 'open\n']);

  await repo.comment(found.number, '/plan', 'ada');
  const planned = await waitForComment(stage, found.number, /## Plan/);
  await repo.comment(found.number, `/deploy ${digestIn(planned)}`, 'ada');
  await github.waitFor(() => issue()?.state === 'closed', {
    what: 'the issue to be closed',
    within: 240_000,
  });
  expect(await contents()).toEqual(['open\n', 'open\n']);
  expect((await waitForCheck(stage, merged, 'ashore/deploy')).conclusion).toBe('success');
  const last = repo.comments(found.number).at(-1)?.body;
  expect(last).toContain('All hosts of `harbour` are as commit');
});

it('says since when, and who where the host has noted it', async () => {
  const { repo, github } = stage;
  const stack = [
    'on: all',
    'resources:',
    '  - package: jq',
    '  - symlink: /etc/pier',
    '    to: /etc/quay',
    '  - service: moored',
    // Of a unit that nothing wants, systemd forgets when it was stopped.
    '    unit: { Service: { ExecStart: /bin/sleep infinity }, Install: { WantedBy: multi-user.target } }',
    '    enabled: true',
    '    running: true',
    '',
  ].join('\n');
  await repo.commit({
    branch: 'pier',
    base: 'main',
    author: 'ada',
    message: 'A pier',
    files: { 'deploy-configs/pier.yml': stack },
  });
  const pull = await repo.openPull({ title: 'A pier', head: 'pier', by: 'ada' });
  await waitForComment(stage, pull, /## Plan/);
  await repo.review(pull, { by: 'grace', state: 'APPROVE' });
  const merged = await repo.merge(pull, 'ada');
  const deployed = await waitForCheck(stage, merged, 'ashore/deploy', 240_000);
  expect(deployed.conclusion, `${deployed.summary}\n${deployed.text}`).toBe('success');

  for (const host of lab.hosts.values()) {
    const { status, stderr } = await host.exec(['sh', '-c', BY_HAND]);
    expect(status, stderr).toBe(0);
  }
  await repo.comment(pull, '/drift', 'ada');
  const { body } = await waitForComment(stage, pull, /## Drift/);
  const words = String.raw`last changed there \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`;
  const sections = body.split('⚠️');
  const of = (ref: string): string => sections.find((section) => section.startsWith(` \`${ref}\``)) ?? '';
  expect(of('symlink//etc/pier'), body).toMatch(new RegExp(words));
  expect(of('service/moored'), body).toMatch(new RegExp(words));
  const who = of('package/jq').match(new RegExp(`${words} by \`lotse\` with \`apt-get remove jq\``, 'g'));
  // In one line where both did it in the same second.
  expect(who?.length, of('package/jq')).toBeGreaterThan(0);
  const open = [...repo.repository.issues.values()].filter(
    ({ pull: of_, state }) => !of_ && state === 'open',
  );
  expect(open.map(({ title }) => title)).toEqual(['Drift: pier (3 resources on 2 hosts)']);
  await github.settled();
});

const BY_HAND = `set -e
useradd lotse
echo 'lotse ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/lotse
runuser -u lotse -- sudo apt-get -y -q remove jq >/dev/null
ln -sfn /etc/harbour /etc/pier
systemctl stop moored`;
