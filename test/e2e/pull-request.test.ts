// The main job on real hosts of both Debian releases: webhook in, plan posted, merge or /deploy, run on the hosts, result in the check run.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleStacks } from '../demo/hosts.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { digestIn, startStage, waitForCheck, waitForComment } from '../support/stage.ts';
import type { Stage } from '../support/stage.ts';

let lab: Lab;
let stage: Stage;

const POLICY = 'deploy: { on: both, by: [write] }\nconfirm: [delete, replace]\n';

beforeAll(async () => {
  lab = await startLab([
    { name: 'web1', suite: 'bookworm' },
    { name: 'web2', suite: 'trixie' },
    { name: 'db1', suite: 'trixie' },
  ]);
  const files = { 'deploy-configs/hosts.yml': hostsFile(), 'deploy-configs/policy.yml': POLICY };
  stage = await startStage({ keyPath: lab.clientKey.path, files, unhurried: true });
});
afterAll(async () => {
  await stage?.stop();
  await lab?.stop();
});

describe('merge', () => {
  it('plans the example fleet, deploys it at the merge, and the next plan is empty', async () => {
    const { repo } = stage;
    const head = await repo.commit({
      branch: 'fleet',
      base: 'main',
      author: 'ada',
      message: 'The fleet',
      files: exampleStacks(),
    });
    const pull = await repo.openPull({ title: 'Put the shop ashore', head: 'fleet', by: 'ada' });

    const planCheck = await waitForCheck(stage, head, 'ashore/plan');
    expect(planCheck.conclusion, planCheck.summary ?? '').toBe('success');
    const planned = await waitForComment(stage, pull, /## Plan/);
    for (const host of ['web1', 'web2', 'db1']) expect(planned.body).toContain(host);

    const merged = await repo.merge(pull, 'ada');
    const deployCheck = await waitForCheck(stage, merged, 'ashore/deploy', 240_000);
    expect(deployCheck.conclusion, `${deployCheck.summary}\n${deployCheck.text}`).toBe('success');
    for (const name of ['web1', 'web2']) {
      const answer = await lab.host(name).exec(['curl', '-fsS', 'http://127.0.0.1:8000/']);
      expect(answer.stdout, answer.stderr).toContain('anchor');
    }
    expect(
      repo
        .deployments()
        .map((deployment) => deployment.environment)
        .toSorted(),
    ).toEqual(['backup', 'base', 'shop', 'site']);

    const next = await repo.commit({
      branch: 'words',
      base: 'main',
      author: 'ada',
      message: 'Only a remark',
      files: {
        'deploy-configs/shop.yml': `# a remark\n${String(exampleStacks()['deploy-configs/shop.yml'])}`,
      },
    });
    const second = await repo.openPull({ title: 'A remark', head: 'words', by: 'ada' });
    const emptyCheck = await waitForCheck(stage, next, 'ashore/plan');
    expect(emptyCheck.conclusion).toBe('success');
    const empty = await waitForComment(stage, second, /Nothing to do/);
    expect(empty.body).not.toContain('/deploy');
    await repo.closePull(second, 'ada');
  });

  it('a unit that crashes is a failure with its journal, and the hosts after it are not started', async () => {
    const { repo } = stage;
    const broken = String(exampleStacks()['deploy-configs/shop/shop.pl']).replace(
      /^#!.*$/m,
      '$&\ndie qq(no more rope\\n);',
    );
    await repo.commit({
      branch: 'broken',
      base: 'main',
      author: 'ada',
      message: 'A new version',
      files: { 'deploy-configs/shop/shop.pl': broken },
    });
    const pull = await repo.openPull({ title: 'A new version', head: 'broken', by: 'ada' });
    await waitForComment(stage, pull, /restart/);
    const merged = await repo.merge(pull, 'ada');
    const check = await waitForCheck(stage, merged, 'ashore/deploy', 240_000);
    expect(check.conclusion).toBe('failure');
    const first = check.summary ?? '';
    expect(first).toContain('UNIT_FAILED');
    expect(`${first}${check.text}`).toContain('no more rope');
    expect(first).toContain('web1');
    expect(first).toMatch(/not started \| wave 2: `web2`/);
    expect(check.annotations.length).toBeGreaterThan(0);

    // Repaired by the next pull request, and all is as declared again.
    await repo.commit({
      branch: 'repair',
      base: 'main',
      author: 'ada',
      message: 'The old version',
      files: { 'deploy-configs/shop/shop.pl': exampleStacks()['deploy-configs/shop/shop.pl'] ?? '' },
    });
    const repair = await repo.openPull({ title: 'The old version', head: 'repair', by: 'ada' });
    await waitForComment(stage, repair, /## Plan/);
    const repaired = await repo.merge(repair, 'ada');
    const done = await waitForCheck(stage, repaired, 'ashore/deploy', 240_000);
    expect(done.conclusion, `${done.summary}\n${done.text}`).toBe('success');
  });
});

describe('/deploy', () => {
  it('deploys the plan that it names, before the merge', async () => {
    const { repo } = stage;
    const head = await repo.commit({
      branch: 'motd',
      base: 'main',
      author: 'ada',
      message: 'A note',
      files: {
        'deploy-configs/note.yml': 'on: db1\nresources:\n  - file: /etc/note\n    content: "by comment\\n"\n',
      },
    });
    const pull = await repo.openPull({ title: 'A note', head: 'motd', by: 'ada' });
    const digest = digestIn(await waitForComment(stage, pull, /\/deploy/));
    await repo.comment(pull, `/deploy ${digest}`, 'ada');
    const check = await waitForCheck(stage, head, 'ashore/deploy');
    expect(check.conclusion, `${check.summary}\n${check.text}`).toBe('success');
    expect((await lab.host('db1').exec(['cat', '/etc/note'])).stdout).toBe('by comment\n');
  });

  it('refuses a plan when the host has moved, writes nothing, and shows what moved', async () => {
    const { repo } = stage;
    const head = await repo.commit({
      branch: 'stale',
      base: 'main',
      author: 'ada',
      message: 'Another note',
      files: {
        'deploy-configs/note.yml':
          'on: db1\nresources:\n  - file: /etc/note\n    content: "second\\n"\n  - file: /etc/other-note\n    content: "new\\n"\n',
      },
    });
    const pull = await repo.openPull({ title: 'Another note', head: 'stale', by: 'ada' });
    const digest = digestIn(await waitForComment(stage, pull, /\/deploy/));
    await lab.host('db1').exec(['sh', '-c', 'echo by hand >/etc/note']);
    await repo.comment(pull, `/deploy ${digest}`, 'ada');
    const check = await waitForCheck(stage, head, 'ashore/deploy');
    expect(check.conclusion).toBe('action_required');
    expect(check.summary).toContain('PLAN_STALE');
    expect(`${check.summary}${check.text}`).toContain('by hand');
    expect((await lab.host('db1').exec(['cat', '/etc/note'])).stdout).toBe('by hand\n');
    expect((await lab.host('db1').exec(['test', '-e', '/etc/other-note'])).status).toBe(1);
  });

  it('is refused to people without write permission', async () => {
    const { repo } = stage;
    const head = await repo.commit({
      branch: 'theirs',
      base: 'main',
      author: 'ada',
      message: 'Theirs',
      files: {
        'deploy-configs/theirs.yml': 'on: db1\nresources:\n  - file: /etc/theirs\n    content: "x\\n"\n',
      },
    });
    const pull = await repo.openPull({ title: 'Theirs', head: 'theirs', by: 'ada' });
    const digest = digestIn(await waitForComment(stage, pull, /\/deploy/));
    await repo.comment(pull, `/deploy ${digest}`, 'mallory');
    await waitForComment(stage, pull, /NOT_ALLOWED/);
    expect(repo.checkRuns(head).filter((run) => run.name === 'ashore/deploy')).toEqual([]);
    expect((await lab.host('db1').exec(['test', '-e', '/etc/theirs'])).status).toBe(1);
  });
});

describe('bad input', () => {
  it('is answered at its line, and changes nothing', async () => {
    const { repo } = stage;
    const head = await repo.commit({
      branch: 'typo',
      base: 'main',
      author: 'ada',
      message: 'A slip',
      files: { 'deploy-configs/typo.yml': 'on: db1\nresources:\n  - file: /etc/x\n    contents: "x"\n' },
    });
    await repo.openPull({ title: 'A slip', head: 'typo', by: 'ada' });
    const check = await waitForCheck(stage, head, 'ashore/plan');
    expect(check.conclusion).toBe('failure');
    expect(check.annotations[0]).toMatchObject({
      path: 'deploy-configs/typo.yml',
      start_line: 4,
      annotation_level: 'failure',
    });
    expect(check.summary).toContain('KEY_UNKNOWN');
  });

  it('a pull request that touches nothing of ours gets nothing', async () => {
    const { repo } = stage;
    const head = await repo.commit({
      branch: 'readme',
      base: 'main',
      author: 'ada',
      message: 'Words',
      files: { 'README.md': 'hello\n' },
    });
    const pull = await repo.openPull({ title: 'Words', head: 'readme', by: 'ada' });
    await repo.comment(pull, 'looks good', 'grace');
    await stage.github.settled();
    expect(repo.checkRuns(head)).toEqual([]);
    expect(repo.comments(pull).filter((comment) => comment.app)).toEqual([]);
  });
});

function hostsFile(): string {
  const hosts = [...lab.hosts.values()].map((host) => {
    const groups = host.name.startsWith('web') ? ', groups: [web], vars: { greeting: Ahoy }' : '';
    return `  ${host.name}: { address: ${host.address}, host_key: "${host.hostKey}"${groups} }\n`;
  });
  return `groups:\n  web: { vars: { port: 8080 } }\nhosts:\n${hosts.join('')}`;
}
