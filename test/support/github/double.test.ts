import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitHubDouble, startGitHub } from './double.ts';
import { gitEnvironment } from './git.ts';
import { type Running, runProbot } from './probot.ts';
import type { RepoDouble } from './repo.ts';

const SECRET = 'a secret of a decent length, for tests';
const run = promisify(execFile);

let github: GitHubDouble;
let repo: RepoDouble;
let running: Running | undefined;

beforeEach(async () => {
  github = await startGitHub({
    secret: SECRET,
    permissions: { contents: 'write', pull_requests: 'write', checks: 'write', deployments: 'write' },
    events: ['pull_request', 'push', 'issue_comment', 'check_run', 'pull_request_review'],
  });
  github.createUser('ada');
  repo = await github.createRepo('acme', 'shop');
  repo.collaborator('ada', 'write');
  await repo.commit({
    branch: 'main',
    message: 'Start',
    author: 'acme',
    files: { 'deploy-configs/hosts.yml': 'hosts: {}\n' },
  });
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await github.stop();
});

async function openChange(): Promise<number> {
  await repo.commit({
    branch: 'change',
    message: 'Add a host',
    author: 'ada',
    files: { 'deploy-configs/hosts.yml': 'hosts: { web1: {} }\n' },
  });
  return repo.openPull({ title: 'Add a host', head: 'change', by: 'ada' });
}

describe('an App on the double', () => {
  it('hears of a pull request and answers with a check run and a comment', async () => {
    running = await runProbot(github, SECRET, (app) => {
      app.on('pull_request.opened', async (context) => {
        const { owner, repo: name } = context.repo();
        await context.octokit.rest.checks.create({
          owner,
          repo: name,
          name: 'ashore/plan',
          head_sha: context.payload.pull_request.head.sha,
          conclusion: 'success',
          output: { title: '1 host changes', summary: 'web1' },
        });
        await context.octokit.rest.issues.createComment(context.issue({ body: '## Plan `7f3a9c`' }));
      });
    });
    const number = await openChange();
    const comment = await github.waitFor(() => repo.comments(number)[0], { what: "the plan's comment" });
    expect(comment.body).toBe('## Plan `7f3a9c`');
    expect(comment.author.login).toBe('ashore[bot]');
    const [check] = repo.checkRuns(await repo.sha('change'));
    expect(check).toMatchObject({ name: 'ashore/plan', status: 'completed', conclusion: 'success' });
  });

  it('hears of a push over git as push and synchronize, with before and after', async () => {
    const seen: string[] = [];
    running = await runProbot(github, SECRET, (app) => {
      app.on(
        'pull_request.synchronize',
        async ({ payload }) => void seen.push(`${payload.before} ${payload.after}`),
      );
    });
    const number = await openChange();
    const before = await repo.sha('change');
    const dir = await mkdtemp(join(tmpdir(), 'clone-'));
    const git = (...args: string[]) =>
      run('git', args, {
        cwd: dir,
        env: {
          ...gitEnvironment(),
          GIT_AUTHOR_NAME: 'ada',
          GIT_AUTHOR_EMAIL: 'ada@example.com',
          GIT_COMMITTER_NAME: 'ada',
          GIT_COMMITTER_EMAIL: 'ada@example.com',
        },
      });
    await git('clone', '--quiet', '--branch', 'change', repo.cloneUrl('ada'), '.');
    await writeFile(join(dir, 'more.yml'), 'on: web\n');
    await git('add', '.');
    await git('commit', '--quiet', '-m', 'More');
    await git('push', '--quiet');
    await rm(dir, { recursive: true });
    const after = await repo.sha('change');
    await github.waitFor(() => seen.length > 0, { what: 'synchronize' });
    expect(seen).toEqual([`${before} ${after}`]);
    expect(repo.pull(number).head.sha).toBe(after);
    expect(github.deliveries().filter(({ event }) => event === 'push')).toHaveLength(2);
  });

  it('hears of a merge as closed and push', async () => {
    running = await runProbot(github, SECRET, () => undefined);
    const number = await openChange();
    const sha = await repo.merge(number, 'ada');
    await github.settled();
    const closed = github.deliveries().find(({ action }) => action === 'closed');
    expect(closed?.request.payload['pull_request']).toMatchObject({ merged: true, merge_commit_sha: sha });
    expect(
      github
        .deliveries()
        .filter(({ event }) => event === 'push')
        .map(({ request }) => request.payload['after']),
    ).toContain(sha);
    expect(await repo.readFile('main', 'deploy-configs/hosts.yml')).toContain('web1');
  });
});
