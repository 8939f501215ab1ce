import type { Scenario } from '../scenario.ts';

// A group has nothing that could be changed under the files that carry its number, so the change is another group.
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
  system: true
- group: trialnumbered
  gid: 4711
`,
  updatePlan: ['create group/trialnumbered'],
  updated: [
    { run: ['getent', 'group', 'trialgroup'], stdout: /^trialgroup:/m },
    { run: ['getent', 'group', 'trialnumbered'], stdout: /:4711:/ },
  ],
  drift: 'groupdel trialnumbered',
  driftPlan: ['create group/trialnumbered'],
  removePlan: ['delete group/trialnumbered', 'delete group/trialgroup'],
  removed: [
    { run: ['getent', 'group', 'trialgroup'], status: 2 },
    { run: ['getent', 'group', 'trialnumbered'], status: 2 },
  ],
};
