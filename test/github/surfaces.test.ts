// GitHub's surfaces where the double has no such trouble: cut-off trees, links, custom roles, teams, rebases, annotations.
import nock from 'nock';
import { ProbotOctokit } from 'probot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBlobs } from '../../src/github/blobs.ts';
import { readFiles, readSubtree } from '../../src/github/contents.ts';
import { readActor, readRole } from '../../src/github/permissions.ts';
import { readMergedOnto } from '../../src/github/pulls.ts';
import type { Pull } from '../../src/github/pulls.ts';
import { readReviews } from '../../src/github/reviews.ts';
import type { Repo } from '../../src/github/repo.ts';
import { createLog } from '../../src/log.ts';

class Plain extends ProbotOctokit {
  constructor() {
    super({ auth: { token: 'x' }, throttle: { enabled: false }, retry: { enabled: false } });
  }
}

let github: nock.Scope;
let repo: Repo;
beforeEach(() => {
  nock.disableNetConnect();
  github = nock('https://api.github.com');
  const octokit = new Plain();
  repo = {
    octokit,
    owner: 'acme',
    name: 'infra',
    id: 1,
    key: 'acme/infra',
    taken: false,
    installation: 1,
    log: createLog('silent'),
    blobs: createBlobs(),
  };
});
afterEach(() => {
  const pending = nock.pendingMocks();
  nock.cleanAll();
  nock.enableNetConnect();
  expect(pending).toEqual([]);
});

const REPO = '/repos/acme/infra';
const tree = (entries: readonly object[], truncated = false) => ({
  sha: 't',
  url: 'u',
  tree: entries,
  truncated,
});
const blob = (path: string, more: object = {}) => ({
  path,
  mode: '100644',
  type: 'blob',
  sha: `sha-${path}`,
  size: 2,
  ...more,
});

describe('readSubtree', () => {
  it('fails rather than miss the folder in a list that was cut off', async () => {
    github.get(`${REPO}/git/trees/c1`).reply(200, tree([blob('a')], true));
    await expect(readSubtree(repo, 'c1')).rejects.toThrow('cut off');
  });

  it.each([
    ['no such folder', [blob('deploy-configs.md')]],
    ['a file of that name', [blob('deploy-configs')]],
    ['a submodule of that name', [{ ...blob('deploy-configs'), type: 'commit', mode: '160000' }]],
  ])('says that there is none: %s', async (_, entries) => {
    github.get(`${REPO}/git/trees/c1`).reply(200, tree(entries));
    expect(await readSubtree(repo, 'c1')).toBeUndefined();
  });
});

describe('readFiles', () => {
  const list = (entries: readonly object[], truncated = false, commit = 'c1') => {
    const folder = { path: 'deploy-configs', mode: '040000', type: 'tree', sha: `folder-of-${commit}` };
    github.get(`${REPO}/git/trees/${commit}`).reply(200, tree([folder]));
    github.get(`${REPO}/git/trees/folder-of-${commit}?recursive=true`).reply(200, tree(entries, truncated));
  };
  const many = Array.from({ length: 2001 }, (_, index) => blob(`${index}`));

  it.each([
    ['a list that was cut off', [blob('a')], true, 'CONFIG_TOO_LARGE'],
    ['too many files', many, false, 'CONFIG_TOO_LARGE'],
    ['too large a file', [blob('a', { size: 9 * 1024 * 1024 })], false, 'CONFIG_TOO_LARGE'],
    [
      'too much in all',
      Array.from({ length: 5 }, (_, n) => blob(`${n}`, { size: 7 * 1024 * 1024 })),
      false,
      'CONFIG_TOO_LARGE',
    ],
    ['a symbolic link', [blob('a', { mode: '120000' })], false, 'CONFIG_INVALID'],
    ['a submodule', [blob('a', { mode: '160000', type: 'commit' })], false, 'CONFIG_INVALID'],
  ])('refuses %s', async (_, entries, truncated, code) => {
    list(entries, truncated);
    expect(await readFiles(repo, 'c1')).toMatchObject({ is: 'refused', reason: { code } });
  });

  it('reads bytes as they are, and each tree and blob once', async () => {
    list([blob('a.bin'), blob('sub', { type: 'tree' }), blob('sub/b.yml')]);
    const bytes = Buffer.from([0, 255, 10]).toString('base64');
    github.get(`${REPO}/git/blobs/sha-a.bin`).reply(200, { content: `${bytes}\n`, encoding: 'base64' });
    github.get(`${REPO}/git/blobs/sha-sub%2Fb.yml`).reply(200, { content: 'b', encoding: 'utf-8' });
    const expected = new Map([
      ['deploy-configs/a.bin', new Uint8Array([0, 255, 10])],
      ['deploy-configs/sub/b.yml', new Uint8Array([98])],
    ]);
    expect(await readFiles(repo, 'c1')).toEqual({ is: 'files', files: expected });
    expect(await readFiles(repo, 'c1')).toEqual({ is: 'files', files: expected });
    list([blob('a.bin'), blob('sub/b.yml')], false, 'c2');
    expect(await readFiles(repo, 'c2')).toEqual({ is: 'files', files: expected });
  });

  it('asks again for a tree that could not be read', async () => {
    github.get(`${REPO}/git/trees/c1`).reply(502, {});
    await expect(readFiles(repo, 'c1')).rejects.toMatchObject({ status: 502 });
    list([]);
    expect(await readFiles(repo, 'c1')).toEqual({ is: 'files', files: new Map() });
  });

  it('fails as a whole when one blob fails', async () => {
    list([blob('a'), blob('b')]);
    github.get(`${REPO}/git/blobs/sha-a`).reply(200, { content: 'YQ==', encoding: 'base64' });
    github.get(`${REPO}/git/blobs/sha-b`).reply(502, {});
    await expect(readFiles(repo, 'c1')).rejects.toMatchObject({ status: 502 });
  });
});

describe('createBlobs', () => {
  it('keeps at most 64 MiB, the newest', () => {
    const blobs = createBlobs();
    const large = new Uint8Array(30 * 1024 * 1024);
    for (const sha of ['a', 'b', 'b', 'c']) blobs.put(sha, large);
    expect(['a', 'b', 'c'].map((sha) => blobs.get(sha) !== undefined)).toEqual([false, true, true]);
  });
});

describe('readRole', () => {
  const permission = `${REPO}/collaborators/ada/permission`;
  it.each([
    ['a standard role', { role_name: 'maintain', permission: 'write' }, 'maintain'],
    ['a custom role by what it builds on', { role_name: 'deployer', permission: 'write' }, 'write'],
    ['an unknown word as no role', { role_name: 'deployer', permission: 'super' }, 'none'],
  ])('takes %s', async (_, answer, role) => {
    github.get(permission).reply(200, answer);
    expect(await readRole(repo, 'ada')).toBe(role);
  });

  it('takes an account that is not there as no role', async () => {
    github.get(permission).reply(404, {});
    expect(await readRole(repo, 'ada')).toBe('none');
  });

  it('fails when GitHub fails, rather than guess', async () => {
    github.get(permission).reply(500, {});
    await expect(readRole(repo, 'ada')).rejects.toMatchObject({ status: 500 });
  });
});

describe('readActor', () => {
  it('knows the teams of the policy that somebody belongs to', async () => {
    github.get(`${REPO}/collaborators/ada/permission`).reply(200, { role_name: 'read', permission: 'read' });
    github.get('/orgs/acme/teams/ops/memberships/ada').reply(200, { state: 'active', role: 'member' });
    github.get('/orgs/acme/teams/dba/memberships/ada').reply(200, { state: 'pending', role: 'member' });
    github.get('/orgs/acme/teams/sec/memberships/ada').reply(404, {});
    expect(
      await readActor(repo, { login: 'ada', bot: false }, ['admin', '@acme/ops', '@acme/dba', '@acme/sec']),
    ).toEqual({
      login: 'ada',
      bot: false,
      role: 'read',
      teams: ['@acme/ops'],
    });
  });

  it('asks nothing about a bot', async () => {
    expect(await readActor(repo, { login: 'ci[bot]', bot: true }, ['write'])).toMatchObject({ role: 'none' });
  });
});

describe('readReviews', () => {
  const review = (login: string, state: string, more: object = {}) => {
    return {
      user: { login, type: 'User' },
      state,
      commit_id: 'c1',
      submitted_at: '2026-11-22T12:00:00Z',
      ...more,
    };
  };

  it('reads all pages, leaves out comments and bots, and asks for each role once', async () => {
    const link = `<https://api.github.com${REPO}/pulls/7/reviews?per_page=100&page=2>; rel="next"`;
    github
      .get(`${REPO}/pulls/7/reviews?per_page=100`)
      .reply(
        200,
        [
          review('ada', 'APPROVED'),
          review('ada', 'COMMENTED'),
          review('ci', 'APPROVED', { user: { login: 'ci', type: 'Bot' } }),
        ],
        { link },
      );
    github
      .get(`${REPO}/pulls/7/reviews?per_page=100&page=2`)
      .reply(200, [
        review('ada', 'DISMISSED'),
        review('bob', 'CHANGES_REQUESTED'),
        review('ghost', 'APPROVED', { user: null }),
      ]);
    for (const login of ['ada', 'bob']) {
      github
        .get(`${REPO}/collaborators/${login}/permission`)
        .reply(200, { role_name: 'write', permission: 'write' });
    }
    const read = await readReviews(repo, 7);
    expect(read.map(({ by, state, role }) => [by, state, role])).toEqual([
      ['ada', 'approved', 'write'],
      ['ada', 'dismissed', 'write'],
      ['bob', 'changes-requested', 'write'],
    ]);
  });
});

describe('readMergedOnto', () => {
  const pull = (commits: number): Pull => ({
    number: 7,
    author: 'ada',
    head: 'h',
    from: null,
    fork: false,
    base: 'main',
    baseCommit: 't',
    defaultBranch: 'main',
    state: 'merged',
    mergeCommit: 'm',
    mergedBy: null,
    commits,
    site: '',
  });
  const parents = (commit: string, ...of: readonly string[]) =>
    github
      .get(`${REPO}/git/commits/${commit}`)
      .reply(200, { sha: commit, parents: of.map((sha) => ({ sha })) });
  const pulls = (commit: string, ...of: readonly number[]) =>
    github.get(`${REPO}/commits/${commit}/pulls`).reply(
      200,
      of.map((number) => ({ number, merged_at: '2026-11-22T12:00:00Z' })),
    );

  it('takes the first parent of a merge commit', async () => {
    parents('m', 'base', 'h');
    expect(await readMergedOnto(repo, pull(3), 'm')).toBe('base');
  });

  it('takes the parent of a squashed or single commit', async () => {
    parents('m', 'base');
    expect(await readMergedOnto(repo, pull(1), 'm')).toBe('base');
  });

  it('takes the parent of a squash of several commits', async () => {
    parents('m', 'base');
    pulls('base', 6);
    expect(await readMergedOnto(repo, pull(3), 'm')).toBe('base');
  });

  it('goes back over the commits that a rebase left', async () => {
    parents('m', 'r2');
    pulls('r2', 7);
    parents('r2', 'r1');
    pulls('r1', 7);
    parents('r1', 'base');
    expect(await readMergedOnto(repo, pull(3), 'm')).toBe('base');
  });
});
