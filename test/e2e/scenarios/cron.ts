import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'cron',
  create: `
- cron: trial-nightly
  schedule: "30 3 * * mon-fri"
  run: [/bin/echo, "it's $HOME"]
  user: nobody
  env: { MAILTO: "" }
- cron: trial-boot
  schedule: "@reboot"
  run: [/bin/true]
`,
  plan: ['create cron/trial-nightly', 'create cron/trial-boot'],
  created: [
    {
      run: ['cat', '/etc/cron.d/trial-nightly'],
      stdout: /^MAILTO=""\n30 3 \* \* mon-fri nobody \/bin\/echo 'it'\\''s \$HOME'\n$/,
    },
    { run: ['stat', '-c', '%a %U', '/etc/cron.d/trial-boot'], stdout: /^644 root$/m },
  ],
  update: `
- cron: trial-nightly
  schedule: "*/10 3 * * *"
  run: [/bin/true]
  user: nobody
- cron: trial-boot
  schedule: "@reboot"
  run: [/bin/true]
`,
  updatePlan: ['update cron/trial-nightly'],
  updated: [
    { run: ['cat', '/etc/cron.d/trial-nightly'], stdout: /^\*\/10 3 \* \* \* nobody \/bin\/true\n$/ },
  ],
  drift: 'chmod 0666 /etc/cron.d/trial-boot',
  driftPlan: ['update cron/trial-boot'],
  removePlan: ['delete cron/trial-boot', 'delete cron/trial-nightly'],
  removed: [{ run: ['sh', '-c', 'ls /etc/cron.d/trial-*'], status: 2 }],
};
