import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'sudoers',
  before: "printf 'games ALL=(root) /bin/true\\n' >/etc/sudoers.d/found; chmod 0440 /etc/sudoers.d/found",
  create: `
- sudoers: trial
  rules: ["nobody ALL=(root) NOPASSWD: /usr/bin/id -u"]
- sudoers: found
  rules: ["games ALL=(root) /bin/true"]
`,
  // What is guarded comes last.
  plan: ['adopt sudoers/found', 'create sudoers/trial'],
  created: [
    { run: ['runuser', '-u', 'nobody', '--', 'sudo', '-n', '/usr/bin/id', '-u'], stdout: /^0$/m },
    { run: ['stat', '-c', '%a %U:%G', '/etc/sudoers.d/trial'], stdout: /^440 root:root$/m },
  ],
  update: `
- sudoers: trial
  rules:
    - "# only who it is"
    - "nobody ALL=(root) NOPASSWD: /usr/bin/id -u, /usr/bin/id -g"
- sudoers: found
  rules: ["games ALL=(root) /bin/true"]
`,
  updatePlan: ['update sudoers/trial'],
  updated: [{ run: ['runuser', '-u', 'nobody', '--', 'sudo', '-n', '/usr/bin/id', '-g'], stdout: /^0$/m }],
  drift: "printf 'nobody ALL=(root) NOPASSWD: ALL\\n' >>/etc/sudoers.d/trial",
  driftPlan: ['update sudoers/trial'],
  removePlan: ['forget sudoers/found', 'delete sudoers/trial'],
  removed: [
    { run: ['test', '-e', '/etc/sudoers.d/trial'], status: 1 },
    { run: ['test', '-e', '/etc/sudoers.d/found'] },
  ],
};
