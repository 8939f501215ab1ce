import type { Scenario } from '../scenario.ts';

// What the timer writes is where the watch of plans does not look.
export const scenario: Scenario = {
  kind: 'timer',
  create: `
- timer: trial-often
  run: [/bin/sh, -c, 'printf "%s|" "$@" >/run/systemd/trial-often.out', sh, 'a "b"', "100% $HOME", 'c\\d', "x\\ny"]
  calendar: "*-*-* *:*:*"
- timer: trial-nightly
  run: [/bin/true]
  calendar: [daily, "Mon 03:00"]
  user: nobody
  persistent: true
`,
  plan: ['create timer/trial-often', 'create timer/trial-nightly'],
  created: [
    {
      run: ['systemctl', 'is-active', 'trial-often.timer', 'trial-nightly.timer'],
      stdout: /^active\nactive$/m,
    },
    { run: ['systemctl', 'is-enabled', 'trial-nightly.timer'], stdout: /^enabled$/m },
    {
      run: [
        'sh',
        '-c',
        'for i in 1 2 3 4 5 6 7 8 9; do [ ! -s /run/systemd/trial-often.out ] || break; sleep 1; done',
      ],
    },
    { run: ['cat', '/run/systemd/trial-often.out'], stdout: /^a "b"\|100% \$HOME\|c\\d\|x\ny\|$/ },
  ],
  update: `
- timer: trial-often
  run: [/bin/true]
  calendar: hourly
- timer: trial-nightly
  run: [/bin/true]
  calendar: [daily, "Mon 03:00"]
  user: nobody
  persistent: true
`,
  updatePlan: ['update timer/trial-often'],
  updated: [
    { run: ['systemctl', 'is-active', 'trial-often.timer'], stdout: /^active$/m },
    {
      run: ['systemctl', 'show', '-p', 'TimersCalendar', 'trial-often.timer'],
      stdout: /OnCalendar=\*-\*-\* \*:00:00/,
    },
  ],
  drift: 'systemctl disable -q --now trial-nightly.timer',
  driftPlan: ['update timer/trial-nightly'],
  removePlan: ['delete timer/trial-nightly', 'delete timer/trial-often'],
  removed: [
    {
      run: ['systemctl', 'show', '-p', 'LoadState', 'trial-nightly.timer'],
      stdout: /^LoadState=not-found$/m,
    },
    { run: ['sh', '-c', 'ls /etc/systemd/system/trial-*'], status: 2 },
  ],
};
