import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  kind: 'sysctl',
  before: 'sysctl -q -w net.ipv4.ip_forward=0 net.ipv4.conf.lo.rp_filter=0',
  create: `
- sysctl: net.ipv4.ip_forward
  value: 1
- sysctl: net.ipv4.ip_local_port_range
  value: "20000 60000"
`,
  plan: ['create sysctl/net.ipv4.ip_forward', 'create sysctl/net.ipv4.ip_local_port_range'],
  created: [
    { run: ['sysctl', '-n', 'net.ipv4.ip_forward'], stdout: /^1$/m },
    { run: ['sysctl', '-n', 'net.ipv4.ip_local_port_range'], stdout: /^20000\s60000$/m },
    {
      run: ['cat', '/etc/sysctl.d/90-ashore-net.ipv4.ip_forward.conf'],
      stdout: /^net\.ipv4\.ip_forward = 1$/m,
    },
  ],
  update: `
- sysctl: net.ipv4.ip_forward
  value: 1
- sysctl: net.ipv4.ip_local_port_range
  value: "30000 60000"
`,
  updatePlan: ['update sysctl/net.ipv4.ip_local_port_range'],
  updated: [{ run: ['sysctl', '-n', 'net.ipv4.ip_local_port_range'], stdout: /^30000\s60000$/m }],
  // The plan's key sees the file and not the live value of a network.
  drift: 'sysctl -q -w net.ipv4.ip_forward=0; echo >>/etc/sysctl.d/90-ashore-net.ipv4.ip_forward.conf',
  driftPlan: ['update sysctl/net.ipv4.ip_forward'],
  removePlan: ['delete sysctl/net.ipv4.ip_local_port_range', 'delete sysctl/net.ipv4.ip_forward'],
  removed: [
    { run: ['test', '-e', '/etc/sysctl.d/90-ashore-net.ipv4.ip_forward.conf'], status: 1 },
    { run: ['sysctl', '-n', 'net.ipv4.ip_forward'], stdout: /^1$/m },
  ],
};
