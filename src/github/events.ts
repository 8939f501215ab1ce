// The events that the App acts on; everything else is acknowledged and forgotten.
import { z } from 'zod';

export const EventName = z.enum([
  'pull_request',
  'pull_request_review',
  'issue_comment',
  'check_run',
  'check_suite',
  'push',
]);
export type EventName = z.infer<typeof EventName>;
