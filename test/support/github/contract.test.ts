import { expect, it } from 'vitest';
import { Contract, described } from './contract.ts';
import { startGitHub } from './double.ts';
import { WEBHOOKS } from './events.ts';
import { Octokit } from 'octokit';
import { SECRET, PERMISSIONS } from './fixture.ts';
import { operations } from './operations.ts';

it('covers every operation that the double serves, and no other', () => {
  expect(
    described()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(Object.keys(operations).toSorted());
});

it('catches an answer, a status and a webhook that GitHub would not give', () => {
  const found: string[] = [];
  const contract = new Contract(found);
  contract.response('reactions/create-for-issue-comment', 201, {
    id: 1,
    node_id: 'R',
    user: null,
    content: 'shrug',
    created_at: 'yesterday',
  });
  contract.response('issues/delete-comment', 200, {});
  contract.webhook('push', { ref: 'refs/heads/main' });
  expect(found).toHaveLength(3);
  expect(found[0]).toMatch(
    /content must be equal to one of the allowed values.*created_at must match format "date-time"/,
  );
  expect(found[1]).toBe('response issues/delete-comment: GitHub never answers 200');
  expect(found[2]).toMatch(/^webhook push: .*must have required property 'after'/);
});

it.each(WEBHOOKS)('has a schema for %s', (name) => {
  const found: string[] = [];
  new Contract(found).webhook(name, { action: 'never heard of' });
  expect(found).toHaveLength(1);
});

it('makes stop fail', async () => {
  const github = await startGitHub({ secret: SECRET, permissions: PERMISSIONS, events: [] });
  const repo = await github.createRepo('acme', 'shop', { private: false });
  await repo.commit({ branch: 'main', message: 'Start', files: { 'a.txt': 'a' } });
  repo.repository.pushedAt = 'yesterday';
  await new Octokit({ baseUrl: github.apiUrl, auth: github.token('acme') }).rest.repos.get({
    owner: 'acme',
    repo: 'shop',
  });
  expect(github.violations()).toHaveLength(1);
  await expect(github.stop()).rejects.toThrow('pushed_at must match format "date-time"');
});
