import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'group',
  create: `
- group: trialgroup
  system: true
`,
  plan: ['create group/trialgroup'],
  created: [{ run: ['getent', 'group', 'trialgroup'], stdout: /^trialgroup:/m }],
  update: `
- group: trialgroup
  gid: 4711
`,
  updatePlan: ['update group/trialgroup'],
  updated: [{ run: ['getent', 'group', 'trialgroup'], stdout: /:4711:/ }],
  drift: 'groupmod -g 4712 trialgroup',
  driftPlan: ['update group/trialgroup'],
  removePlan: ['delete group/trialgroup'],
  removed: [{ run: ['getent', 'group', 'trialgroup'], status: 2 }],
};
