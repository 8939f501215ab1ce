import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'symlink',
  before: 'ln -s /etc/old-target /etc/found-link',
  create: `
- symlink: /etc/trial-link
  to: /etc/hostname
- symlink: /etc/found-link
  to: /etc/old-target
`,
  plan: ['create symlink//etc/trial-link', 'adopt symlink//etc/found-link'],
  created: [{ run: ['readlink', '/etc/trial-link'], stdout: /^\/etc\/hostname$/m }],
  update: `
- symlink: /etc/trial-link
  to: "../a 'b'"
- symlink: /etc/found-link
  to: /etc/old-target
`,
  updatePlan: ['update symlink//etc/trial-link'],
  updated: [{ run: ['readlink', '/etc/trial-link'], stdout: /^\.\.\/a 'b'$/m }],
  drift: 'ln -sfn /elsewhere /etc/trial-link',
  driftPlan: ['update symlink//etc/trial-link'],
  removePlan: ['forget symlink//etc/found-link', 'delete symlink//etc/trial-link'],
  removed: [
    { run: ['test', '-L', '/etc/trial-link'], status: 1 },
    { run: ['test', '-L', '/etc/found-link'] },
  ],
};
