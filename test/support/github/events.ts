// The webhook events that the double can send, by the names GitHub's description gives them.

export const WEBHOOKS = [
  'pull_request.opened',
  'pull_request.synchronize',
  'pull_request.reopened',
  'pull_request.closed',
  'pull_request.edited',
  'pull_request.ready_for_review',
  'pull_request.converted_to_draft',
  'push',
  'issue_comment.created',
  'issue_comment.edited',
  'issue_comment.deleted',
  'check_run.created',
  'check_run.completed',
  'check_run.rerequested',
  'check_run.requested_action',
  'check_suite.requested',
  'check_suite.rerequested',
  'pull_request_review.submitted',
  'pull_request_review.dismissed',
  'deployment.created',
  'deployment_status.created',
  'installation.created',
  'installation_repositories.added',
] as const;

export type EventName = (typeof WEBHOOKS)[number];

/** What an App must be allowed to read before it may subscribe. https://docs.github.com/en/webhooks/webhook-events-and-payloads */
export const EVENT_NEEDS: Readonly<Record<string, string>> = {
  pull_request: 'pull_requests',
  pull_request_review: 'pull_requests',
  issue_comment: 'issues',
  push: 'contents',
  check_run: 'checks',
  check_suite: 'checks',
  deployment: 'deployments',
  deployment_status: 'deployments',
};
