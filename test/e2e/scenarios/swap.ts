import type { Scenario } from '../scenario.ts';

const make = (path: string): string =>
  `dd if=/dev/zero of=${path} bs=1M count=2 status=none && chmod 600 ${path} && mkswap ${path}`;

// The hosts of the lab are containers, where nothing may be switched on (kinds-swap.test.ts): the half of the road that takes away.
export const scenario: Scenario = {
  kind: 'swap',
  before: `${make('/srv/trial-swap')} && ${make('/srv/trial-more')}`,
  create: `
- swap: /srv/trial-swap
  absent: true
`,
  plan: ['delete swap//srv/trial-swap'],
  created: [
    { run: ['test', '-e', '/srv/trial-swap'], status: 1 },
    { run: ['test', '-e', '/srv/trial-more'] },
  ],
  update: `
- swap: /srv/trial-swap
  absent: true
- swap: /srv/trial-more
  absent: true
`,
  updatePlan: ['delete swap//srv/trial-more'],
  updated: [{ run: ['test', '-e', '/srv/trial-more'], status: 1 }],
  drift: make('/srv/trial-swap'),
  driftPlan: ['delete swap//srv/trial-swap'],
  removePlan: ['forget swap//srv/trial-more', 'forget swap//srv/trial-swap'],
  removed: [{ run: ['sh', '-c', 'ls /srv/trial-swap /srv/trial-more'], status: 2 }],
};
