import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'package',
  create: `
- package: lab-hello
  version: "1.0"
- package: jq
`,
  plan: ['create package/lab-hello', 'create package/jq'],
  created: [
    { run: ['lab-hello'], stdout: /hello 1\.0/ },
    { run: ['jq', '--version'], stdout: /^jq-1/ },
  ],
  update: `
- package: lab-hello
  version: "1.1"
- package: jq
`,
  updatePlan: ['update package/lab-hello'],
  updated: [{ run: ['lab-hello'], stdout: /hello 1\.1/ }],
  drift: 'DEBIAN_FRONTEND=noninteractive apt-get remove -y -q lab-hello >/dev/null',
  driftPlan: ['create package/lab-hello'],
  removePlan: ['forget package/jq', 'forget package/lab-hello'],
  removed: [{ run: ['lab-hello'], stdout: /hello 1\.1/ }],
};
