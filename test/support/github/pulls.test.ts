import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fixture, HOSTS, openChange, refusal, startFixture } from './fixture.ts';

let f: Fixture;
let pull_number: number;
beforeEach(async () => {
  f = await startFixture();
  pull_number = await openChange(f.repo);
});
afterEach(() => f.github.stop());

describe('a pull request', () => {
  it('has its files, commits and counts from git', async () => {
    const at = { ...f.at, pull_number };
    expect((await f.bot.rest.pulls.get(at)).data).toMatchObject({
      mergeable: true,
      mergeable_state: 'clean',
      commits: 1,
      changed_files: 1,
      additions: 1,
      deletions: 1,
    });
    const { data: files } = await f.bot.rest.pulls.listFiles(at);
    expect(files).toMatchObject([
      { filename: HOSTS, status: 'modified', patch: expect.stringContaining('+hosts: { web1: {} }') },
    ]);
    const { data: commits } = await f.bot.rest.pulls.listCommits(at);
    expect(commits).toMatchObject([{ commit: { message: 'Add a host' }, author: { login: 'ada' } }]);
  });

  it('can be opened by the API, once', async () => {
    await f.repo.commit({ branch: 'other', message: 'Other', files: { 'other.yml': 'on: web\n' } });
    const opening = { ...f.at, title: 'Other', head: 'other', base: 'main' };
    const { data } = await f.as('ada').rest.pulls.create(opening);
    expect(data.number).toBe(2);
    expect(await refusal(f.as('ada').rest.pulls.create(opening))).toContain(
      'A pull request already exists for acme:other.',
    );
    expect(await refusal(f.as('ada').rest.pulls.create({ ...opening, head: 'main' }))).toContain(
      'No commits between main and main',
    );
    expect(await refusal(f.as('ada').rest.pulls.create({ ...opening, head: 'nowhere' }))).toContain('422');
  });

  it('can come from a fork', async () => {
    f.github.createUser('eve');
    const fork = await f.github.createRepo('eve', 'shop', { forkOf: f.repo });
    await fork.commit({ branch: 'gift', message: 'Gift', author: 'eve', files: { 'gift.yml': 'x: 1\n' } });
    f.repo.collaborator('eve', 'read');
    const number = await f.repo.openPull({ title: 'A gift', head: 'gift', by: 'eve', from: fork });
    const { data } = await f.bot.rest.pulls.get({ ...f.at, pull_number: number });
    expect(data.head).toMatchObject({ label: 'eve:gift', repo: { full_name: 'eve/shop', fork: true } });
    // The commit can be read through the base repository, as on GitHub.
    await f.bot.rest.git.getCommit({ ...f.at, commit_sha: data.head.sha });
    const check = await f.bot.rest.checks.create({ ...f.at, name: 'plan', head_sha: data.head.sha });
    expect(check.data.pull_requests).toEqual([]);
    const before = data.head.sha;
    await fork.commit({ branch: 'gift', message: 'More', author: 'eve', files: { 'more.yml': 'x: 1\n' } });
    expect(f.repo.pull(number).head.sha).not.toBe(before);
    await f.repo.merge(number, 'ada');
    expect(await f.repo.readFile('main', 'more.yml')).toBe('x: 1\n');
  });

  it('closes with its branch, and can be reopened when that is back', async () => {
    const sha = await f.repo.sha('change');
    await f.repo.deleteBranch('change', 'ada');
    expect(f.repo.issue(pull_number).state).toBe('closed');
    await f.repo.forcePush('change', sha, 'ada');
    await f.repo.reopenPull(pull_number, 'ada');
    expect(f.repo.issue(pull_number).state).toBe('open');
  });
});

describe('what is done to a pull request', () => {
  it('is told: another base, a draft, a review taken back', async () => {
    f.github.setWebhookUrl('http://127.0.0.1:9/nobody');
    f.repo.collaborator('bob', 'write');
    await f.repo.commit({
      branch: 'release',
      message: 'Release',
      author: 'ada',
      files: { 'r.yml': 'r: 1\n' },
    });
    await f.as('ada').rest.pulls.update({ ...f.at, pull_number, base: 'release' });
    expect((await f.bot.rest.pulls.get({ ...f.at, pull_number })).data.base.ref).toBe('release');
    await f.repo.setDraft(pull_number, true, 'ada');
    expect((await f.bot.rest.pulls.get({ ...f.at, pull_number })).data).toMatchObject({
      draft: true,
      mergeable_state: 'draft',
    });
    await f.repo.setDraft(pull_number, false, 'ada');
    const review = await f.repo.review(pull_number, { by: 'bob', state: 'APPROVE' });
    await f.repo.dismissReview(pull_number, review.id, 'ada');
    await f.repo.rerequestSuite(await f.repo.sha('change'), 'ada');
    await f.github.settled();
    const told = f.github
      .deliveries()
      .toReversed()
      .filter(({ event }) => event !== 'push');
    expect(told.map(({ event, action }) => `${event}.${action}`)).toEqual([
      'check_suite.requested',
      'pull_request.edited',
      'pull_request.converted_to_draft',
      'pull_request.ready_for_review',
      'pull_request_review.submitted',
      'pull_request_review.dismissed',
      'check_suite.rerequested',
    ]);
    expect(told[1]?.request.payload['changes']).toMatchObject({ base: { ref: { from: 'main' } } });
  });
});

describe('merging', () => {
  const at = (): { owner: string; repo: string; pull_number: number } => ({ ...f.at, pull_number });

  it('makes a merge commit, and names the pull request for it', async () => {
    const { data } = await f.as('ada').rest.pulls.merge(at());
    const commit = await f.bot.rest.git.getCommit({ ...f.at, commit_sha: data.sha });
    expect(commit.data.message).toBe('Merge pull request #1 from acme/change\n\nAdd a host');
    expect(commit.data.parents).toHaveLength(2);
    const { data: pulls } = await f.bot.rest.repos.listPullRequestsAssociatedWithCommit({
      ...f.at,
      commit_sha: data.sha,
    });
    expect(pulls.map(({ number }) => number)).toEqual([pull_number]);
    expect((await f.bot.rest.pulls.get(at())).data).toMatchObject({
      merged: true,
      merge_commit_sha: data.sha,
      merged_by: { login: 'ada' },
      changed_files: 1,
    });
    expect((await f.bot.rest.pulls.checkIfMerged(at())).status).toBe(204);
  });

  it.each(['squash', 'rebase'] as const)('makes one straight line by %s', async (merge_method) => {
    await f.repo.commit({ branch: 'change', message: 'Second', author: 'ada', files: { 'b.yml': 'b: 1\n' } });
    const { data } = await f.as('ada').rest.pulls.merge({ ...at(), merge_method });
    const { data: commits } = await f.bot.rest.repos.listCommits({ ...f.at, sha: 'main' });
    expect(commits[0]?.sha).toBe(data.sha);
    expect(commits.map(({ commit }) => commit.message)).toEqual(
      merge_method === 'squash' ? ['Add a host (#1)', 'Start'] : ['Second', 'Add a host', 'Start'],
    );
  });

  it('refuses a head that has moved, a conflict and a missing check', async () => {
    expect(await refusal(f.as('ada').rest.pulls.merge({ ...at(), sha: '0'.repeat(40) }))).toBe(
      '409 Head branch was modified. Review and try the merge again.',
    );
    f.repo.protect('main', { requiredChecks: ['tests'], approvals: 1 });
    expect(await refusal(f.as('ada').rest.pulls.merge(at()))).toBe(
      '405 Required status check "tests" is expected.',
    );
    f.repo.protect('main', { approvals: 1 });
    expect(await refusal(f.as('ada').rest.pulls.merge(at()))).toMatch(/^405 At least 1 approving review/);
    f.repo.collaborator('bob', 'write');
    await f.repo.review(pull_number, { by: 'bob', state: 'APPROVE' });
    await f.repo.commit({
      branch: 'main',
      message: 'Elsewhere',
      author: 'ada',
      files: { [HOSTS]: 'hosts: { db1: {} }\n' },
    });
    expect((await f.bot.rest.pulls.get(at())).data).toMatchObject({
      mergeable: false,
      mergeable_state: 'dirty',
    });
    expect(await refusal(f.as('ada').rest.pulls.merge(at()))).toBe('405 Pull Request is not mergeable');
  });
});

describe('a review', () => {
  it('is for a commit, and not for oneself', async () => {
    f.repo.collaborator('bob', 'write');
    const given = { ...f.at, pull_number, event: 'APPROVE' as const };
    expect(await refusal(f.as('ada').rest.pulls.createReview(given))).toContain('422');
    await f.as('bob').rest.pulls.createReview(given);
    const { data } = await f.bot.rest.pulls.listReviews({ ...f.at, pull_number });
    expect(data).toMatchObject([
      { state: 'APPROVED', user: { login: 'bob' }, commit_id: await f.repo.sha('change') },
    ]);
  });
});
