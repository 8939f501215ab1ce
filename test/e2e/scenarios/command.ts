import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'command',
  create: `
- command: make-marker
  run: [touch, "/var/lib/trial marker"]
  creates: "/var/lib/trial marker"
`,
  plan: ['run command/make-marker'],
  created: [{ run: ['test', '-e', '/var/lib/trial marker'] }],
  update: `
- command: make-marker
  run: [cp, /etc/hostname, "/var/lib/trial marker 2"]
  creates: "/var/lib/trial marker 2"
`,
  updatePlan: ['run command/make-marker'],
  updated: [{ run: ['cmp', '/etc/hostname', '/var/lib/trial marker 2'] }],
  drift: 'rm "/var/lib/trial marker 2"',
  driftPlan: ['run command/make-marker'],
  removePlan: ['forget command/make-marker'],
  removed: [{ run: ['test', '-e', '/var/lib/trial marker 2'] }],
};
