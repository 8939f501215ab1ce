import type { Scenario } from '../scenario.ts';

const rules = (port: string): string => `
- package: nftables
- nftables: ruleset
  content: |
    #!/usr/sbin/nft -f
    flush ruleset
    table inet trial {
      chain input {
        type filter hook input priority filter; policy accept;
        tcp dport ${port} drop
      }
    }
`;

export const scenario: Scenario = {
  kind: 'nftables',
  // The hosts start without it, so that package and rules are one plan.
  before: 'apt-get -y -q purge nftables >/dev/null 2>&1; rm -f /etc/nftables.conf',
  create: rules('9'),
  plan: ['create package/nftables', 'create nftables/ruleset'],
  created: [
    { run: ['nft', 'list', 'ruleset'], stdout: /tcp dport 9 drop/ },
    { run: ['systemctl', 'is-enabled', 'nftables.service'], stdout: /^enabled$/m },
  ],
  update: rules('10'),
  updatePlan: ['update nftables/ruleset'],
  updated: [{ run: ['nft', 'list', 'ruleset'], stdout: /tcp dport 10 drop/ }],
  drift: 'echo "# by hand" >>/etc/nftables.conf',
  driftPlan: ['update nftables/ruleset'],
  removePlan: ['forget nftables/ruleset', 'forget package/nftables'],
  removed: [{ run: ['nft', 'list', 'ruleset'], stdout: /tcp dport 10 drop/ }],
};
