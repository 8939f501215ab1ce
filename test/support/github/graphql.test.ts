import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Fixture, openChange, startFixture } from './fixture.ts';

let f: Fixture;
let number: number;
beforeEach(async () => {
  f = await startFixture();
  number = await openChange(f.repo);
});
afterEach(() => f.github.stop());

const QUERY = `query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { reviewDecision commits(last: 1) { nodes { commit { oid
    statusCheckRollup { state contexts(first: 100) { nodes { __typename
      ... on CheckRun { name conclusion status isRequired(pullRequestNumber: $number) checkSuite { app { databaseId } } }
      ... on StatusContext { context state isRequired(pullRequestNumber: $number) } } } } } } } } } }`;

it('says what is required, and what has been decided', async () => {
  f.repo.protect('main', { requiredChecks: ['tests'], approvals: 1 });
  const sha = await f.repo.sha('change');
  const ci = f.github.createApp('ci');
  await f.repo.foreignCheck({ app: ci, sha, name: 'tests', conclusion: 'failure' });
  await f.repo.foreignCheck({ app: ci, sha, name: 'lint', conclusion: 'success' });
  const answer = await f.bot.graphql(QUERY, { owner: 'acme', name: 'shop', number });
  const nodes = [
    {
      __typename: 'CheckRun',
      name: 'tests',
      conclusion: 'FAILURE',
      isRequired: true,
      checkSuite: { app: { databaseId: ci.id } },
    },
    { __typename: 'CheckRun', name: 'lint', conclusion: 'SUCCESS', isRequired: false },
  ];
  expect(answer).toMatchObject({
    repository: {
      pullRequest: {
        reviewDecision: 'REVIEW_REQUIRED',
        commits: {
          nodes: [{ commit: { oid: sha, statusCheckRollup: { state: 'FAILURE', contexts: { nodes } } } }],
        },
      },
    },
  });
});

it('counts commit statuses among the checks', async () => {
  const sha = await f.repo.sha('change');
  await f.repo.status({ sha, context: 'ci/old', state: 'pending', by: 'ada' });
  const answer = await f.bot.graphql(QUERY, { owner: 'acme', name: 'shop', number });
  expect(JSON.stringify(answer)).toContain('"context":"ci/old","state":"PENDING","isRequired":false');
  const { data } = await f.bot.rest.repos.getCombinedStatusForRef({ ...f.at, ref: 'change' });
  expect(data).toMatchObject({ state: 'pending', statuses: [{ context: 'ci/old' }] });
});

it('minimizes a comment', async () => {
  const { data } = await f.bot.rest.issues.createComment({ ...f.at, issue_number: number, body: 'old plan' });
  const mutation =
    'mutation($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { minimizedComment { isMinimized } } }';
  expect(await f.bot.graphql(mutation, { id: data.node_id })).toMatchObject({
    minimizeComment: { minimizedComment: { isMinimized: true } },
  });
  expect(f.repo.comments(number)[0]?.minimized).toBe('outdated');
});

it('refuses what it does not know', async () => {
  await expect(f.bot.graphql('query { viewer { login } }')).rejects.toThrow(
    'the double does not know this query',
  );
  const unknown = `query { repository(owner: "acme", name: "shop") { pullRequest(number: ${number}) { mergeStateStatus } } }`;
  await expect(f.bot.graphql(unknown)).rejects.toThrow(
    "Field 'mergeStateStatus' is not one the double knows",
  );
});
