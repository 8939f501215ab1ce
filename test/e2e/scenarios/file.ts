import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'file',
  create: `
- file: /etc/trial.conf
  content: |
    one
    it's "two" $(touch /canary)
  mode: "0640"
  owner: root
  group: adm
- file: /etc/trial data.json
  json: { port: 8080, name: "a \\"b\\"" }
`,
  plan: ['create file//etc/trial.conf', 'create file//etc/trial data.json'],
  created: [
    { run: ['stat', '-c', '%a %U:%G', '/etc/trial.conf'], stdout: /^640 root:adm$/m },
    { run: ['cat', '/etc/trial.conf'], stdout: /^one\nit's "two" \$\(touch \/canary\)\n$/ },
    { run: ['cat', '/etc/trial data.json'], stdout: /"port": 8080/ },
    { run: ['test', '-e', '/canary'], status: 1 },
  ],
  update: `
- file: /etc/trial.conf
  content: |
    one
    three
  mode: "0600"
  owner: root
  group: adm
- file: /etc/trial data.json
  json: { port: 8080, name: "a \\"b\\"" }
`,
  updatePlan: ['update file//etc/trial.conf'],
  updated: [
    { run: ['cat', '/etc/trial.conf'], stdout: /^one\nthree\n$/ },
    { run: ['stat', '-c', '%a', '/etc/trial.conf'], stdout: /^600$/m },
  ],
  drift: 'echo four >> /etc/trial.conf; chmod 0666 /etc/trial.conf',
  driftPlan: ['update file//etc/trial.conf'],
  removePlan: ['delete file//etc/trial data.json', 'delete file//etc/trial.conf'],
  removed: [
    { run: ['test', '-e', '/etc/trial.conf'], status: 1 },
    { run: ['test', '-e', '/etc/trial data.json'], status: 1 },
  ],
};
