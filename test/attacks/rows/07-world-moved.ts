// Row 7: a host that has moved since the plan was made is left as it is, all of it, and what moved is shown.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has, sh } from '../arena.ts';
import { openSite } from '../site.ts';
import type { Site } from '../site.ts';

describe('7 world changed after review', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => {
    await site.stop();
  });

  const MOVES: readonly (readonly [string, string, string])[] = [
    ['a file appears', '- file: /etc/attack-7a\n    content: "new\\n"', 'echo by hand >/etc/attack-7a'],
    [
      'a link takes the place of the file',
      '- file: /etc/attack-7b\n    content: "new\\n"',
      'ln -s /etc/shadow /etc/attack-7b',
    ],
    [
      'the package is installed by somebody',
      '- package: lab-hello\n    version: "1.1"',
      'apt-get install -y -q --allow-downgrades lab-hello=1.0 >/dev/null 2>&1',
    ],
    [
      'the name is taken by another account',
      '- user: attack7\n    shell: /bin/bash',
      'useradd -u 4321 -s /bin/false attack7',
    ],
  ];

  it.each(MOVES)('%s', async (_, resource, move) => {
    await sh('web1', 'apt-get remove -y -q lab-hello >/dev/null 2>&1');
    const name = move.replaceAll(/[^a-z0-9]/g, '').slice(0, 30);
    const canary = `/etc/attack-7-${name}`;
    const stack = `on: web1\nresources:\n  - file: ${canary}\n    content: "x"\n  ${resource}\n`;
    const { pull, head } = await site.propose({ [`${name}.yml`]: stack });
    const digest = site.digest(pull);
    await sh('web1', move);
    const before = await sh('web1', 'cat /etc/passwd; stat -c "%a %U %s %Y" /etc/shadow; ls -la /srv /etc');
    await site.comment(pull, `/deploy ${digest}`);
    const check = site.check(head, 'ashore/deploy');
    expect(check.conclusion, check.summary ?? '').toBe('action_required');
    expect(check.summary).toContain('PLAN_STALE');
    expect(await has('web1', canary)).toBe(false);
    expect(await sh('web1', 'cat /etc/passwd; stat -c "%a %U %s %Y" /etc/shadow; ls -la /srv /etc')).toBe(
      before,
    );
  });

  it('an account swaps its own directory for a link, and root writes elsewhere', async () => {
    await sh(
      'web1',
      'install -d -o games -g games /srv/attack-7d /srv/attack-7d/conf; mkdir -p /etc/attack-7-cron',
    );
    const stack = 'on: web1\nresources:\n  - file: /srv/attack-7d/conf/x\n    content: "x"\n';
    const { pull } = await site.propose({ 'swap.yml': stack });
    const digest = site.digest(pull);
    const swap = 'cd /srv/attack-7d && mv conf away && ln -s /etc/attack-7-cron conf';
    await sh('web1', `setpriv --reuid games --regid games --clear-groups sh -c '${swap}'`);
    await site.comment(pull, `/deploy ${digest}`);
    expect(await has('web1', '/etc/attack-7-cron/x'), site.said(pull)).toBe(false);
    expect(site.said(pull)).toContain('/srv/attack-7d/conf is really /etc/attack-7-cron');
  });

  it('the same while the run goes on: the write is refused, not led elsewhere', async () => {
    await sh(
      'web1',
      'install -d -o games -g games /srv/attack-7e /srv/attack-7e/conf; mkdir -p /etc/attack-7-late',
    );
    const swap = 'cd /srv/attack-7e && mv conf away && ln -s /etc/attack-7-late conf';
    const stack = [
      'on: web1',
      'resources:',
      '  - command: swap',
      `    run: [sh, -c, "${swap}"]`,
      '    user: games',
      '  - file: /srv/attack-7e/conf/x',
      '    content: "x"',
      '',
    ];
    const { pull } = await site.propose({ 'late.yml': stack.join('\n') });
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    expect(site.said(pull)).toContain('/srv/attack-7e/conf is not where the plan saw it');
    expect(await has('web1', '/etc/attack-7-late/x')).toBe(false);
  });

  it('what was found there is not deleted, whatever leaves the configuration', async () => {
    await sh('web1', 'echo precious >/etc/attack-7-found');
    const first = await site.propose({
      'own.yml': 'on: web1\nresources:\n  - file: /etc/attack-7-found\n    content: "precious\\n"\n',
    });
    await site.comment(first.pull, `/deploy ${site.digest(first.pull)}`);
    await site.merge(first.pull);
    const second = await site.propose({ 'own.yml': 'on: web1\nresources: []\n' });
    expect(site.said(second.pull)).toMatch(/forget/);
    await site.merge(second.pull);
    expect(await has('web1', '/etc/attack-7-found')).toBe(true);
  });
});
