import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Fixture, openChange, refusal, startFixture } from './fixture.ts';

let f: Fixture;
let issue_number: number;
beforeEach(async () => {
  f = await startFixture();
  issue_number = await openChange(f.repo);
});
afterEach(() => f.github.stop());

it('are made, edited and deleted, and say which App wrote them', async () => {
  const { data: made } = await f.bot.rest.issues.createComment({ ...f.at, issue_number, body: 'Plan' });
  expect(made).toMatchObject({
    user: { login: 'ashore[bot]', type: 'Bot' },
    performed_via_github_app: { id: f.github.appId },
  });
  await f.bot.rest.issues.updateComment({ ...f.at, comment_id: made.id, body: 'Another plan' });
  expect(f.repo.comments(issue_number)).toMatchObject([{ body: 'Another plan' }]);
  await f.bot.rest.issues.deleteComment({ ...f.at, comment_id: made.id });
  expect(f.repo.comments(issue_number)).toEqual([]);
});

it('are as long as GitHub lets them be', async () => {
  const make = (body: string): Promise<unknown> =>
    f.bot.rest.issues.createComment({ ...f.at, issue_number, body });
  expect(await refusal(make('x'.repeat(65_537)))).toContain('Body is too long (maximum is 65536 characters)');
  expect(await refusal(make(' '))).toContain('422 Validation Failed');
  await make('x'.repeat(65_536));
});

it('come in pages', async () => {
  for (let count = 0; count < 7; count += 1) await f.repo.comment(issue_number, `number ${count}`, 'ada');
  const first = await f.bot.rest.issues.listComments({ ...f.at, issue_number, per_page: 3 });
  expect(first.headers.link).toMatch(/page=2>; rel="next".*page=3>; rel="last"/);
  const all = await f.bot.paginate(f.bot.rest.issues.listComments, { ...f.at, issue_number, per_page: 3 });
  expect(all.map(({ body }) => body)).toEqual(Array.from({ length: 7 }, (_, at) => `number ${at}`));
});

it('are answered 304 to who has them already', async () => {
  const { headers } = await f.bot.rest.issues.listComments({ ...f.at, issue_number });
  const again = f.bot.rest.issues.listComments({
    ...f.at,
    issue_number,
    headers: { 'if-none-match': headers.etag ?? '' },
  });
  expect(await refusal(again)).toMatch(/^304/);
  await f.repo.comment(issue_number, 'new', 'ada');
  const changed = await f.bot.rest.issues.listComments({
    ...f.at,
    issue_number,
    headers: { 'if-none-match': headers.etag ?? '' },
  });
  expect(changed.data).toHaveLength(1);
});

it('take one reaction of a kind from each', async () => {
  const comment = await f.repo.comment(issue_number, '/plan', 'ada');
  const at = { ...f.at, comment_id: comment.id };
  const { data: eyes, status } = await f.bot.rest.reactions.createForIssueComment({ ...at, content: 'eyes' });
  expect(status).toBe(201);
  expect((await f.bot.rest.reactions.createForIssueComment({ ...at, content: 'eyes' })).status).toBe(200);
  expect((await f.bot.rest.reactions.listForIssueComment(at)).data).toMatchObject([
    { content: 'eyes', user: { login: 'ashore[bot]' } },
  ]);
  await f.bot.rest.reactions.deleteForIssueComment({ ...at, reaction_id: eyes.id });
  expect(comment.reactions).toEqual([]);
});

it('are told with what they were before', async () => {
  f.github.setWebhookUrl('http://127.0.0.1:9/nobody');
  const comment = await f.repo.comment(issue_number, '/deploy', 'ada');
  await f.repo.editComment(comment.id, '/deploy 7f3a9c', 'ada');
  await f.repo.deleteComment(comment.id, 'ada');
  await f.github.settled();
  const told = f.github
    .deliveries()
    .toReversed()
    .map(({ action, request }) => ({ action, ...request.payload }));
  expect(told).toMatchObject([
    {
      action: 'created',
      issue: { number: 1, pull_request: { url: expect.stringContaining('/pulls/1') } },
      comment: { body: '/deploy' },
    },
    { action: 'edited', changes: { body: { from: '/deploy' } } },
    { action: 'deleted' },
  ]);
});

it('need the right permission for what they are on', async () => {
  const issue = await f.repo.openIssue('Drift', 'db1 drifted', 'ada');
  const at = { ...f.at, issue_number: issue, body: 'noted' };
  expect(await refusal(f.bot.rest.issues.createComment(at))).toBe(
    '403 Resource not accessible by integration',
  );
  await f.as('ada').rest.issues.createComment(at);
});
