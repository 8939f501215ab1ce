import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'user',
  create: `
- user: trialsys
  system: true
- user: trialist
  shell: /bin/sh
  groups: [adm]
`,
  plan: ['create user/trialsys', 'create user/trialist'],
  created: [
    { run: ['getent', 'passwd', 'trialist'], stdout: /:\/bin\/sh$/m },
    { run: ['id', '-nG', 'trialist'], stdout: /\badm\b/ },
  ],
  update: `
- user: trialsys
  system: true
- user: trialist
  shell: /bin/bash
  groups: [adm, games]
`,
  updatePlan: ['update user/trialist'],
  updated: [
    { run: ['getent', 'passwd', 'trialist'], stdout: /:\/bin\/bash$/m },
    { run: ['id', '-nG', 'trialist'], stdout: /\bgames\b/ },
  ],
  drift: 'usermod -s /bin/dash trialist',
  driftPlan: ['update user/trialist'],
  removePlan: ['forget user/trialist', 'forget user/trialsys'],
  removed: [{ run: ['getent', 'passwd', 'trialist'], stdout: /trialist/ }],
};
