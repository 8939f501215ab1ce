// What each kind owns, seen by the configuration: two owners of one path or unit are told at the second's line.
import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { kinds } from '../../src/kinds/index.ts';
import { filesOf, formatProblem } from '../config/fleet.ts';

const UNIT = '{ Service: { ExecStart: /bin/true } }';
const TIMER = '{ timer: x, run: [/bin/true], calendar: daily }';
const file = (path: string): string => `{ file: ${path}, content: a }`;

function problemsOf(...entries: readonly string[]): readonly string[] {
  const stack = `on: web1\nresources:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`;
  const parsed = parseConfig(filesOf({ 's.yml': stack }), kinds);
  return 'problems' in parsed ? parsed.problems.map(formatProblem) : [];
}

it.each<[string, string, string, string]>([
  ['unit x.timer', 'timer x', TIMER, '{ service: x.timer, enabled: true }'],
  ['unit x.service', 'timer x', TIMER, '{ service: x, running: true }'],
  ['/etc/systemd/system/x.service', 'timer x', TIMER, `{ service: x, unit: ${UNIT} }`],
  ['/etc/systemd/system/x.timer', 'timer x', TIMER, file('/etc/systemd/system/x.timer')],
  [
    '/etc/systemd/system/x.service',
    'service x',
    '{ service: x, absent: true }',
    file('/etc/systemd/system/x.service'),
  ],
  [
    '/etc/systemd/system/x.service.d/ashore.conf',
    'service x',
    '{ service: x, drop_in: { Service: { Nice: 1 } } }',
    file('/etc/systemd/system/x.service.d/ashore.conf'),
  ],
  ['/etc/cron.d/x', 'cron x', '{ cron: x, schedule: "0 3 * * *", run: [/bin/true] }', file('/etc/cron.d/x')],
  ['/etc/sudoers.d/x', 'sudoers x', '{ sudoers: x, rules: ["%x ALL=(ALL) ALL"] }', file('/etc/sudoers.d/x')],
  ['/etc/hostname', 'hostname static', '{ hostname: static, name: web1 }', file('/etc/hostname')],
  ['/etc/nftables.conf', 'nftables ruleset', '{ nftables: ruleset, content: a }', file('/etc/nftables.conf')],
  [
    '/etc/sysctl.d/90-ashore-net.ipv4.ip_forward.conf',
    'sysctl net.ipv4.ip_forward',
    '{ sysctl: net.ipv4.ip_forward, value: "1" }',
    file('/etc/sysctl.d/90-ashore-net.ipv4.ip_forward.conf'),
  ],
  [
    '/etc/systemd/system/srv-a.mount',
    'mount /srv/a',
    '{ mount: /srv/a, what: tmpfs }',
    file('/etc/systemd/system/srv-a.mount'),
  ],
  [
    'unit srv-a.mount',
    'mount /srv/a',
    '{ mount: /srv/a, what: tmpfs }',
    '{ service: srv-a.mount, running: true }',
  ],
  [
    '/opt/x/current',
    'release /opt/x',
    '{ release: /opt/x, absent: true }',
    '{ symlink: /opt/x/current, to: a }',
  ],
  ['/a', 'file /a', file('/a'), '{ directory: /a }'],
  ['/a', 'symlink /a', '{ symlink: /a, to: b }', file('/a')],
])('%s has one owner: %s', (owned, owner, first, second) => {
  expect(problemsOf(first, second)).toEqual([
    `s.yml:4:5 OWNED_TWICE ${owned} belongs on web1 to ${owner} already, in deploy-configs/s.yml:3:5`,
  ]);
});

it.each<[string, string, string]>([
  ['a directory and what is mounted on it', '{ directory: /srv/a }', '{ mount: /srv/a, what: tmpfs }'],
  ['a directory and the releases in it', '{ directory: /opt/x }', '{ release: /opt/x, absent: true }'],
  [
    'a unit file of one’s own and whether it runs',
    file('/etc/systemd/system/x.service'),
    '{ service: x, running: true }',
  ],
  ['a service and a timer of other names', '{ service: y, running: true }', TIMER],
])('%s are two things', (_, first, second) => {
  expect(problemsOf(first, second)).toEqual([]);
});
