// Row 16: while a run is under way on a host nothing else begins there, and no words, events or other ways in end its hold.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLiveDeployer } from '../../../src/world.ts';
import { has, hostsFile, sh, theLab } from '../arena.ts';
import { openSite, runsOf, wish } from '../site.ts';
import type { Proposal, Site } from '../site.ts';

const SLOW = `on: web1
resources:
  - command: wait
    run: [sh, -c, "while ! [ -e /run/attack-16-NUMBER ]; do sleep 0.1; done"]
  - file: /etc/attack-16-NUMBER
    content: x
`;

describe('16 unlock as a bypass', () => {
  let site: Site;
  let slow: Proposal;
  let number = 0;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => {
    await site.stop();
  });

  /** A run that goes on until it is let go. */
  const begin = async (): Promise<void> => {
    number += 1;
    slow = await site.propose({ [`slow-${number}.yml`]: SLOW.replaceAll('NUMBER', String(number)) });
    await site.repo.comment(slow.pull, `/deploy ${site.digest(slow.pull)}`, 'grace');
    const running = async (): Promise<boolean> => {
      const units = await sh('web1', "systemctl list-units --no-legend 'ashore-*'");
      return units.includes(`pr-${slow.pull}-`);
    };
    await site.github.waitFor(running, { what: 'a run on the host' });
  };
  const letGo = async (): Promise<void> => {
    await sh('web1', `touch /run/attack-16-${number}`);
    await site.settled();
    expect(await has('web1', `/etc/attack-16-${number}`), site.said(slow.pull)).toBe(true);
  };
  /** Comments without waiting for the run that goes on. */
  const say = async (pull: number, body: string, reply: RegExp): Promise<void> => {
    await site.repo.comment(pull, body, 'grace');
    await site.github.waitFor(() => reply.test(site.said(pull)), { what: `${reply} on #${pull}` });
  };
  /** The words have been handled when those after them have been answered. */
  const sayInVain = async (pull: number, body: string): Promise<void> => {
    await site.repo.comment(pull, body, 'grace');
    const answers = (): number => site.said(pull).split('/plan [host…]').length;
    const before = answers();
    await site.repo.comment(pull, '/help', 'grace');
    await site.github.waitFor(() => answers() > before, { what: 'help' });
  };

  it('another pull request, the same one again, its button, its merge, and one after /unlock', async () => {
    const other = await wish(site);
    await begin();
    const { pull, head } = slow;
    await say(other.pull, `/deploy ${other.digest}`, /HOST_BUSY/);
    for (const words of ['/unlock', '/unlock web1', '/abandon', '/force', '/cancel', '/deploy --force'])
      await sayInVain(other.pull, words);
    const counted = (): number => site.said(other.pull).split('HOST_BUSY').length;
    const before = counted();
    await site.repo.clickAction(site.check(other.head, 'ashore/plan').id, 'deploy', 'grace');
    await site.github.waitFor(() => counted() > before, { what: 'a refusal of the button' });
    await say(pull, `/deploy ${site.digest(pull)}`, /HOST_BUSY/);
    await site.repo.closePull(pull, 'grace');
    await site.repo.reopenPull(pull, 'grace');
    await sayInVain(other.pull, `/deploy ${other.digest}`);
    expect(runsOf(site, other.pull)).toEqual([]);
    expect(await has('web1', other.file)).toBe(false);
    expect(site.repo.checkRuns(head).some(({ name }) => name === 'ashore/deploy')).toBe(true);
    await letGo();
    await site.comment(other.pull, `/deploy ${other.digest}`);
    expect(await has('web1', other.file), site.said(other.pull)).toBe(true);
  });

  it('a restart of the server does not let go of the host', async () => {
    const other = await wish(site);
    await begin();
    await site.restart();
    await say(other.pull, `/deploy ${other.digest}`, /HOST_BUSY/);
    expect(await has('web1', other.file)).toBe(false);
    await letGo();
  });

  it.each([
    ['with the same state directory', ''],
    ['with another one', 'state: /var/lib/attack-16-beside, '],
  ])('the host itself holds off somebody who knows nothing of our leases, %s', async (_, more) => {
    await begin();
    const privateKey = readFileSync(theLab().clientKey.path, 'utf8');
    const beside = createLiveDeployer({ keys: [{ name: 'lab', privateKey }] });
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    const files = new Map([
      [
        'deploy-configs/hosts.yml',
        encode(hostsFile().replaceAll(/^ {2}web1: \{ /gm, `  another-name: { ${more}`)),
      ],
      [
        'deploy-configs/x.yml',
        encode('on: another-name\nresources:\n  - file: /etc/attack-16-beside\n    content: x\n'),
      ],
    ]);
    const planned = await beside.plan({ files, base: undefined, commit: 'x', all: true });
    if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
    const deployed = await beside.deploy({
      plan: planned.plan,
      files,
      run: `beside-${number}-${process.pid}`,
      by: 'ada',
    });
    expect(JSON.stringify(deployed)).toMatch(
      /HOST_BUSY.*is held by run pr-\d+-\S+ \(plan [0-9a-f]+, by grace\)/,
    );
    expect(await has('web1', '/etc/attack-16-beside')).toBe(false);
    await letGo();
  });

  it('two pull requests that know one machine by two names and two state directories', async () => {
    await begin();
    const hosts = hostsFile().replace(/^ {2}web1: \{ /m, '  twin: { state: /var/lib/attack-16, ');
    const twin = await site.repo.commit({
      branch: 'twin',
      base: 'main',
      author: 'ada',
      message: 'Another name',
      files: {
        'deploy-configs/hosts.yml': hosts,
        'deploy-configs/twin.yml': 'on: twin\nresources:\n  - file: /etc/attack-16-twin\n    content: x\n',
      },
    });
    const pull = await site.repo.openPull({ title: 'Another name', head: 'twin', by: 'ada' });
    // The host is new to the repository, so somebody has to say that it may be looked at.
    await site.github.waitFor(() => site.said(pull).includes('HOST_UNCONFIRMED'), { what: 'a question' });
    await site.repo.comment(pull, `/plan ${twin.slice(0, 12)}`, 'grace');
    await site.github.waitFor(() => /\/deploy [0-9a-f]{12}/.test(site.said(pull)), { what: 'a plan' });
    await site.repo.comment(pull, `/deploy ${site.digest(pull)}`, 'grace');
    const ended = (): boolean =>
      site.repo
        .checkRuns(twin)
        .some(({ name, status }) => name === 'ashore/deploy' && status === 'completed') ||
      /HOST_BUSY/.test(site.said(pull));
    try {
      await site.github.waitFor(ended, { what: 'an end' });
      expect(await has('web1', '/etc/attack-16-twin')).toBe(false);
      const told = `${site.said(pull)}${JSON.stringify(site.repo.checkRuns(twin))}`;
      expect(told).toMatch(/HOST_BUSY[^]*is held by run pr-\d+-\S+ (?:of|\(plan [0-9a-f]+, by) grace/);
    } finally {
      await letGo();
    }
  });

  it('two at the same moment: one runs', async () => {
    const [one, two] = [await wish(site), await wish(site)];
    await Promise.all([
      site.repo.comment(one.pull, `/deploy ${one.digest}`, 'grace'),
      site.repo.comment(two.pull, `/deploy ${two.digest}`, 'ada'),
    ]);
    await site.settled();
    const done = [await has('web1', one.file), await has('web1', two.file)].filter(Boolean);
    expect(done.length).toBe(1);
    expect(`${site.said(one.pull)}${site.said(two.pull)}`).toMatch(/HOST_BUSY|PLAN_STALE/);
  });
});
