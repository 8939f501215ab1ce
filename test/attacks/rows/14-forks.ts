// Row 14: for a pull request from a fork no host is contacted, whoever asks, and its configuration is only checked.
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RepoDouble } from '../../support/github/repo.ts';
import { connections, has, host, hostsFile } from '../arena.ts';
import { note, openSite, runsOf, wish } from '../site.ts';
import type { Site } from '../site.ts';

const FILE = '/etc/attack-14';

describe('14 pull requests of forks', () => {
  let site: Site;
  let fork: RepoDouble;

  beforeAll(async () => {
    site = await openSite();
    fork = await site.github.createRepo('mallory', 'infra', { forkOf: site.repo });
  });
  afterAll(async () => {
    await site.stop();
  });

  let branches = 0;
  const propose = async (files: Record<string, string>): Promise<{ pull: number; head: string }> => {
    const branch = `fork-${++branches}`;
    const paths = Object.entries(files).map(([path, text]) => [`deploy-configs/${path}`, text]);
    const head = await fork.commit({
      branch,
      author: 'mallory',
      message: 'From afar',
      files: Object.fromEntries(paths),
    });
    const pull = await site.repo.openPull({ title: 'From afar', head: branch, by: 'mallory', from: fork });
    await site.settled();
    return { pull, head };
  };

  it('opened: checked, and no host hears of it', async () => {
    const before = await connections();
    const { head } = await propose({ 'fork.yml': note(FILE) });
    const check = site.check(head, 'ashore/plan');
    expect(check.conclusion).toBe('neutral');
    expect(check.summary).toContain('FORK_STATIC_ONLY');
    expect(check.actions).toEqual([]);
    expect(await connections()).toEqual(before);
  });

  it('with a mistake: told at its line, and no host hears of it', async () => {
    const before = await connections();
    const { head } = await propose({ 'fork.yml': note(FILE).replace('content', 'contents') });
    expect(site.check(head, 'ashore/plan').conclusion).toBe('failure');
    expect(await connections()).toEqual(before);
  });

  it.each(['/plan', '/plan web1', '/deploy', 'press', 're-run', 'reopen'])(
    '%s by a maintainer',
    async (what) => {
      const { pull, head } = await propose({ 'fork.yml': note(FILE) });
      const before = await connections();
      const { id } = site.check(head, 'ashore/plan');
      if (what === 're-run') await site.repo.rerequest(id, 'grace');
      else if (what === 'press') await site.repo.rerequestSuite(head, 'grace');
      else if (what === 'reopen') {
        await site.repo.closePull(pull, 'grace');
        await site.repo.reopenPull(pull, 'grace');
      } else await site.comment(pull, what);
      await site.settled();
      expect(await connections()).toEqual(before);
      expect(await has('web1', FILE)).toBe(false);
      expect(runsOf(site, pull)).toEqual([]);
    },
  );

  it('with hosts of its own: they are never called', async () => {
    let calls = 0;
    const stranger = createServer((socket) => {
      calls += 1;
      socket.destroy();
    });
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const address = stranger.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const more = `  own: { address: 127.0.0.1, port: ${port}, host_key: "${host('web1').hostKey}" }\n`;
    const { pull } = await propose({
      'hosts.yml': hostsFile(more),
      'fork.yml': note(FILE).replace('web1', 'own'),
    });
    await site.comment(pull, '/plan');
    await site.comment(pull, '/deploy');
    expect(calls).toBe(0);
    stranger.close();
  });

  it('whose fork was deleted since', async () => {
    const { pull, head } = await propose({ 'fork.yml': note(FILE) });
    const before = await connections();
    site.github.world.repos.delete('mallory/infra');
    await site.comment(pull, '/plan');
    site.github.world.repos.set('mallory/infra', fork.repository);
    expect(site.check(head, 'ashore/plan').conclusion).not.toBe('success');
    expect(await connections()).toEqual(before);
  });

  it('a branch of the fork that is named like ours', async () => {
    const wanted = await wish(site);
    const before = await connections();
    const files = { 'deploy-configs/fork.yml': note(FILE) };
    await fork.commit({ branch: wanted.branch, author: 'mallory', message: 'Same name', files });
    await site.repo.openPull({ title: 'Same name', head: wanted.branch, by: 'mallory', from: fork });
    await site.settled();
    expect(await connections()).toEqual(before);
    expect(site.digest(wanted.pull)).toBe(wanted.digest);
  });

  it('a configuration that grows beyond all measure', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) => `  v${at + 1}: &v${at + 1} [${Array(10).fill(`*v${at}`).join(', ')}]`,
    );
    const bomb = `on: web1\nvars:\n  v0: &v0 boom\n${levels.join('\n')}\nresources: []\n`;
    const { head } = await propose({ 'fork.yml': bomb });
    expect(site.check(head, 'ashore/plan').conclusion).toBe('failure');
    const deep = `on: web1\nresources: ${'['.repeat(50_000)}\n`;
    expect(site.check((await propose({ 'fork.yml': deep })).head, 'ashore/plan').conclusion).toBe('failure');
  });

  it('while a branch of the repository itself is looked at', async () => {
    const before = await connections();
    await wish(site);
    expect(await connections()).not.toEqual(before);
  });
});
