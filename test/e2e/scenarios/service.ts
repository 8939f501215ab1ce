import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'service',
  create: `
- file: /etc/trial-service.conf
  content: "one\\n"
- service: trial
  unit:
    Unit: { Description: "A trial" }
    Service: { ExecStart: /bin/sleep infinity }
    Install: { WantedBy: multi-user.target }
  enabled: true
  running: true
  restart_on: [/etc/trial-service.conf]
  settle: 2
`,
  plan: ['create file//etc/trial-service.conf', 'create service/trial'],
  created: [
    { run: ['systemctl', 'is-active', 'trial.service'], stdout: /^active$/m },
    { run: ['systemctl', 'is-enabled', 'trial.service'], stdout: /^enabled$/m },
  ],
  update: `
- file: /etc/trial-service.conf
  content: "two\\n"
- service: trial
  unit:
    Unit: { Description: "A trial" }
    Service: { ExecStart: /bin/sleep infinity }
    Install: { WantedBy: multi-user.target }
  enabled: true
  running: true
  restart_on: [/etc/trial-service.conf]
  settle: 2
`,
  updatePlan: ['update file//etc/trial-service.conf', 'restart service/trial'],
  updated: [{ run: ['systemctl', 'is-active', 'trial.service'], stdout: /^active$/m }],
  drift: 'systemctl disable --now trial.service',
  driftPlan: ['update service/trial'],
  removePlan: ['delete service/trial', 'delete file//etc/trial-service.conf'],
  removed: [
    { run: ['systemctl', 'show', '-p', 'LoadState', 'trial.service'], stdout: /^LoadState=not-found$/m },
    { run: ['test', '-e', '/etc/systemd/system/trial.service'], status: 1 },
  ],
};
