// The webhook events that the double can send, by the names GitHub's description gives them.

export const WEBHOOKS = [
  'pull_request.opened',
  'pull_request.synchronize',
  'pull_request.reopened',
  'pull_request.closed',
  'pull_request.edited',
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
  'check_suite.completed',
  'pull_request_review.submitted',
  'deployment.created',
  'deployment_status.created',
  'installation.created',
  'installation_repositories.added',
  'ping',
] as const;

export type EventName = (typeof WEBHOOKS)[number];
