import type { Scenario } from '../scenario.ts';

const ALICE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const BOB = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ';
const FILE = '/home/trialkey/.ssh/authorized_keys';

export const scenario: Scenario = {
  kind: 'authorized-key',
  before: `useradd -m -s /bin/sh trialkey && install -d -o trialkey -m 700 /home/trialkey/.ssh &&
printf '%s\\n%s' '# kept' 'restrict ${BOB} bob' >${FILE} && chown trialkey ${FILE} && chmod 640 ${FILE}`,
  create: `
- authorized-key: trialkey/alice
  key: ${ALICE}
  options: [restrict, 'command="echo \\"it is $USER\\""']
- authorized-key: trialkey/bob
  key: ${BOB}
  options: [restrict]
`,
  plan: ['create authorized-key/trialkey/alice', 'adopt authorized-key/trialkey/bob'],
  created: [
    {
      run: ['cat', FILE],
      stdout:
        /^# kept\nrestrict ssh-ed25519 \S+ bob\nrestrict,command="echo \\"it is \$USER\\"" ssh-ed25519 \S+ alice\n$/,
    },
    { run: ['stat', '-c', '%a %U', FILE], stdout: /^640 trialkey$/m },
  ],
  update: `
- authorized-key: trialkey/alice
  key: ${ALICE}
- authorized-key: trialkey/bob
  key: ${BOB}
  options: [restrict]
`,
  updatePlan: ['update authorized-key/trialkey/alice'],
  updated: [
    { run: ['cat', FILE], stdout: /^# kept\nrestrict ssh-ed25519 \S+ bob\nssh-ed25519 \S+ alice\n$/ },
  ],
  drift: `sed -i s/^ssh-ed25519/no-pty,ssh-ed25519/ ${FILE}; sed -i 's/no-pty,/no-pty /' ${FILE}`,
  driftPlan: ['update authorized-key/trialkey/alice'],
  removePlan: ['forget authorized-key/trialkey/bob', 'delete authorized-key/trialkey/alice'],
  removed: [{ run: ['cat', FILE], stdout: /^# kept\nrestrict ssh-ed25519 \S+ bob\n$/ }],
};
