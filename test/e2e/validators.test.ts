// What the programs of a host say of bytes before they are written: refused at the line that declares them, with the key that deploys and
// with the key that can only look; and what they are made to include is not shown.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import { startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { makeTwoKeys } from './two-keys.ts';

const HOSTS = [
  { name: 'old', suite: 'bookworm' },
  { name: 'new', suite: 'trixie' },
] as const;

const REFUSED = [
  {
    name: 'sudoers',
    resource: '- sudoers: trial\n    rules: ["deploy ALL=(ALL NOPASSWD: ALL"]',
    says: /visudo -c does not take it: .*syntax error/,
  },
  {
    name: 'a file of sudoers',
    resource: '- file: /etc/sudoers.d/own\n    content: "%x ALL=("\n    mode: "0440"',
    says: /visudo -c does not take it/,
  },
  {
    name: 'sshd',
    resource: '- file: /etc/ssh/sshd_config.d/own.conf\n    content: "Port 22\\nPermitRootLogin maybe\\n"',
    says: /sshd -t does not take it: own\.conf line 2: unsupported option "maybe"/,
  },
  {
    name: 'cron',
    resource: '- file: /etc/cron.d/own\n    content: "# x\\n61 * * * * root true\\n"',
    says: /cron does not take it: line 2: 61 is no minute/,
  },
  {
    name: 'a timer',
    resource: '- timer: own\n    run: [/bin/true]\n    calendar: whenever',
    says: /systemd does not read "whenever" as a time/,
  },
] as const;

/** What the plan's key cannot ask: systemd-analyze writes below /tmp, and nft asks the kernel for its rules first. */
const OF_DEPLOYER = [
  {
    name: 'nftables',
    resource: '- nftables: ruleset\n    content: "flush ruleset\\ntable inet own { chain in { accpt } }\\n"',
    says: /nft -c does not take it: .*syntax error/,
  },
  {
    name: 'a file of nftables',
    resource: '- file: /etc/nftables.conf\n    content: "table inet own {\\n"',
    says: /nft -c does not take it: .*syntax error/,
  },
  {
    name: 'a unit',
    resource: '- file: /etc/systemd/system/own.service\n    content: "[Service]\\nType=simple\\n"',
    says: /systemd-analyze verify does not take it: .*Service has no ExecStart=/,
  },
  {
    name: 'a service',
    resource: '- service: own\n    unit: { Service: { Type: simple } }',
    says: /systemd-analyze verify does not take it: .*Service has no ExecStart=/,
  },
] as const;

const TAKEN = `
  - sudoers: trial
    rules: ["nobody ALL=(root) /bin/true"]
  - file: /etc/ssh/sshd_config.d/own.conf
    content: "X11Forwarding no\\n"
  - file: /etc/cron.d/own
    content: "@daily root true\\n"
  - file: /etc/systemd/system/own.service
    content: "[Service]\\nExecStart=/bin/true\\nDescripton=x\\n"`;

const HIDDEN = `
  - sudoers: trial
    rules: ["@include /etc/shadow"]
  - file: /etc/ssh/sshd_config.d/own.conf
    content: "Include /etc/shadow\\n"
  - file: /etc/nftables.conf
    content: "include \\"/etc/shadow\\"\\n"`;

describe.each(['the key that deploys', 'the key that can only look'])('with %s', (key) => {
  const deploying = key === 'the key that deploys';
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(HOSTS, deploying ? undefined : await makeTwoKeys());
    for (const host of fleet.lab.hosts.values())
      expect((await host.exec(['apt-get', '-y', '-q', 'install', 'nftables'])).status).toBe(0);
  });
  afterAll(async () => {
    await fleet.stop();
  });

  describe.each(HOSTS.map(({ name }) => name))('on %s', (name) => {
    const planned = (resources: string): Promise<Plan> =>
      fleet.plan(fleet.files({ 'own.yml': `on: ${name}\nresources:\n${resources}\n` }));

    it.each(deploying ? [...REFUSED, ...OF_DEPLOYER] : REFUSED)(
      'refuses $name at its line',
      async ({ resource, says }) => {
        const [host] = (await planned(`  ${resource}`)).hosts;
        expect(host?.changes).toEqual([]);
        const [blocked] = host?.blocked ?? [];
        expect(blocked?.reason.code).toBe('CONTENT_REFUSED');
        expect(blocked?.reason.message).toMatch(says);
        expect(blocked?.where).toMatchObject({ file: 'deploy-configs/own.yml', line: 3 });
      },
    );

    it('takes what is right, and says what is odd', async () => {
      const [host] = (await planned(TAKEN)).hosts;
      expect(host?.blocked).toEqual([]);
      // Guarded changes come last, and say so.
      const said = (host?.changes ?? []).flatMap((change) => change.notes);
      const notes = said.filter((note) => !note.startsWith('done last on this host'));
      const odd = deploying ? /own\.service:3: Unknown key/ : /^systemd-analyze verify could not check it/;
      expect(notes).toEqual([expect.stringMatching(odd)]);
    });

    it('shows nothing of what is included', async () => {
      const text = JSON.stringify(await planned(HIDDEN));
      expect(text).not.toMatch(/root:|daemon:|\$y\$|:99999:/);
      const left = await fleet.lab.host(name).exec(['sh', '-c', 'ls -d /tmp/tmp.* 2>/dev/null']);
      expect(left.stdout).toBe('');
    });
  });
});
