// Reviews of a pull request: given, written down, told to the App.
import { Refusal } from './http.ts';
import type { JsonObject } from './json.ts';
import { association, simplePullJson } from './pull-json.ts';
import { accountJson, nodeId, repoApi, repoHtml } from './shapes.ts';
import { type Account, type Issue, type Repository, type Review, stamp } from './state.ts';
import type { World } from './world.ts';

const STATES: Readonly<Record<string, Review['state']>> = {
  APPROVE: 'APPROVED',
  REQUEST_CHANGES: 'CHANGES_REQUESTED',
  COMMENT: 'COMMENTED',
};

export function reviewJson(world: World, repo: Repository, issue: Issue, review: Review): JsonObject {
  const html = `${repoHtml(world, repo)}/pull/${issue.number}#pullrequestreview-${review.id}`;
  const pull = `${repoApi(world, repo)}/pulls/${issue.number}`;
  return {
    id: review.id,
    node_id: nodeId('PRR', review.id),
    user: accountJson(world, review.user),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: pull,
    author_association: association(repo, review.user),
    _links: { html: { href: html }, pull_request: { href: pull } },
    submitted_at: review.submittedAt,
    commit_id: review.commit,
  };
}

function tell(
  world: World,
  repo: Repository,
  issue: Issue,
  review: Review,
  action: 'submitted' | 'dismissed',
  by: Account,
): void {
  if (issue.pull === undefined) return;
  // A webhook says the state in small letters, the REST API in capitals.
  world.outbox.emit(`pull_request_review.${action}`, repo, by, {
    review: { ...reviewJson(world, repo, issue, review), state: review.state.toLowerCase() },
    pull_request: simplePullJson(world, repo, issue, issue.pull),
  });
}

export function dismissReview(world: World, repo: Repository, issue: Issue, id: number, by: Account): void {
  const review = issue.pull?.reviews.find((each) => each.id === id);
  if (review === undefined || review.state === 'COMMENTED')
    throw new Refusal(422, 'Can not dismiss a commented pull request review');
  review.state = 'DISMISSED';
  tell(world, repo, issue, review, 'dismissed', by);
}

export function addReview(
  world: World,
  repo: Repository,
  issue: Issue,
  given: { by: Account; event: string; body: string; commit: string },
): Review {
  const { pull } = issue;
  const state = STATES[given.event];
  if (pull === undefined || state === undefined)
    throw new Refusal(422, 'Unprocessable Entity', { errors: ['Could not submit review'] });
  if (given.by === issue.author && state === 'APPROVED')
    throw new Refusal(422, 'Unprocessable Entity', { errors: ['Can not approve your own pull request'] });
  if (given.by === issue.author && state === 'CHANGES_REQUESTED')
    throw new Refusal(422, 'Unprocessable Entity', {
      errors: ['Can not request changes on your own pull request'],
    });
  const review: Review = {
    id: world.nextId(),
    user: given.by,
    body: given.body,
    state,
    commit: given.commit,
    submittedAt: stamp(),
  };
  pull.reviews.push(review);
  tell(world, repo, issue, review, 'submitted', given.by);
  world.say('review.submitted', repo, { by: given.by.login, state, body: given.body }, issue.number);
  return review;
}
