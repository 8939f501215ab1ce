import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'directory',
  create: `
- directory: /srv/trial
- directory: /srv/trial/inner
  owner: root
  group: adm
  mode: "0750"
`,
  plan: ['create directory//srv/trial', 'create directory//srv/trial/inner'],
  created: [{ run: ['stat', '-c', '%F %a %U:%G', '/srv/trial/inner'], stdout: /^directory 750 root:adm$/m }],
  update: `
- directory: /srv/trial
- directory: /srv/trial/inner
  owner: root
  group: adm
  mode: "2770"
`,
  updatePlan: ['update directory//srv/trial/inner'],
  updated: [{ run: ['stat', '-c', '%a', '/srv/trial/inner'], stdout: /^2770$/m }],
  drift: 'rmdir /srv/trial/inner',
  driftPlan: ['create directory//srv/trial/inner'],
  removePlan: ['delete directory//srv/trial/inner', 'delete directory//srv/trial'],
  removed: [{ run: ['test', '-e', '/srv/trial/inner'], status: 1 }],
};
