import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'mount',
  create: `
- mount: /srv/trial-scratch
  what: tmpfs
  type: tmpfs
  options: [size=1m, mode=0750]
- mount: /srv/bound
  what: /etc
  options: [bind]
`,
  plan: ['create mount//srv/trial-scratch', 'create mount//srv/bound'],
  created: [
    { run: ['findmnt', '-n', '-o', 'FSTYPE,OPTIONS', '/srv/trial-scratch'], stdout: /^tmpfs\s.*size=1024k/m },
    { run: ['test', '-e', '/srv/bound/hostname'] },
    { run: ['systemctl', 'is-enabled', 'srv-trial\\x2dscratch.mount'], stdout: /^enabled$/m },
  ],
  update: `
- mount: /srv/trial-scratch
  what: tmpfs
  type: tmpfs
  options: [size=2m, mode=0750]
- mount: /srv/bound
  what: /etc
  options: [bind]
`,
  updatePlan: ['update mount//srv/trial-scratch'],
  updated: [{ run: ['findmnt', '-n', '-o', 'OPTIONS', '/srv/trial-scratch'], stdout: /size=2048k/m }],
  drift: 'umount /srv/bound',
  driftPlan: ['update mount//srv/bound'],
  removePlan: ['delete mount//srv/bound', 'delete mount//srv/trial-scratch'],
  removed: [
    { run: ['mountpoint', '-q', '/srv/trial-scratch'], status: 32 },
    { run: ['sh', '-c', 'ls /etc/systemd/system/srv-*'], status: 2 },
  ],
};
