// Every REST operation the double serves, by the id GitHub's description gives it. Method, path and answers are GitHub's own.
import { activityOperations } from './activities.ts';
import { appOperations } from './apps.ts';
import { checkOperations } from './checks-rest.ts';
import { commentOperations } from './comments.ts';
import { commitOperations } from './commits.ts';
import { deploymentOperations } from './deployments.ts';
import { gitOperations } from './gitdata.ts';
import type { Operation } from './http.ts';
import { issueOperations } from './issues.ts';
import { pullOperations } from './pulls-rest.ts';
import { reactionOperations } from './reactions.ts';
import { statusOperations } from './statuses.ts';
import { teamOperations } from './teams.ts';

export const operations: Readonly<Record<string, Operation>> = {
  ...activityOperations,
  ...appOperations,
  ...checkOperations,
  ...commentOperations,
  ...commitOperations,
  ...gitOperations,
  ...deploymentOperations,
  ...issueOperations,
  ...pullOperations,
  ...reactionOperations,
  ...statusOperations,
  ...teamOperations,
};
