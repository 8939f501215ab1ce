import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'hostname',
  create: `
- hostname: static
  name: trial-host
`,
  plan: ['update hostname/static'],
  created: [
    { run: ['uname', '-n'], stdout: /^trial-host$/m },
    { run: ['cat', '/etc/hostname'], stdout: /^trial-host\n$/ },
  ],
  update: `
- hostname: static
  name: trial-host.example.com
`,
  updatePlan: ['update hostname/static'],
  updated: [{ run: ['hostname'], stdout: /^trial-host\.example\.com$/m }],
  drift: 'hostname other',
  driftPlan: ['update hostname/static'],
  removePlan: ['forget hostname/static'],
  removed: [{ run: ['uname', '-n'], stdout: /^trial-host\.example\.com$/m }],
};
