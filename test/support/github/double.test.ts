import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Octokit } from 'octokit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGitHub } from './double.ts';
import { type Fixture, HOSTS, SECRET, openChange, refusal, startFixture } from './fixture.ts';
import { gitEnvironment } from './git.ts';
import { type Running, runProbot } from './probot.ts';
import type { Happening } from './state.ts';

const run = promisify(execFile);

let f: Fixture;
let running: Running | undefined;
beforeEach(async () => void (f = await startFixture()));
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await f.github.stop();
});

async function inClone(
  work: (git: (...args: string[]) => Promise<unknown>, dir: string) => Promise<void>,
  login = 'ada',
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'clone-'));
  const who = {
    GIT_AUTHOR_NAME: login,
    GIT_AUTHOR_EMAIL: `${login}@example.com`,
    GIT_COMMITTER_NAME: login,
    GIT_COMMITTER_EMAIL: `${login}@example.com`,
  };
  const git = (...args: string[]): Promise<unknown> =>
    run('git', args, { cwd: dir, env: { ...gitEnvironment(), ...who } });
  try {
    await git('clone', '--quiet', f.repo.cloneUrl(login), '.');
    await work(git, dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

describe('a Probot App on the double', () => {
  it('hears of a pull request and answers with a check run and a comment', async () => {
    running = await runProbot(f.github, SECRET, (app) => {
      app.on('pull_request.opened', async (context) => {
        const head_sha = context.payload.pull_request.head.sha;
        const output = { title: '1 host changes', summary: 'web1' };
        await context.octokit.rest.checks.create({
          ...context.repo(),
          name: 'ashore/plan',
          head_sha,
          conclusion: 'success',
          output,
        });
        await context.octokit.rest.issues.createComment(context.issue({ body: '## Plan `7f3a9c`' }));
      });
    });
    const number = await openChange(f.repo);
    const comment = await f.github.waitFor(() => f.repo.comments(number)[0], { what: "the plan's comment" });
    expect(comment).toMatchObject({ body: '## Plan `7f3a9c`', author: { login: 'ashore[bot]' } });
    expect(f.repo.checkRuns(await f.repo.sha('change'))).toMatchObject([
      { name: 'ashore/plan', status: 'completed', conclusion: 'success' },
    ]);
  });

  it('hears of a push over git as synchronize, with before and after', async () => {
    const seen: string[] = [];
    running = await runProbot(f.github, SECRET, (app) => {
      app.on(
        'pull_request.synchronize',
        async ({ payload }) => void seen.push(`${payload.before} ${payload.after}`),
      );
    });
    const number = await openChange(f.repo);
    const before = await f.repo.sha('change');
    await inClone(async (git, dir) => {
      await git('checkout', '--quiet', 'change');
      await writeFile(join(dir, 'more.yml'), 'on: web\n');
      await git('add', '.');
      await git('commit', '--quiet', '-m', 'More');
      await git('push', '--quiet');
    });
    const after = await f.repo.sha('change');
    await f.github.waitFor(() => seen.length > 0, { what: 'synchronize' });
    expect(seen).toEqual([`${before} ${after}`]);
    expect(f.repo.pull(number).head.sha).toBe(after);
  });

  it('hears of a merge as closed and push', async () => {
    const seen: unknown[] = [];
    running = await runProbot(f.github, SECRET, (app) => {
      app.on(
        'pull_request.closed',
        async ({ payload }) => void seen.push(payload.pull_request.merge_commit_sha),
      );
      app.on('push', async ({ payload }) => void seen.push(payload.after));
    });
    const number = await openChange(f.repo);
    await f.github.settled();
    seen.length = 0;
    const sha = await f.repo.merge(number, 'ada');
    await f.github.waitFor(() => seen.length === 2, { what: 'closed and push' });
    expect(seen).toEqual([sha, sha]);
    expect(await f.repo.readFile('main', HOSTS)).toContain('web1');
  });

  it('lives with tokens that expire and answers that fail', async () => {
    const installation_id = f.github.world.installationOf(f.repo.repository)?.id ?? 0;
    const { data } = await f.app.rest.apps.createInstallationAccessToken({ installation_id });
    const bot = new Octokit({ baseUrl: f.github.apiUrl, auth: data.token });
    await bot.rest.pulls.list(f.at);
    f.github.expireTokens();
    expect(await refusal(bot.rest.pulls.list(f.at))).toBe('401 Bad credentials');
    f.github.failNext({ path: 'repos/get', status: 502, times: 2 });
    const as = f.as('ada');
    for (const expected of [/^502/, /^502/, /^not refused/])
      expect(await refusal(as.rest.repos.get(f.at))).toMatch(expected);
    expect(f.github.calls().get('repos/get')).toBe(3);
    const comment = { ...f.at, issue_number: await openChange(f.repo), body: 'Plan' };
    f.github.failNext({ path: 'issues/create-comment', status: 0, afterwards: true });
    expect(await refusal(as.rest.issues.createComment(comment))).toMatch(/^500/);
    expect(f.repo.comments(comment.issue_number)).toHaveLength(1);
  });
});

describe('git over HTTP', () => {
  it('lets nobody in without the right', async () => {
    f.repo.collaborator('bob', 'read');
    await inClone(async (git) => {
      await expect(git('push', '--quiet', 'origin', 'HEAD:refs/heads/mine')).rejects.toThrow(/403/);
    }, 'bob');
    f.repo.dismissCollaborator('bob');
    await expect(inClone(async () => undefined, 'bob')).rejects.toThrow(/not found/);
    await expect(
      run('git', ['ls-remote', `${f.github.url}/acme/shop.git`], { env: gitEnvironment() }),
    ).rejects.toThrow(/could not read Username/);
  });

  it('takes an installation token as a password', async () => {
    const installation_id = f.github.world.installationOf(f.repo.repository)?.id ?? 0;
    const { data } = await f.app.rest.apps.createInstallationAccessToken({ installation_id });
    const url = f.repo.cloneUrl('ada').replace(/\/\/[^@]*@/, `//x-access-token:${data.token}@`);
    const { stdout } = await run('git', ['ls-remote', url, 'refs/heads/main'], { env: gitEnvironment() });
    expect(stdout).toContain(await f.repo.sha('main'));
  });
});

it('says what happens as it happens', async () => {
  const heard: Happening[] = [];
  const stop = f.github.on((happening) => heard.push(happening));
  await openChange(f.repo);
  await f.repo.comment(1, '/plan', 'ada');
  stop();
  await f.repo.comment(1, '/deploy', 'ada');
  expect(heard.map(({ type, number }) => `${type} ${number ?? ''}`)).toEqual([
    'push ',
    'pull_request.opened 1',
    'comment.created 1',
  ]);
});

it('refuses an App that asks for events it may not read, as GitHub does', async () => {
  const asked = startGitHub({
    secret: SECRET,
    permissions: { pull_requests: 'write' },
    events: ['issue_comment'],
  });
  await expect(asked).rejects.toThrow('Default events are not supported by permissions: issue_comment');
});
