// Row 17: the server's own file says which repository reaches which hosts, whatever a repository says of itself.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionsTo, has, host, hostsFile, theLab } from '../arena.ts';
import { expectUntouched, note, openSite, wish } from '../site.ts';
import type { Site } from '../site.ts';

describe('17 SSH specifics: which repository reaches which hosts', () => {
  let site: Site;

  beforeAll(async () => {
    const { path } = theLab().clientKey;
    site = await openSite({
      hosts: own(),
      repositories: (repo) =>
        `${repo}: { hosts: [${host('web1').address}], key: ${path} }\nacme/other: { hosts: [${host('web2').address}], key: ${path} }\n`,
    });
  });
  afterAll(async () => {
    await site.stop();
  });

  /** Only the host that is the repository's own. */
  const own = (): string => {
    const { address, hostKey } = host('web1');
    return `hosts:\n  web1: { address: ${address}, host_key: "${hostKey}" }\n`;
  };
  const [one, two] = [() => host('web1').address, () => host('web2').address];
  const keyed = (address: string, name: 'web1' | 'web2', more = ''): string =>
    `{ address: "${address}", host_key: "${host(name).hostKey}"${more} }`;

  const REACHES: readonly (readonly [string, () => string])[] = [
    ['by its address', () => hostsFile()],
    ['under the name of a host of its own', () => `hosts:\n  web1: ${keyed(two(), 'web2')}\n`],
    ['by its address written otherwise', () => `hosts:\n  web1: ${keyed(`::ffff:${two()}`, 'web2')}\n`],
    [
      'behind a jump host of its own',
      () => `hosts:\n  gate: ${keyed(one(), 'web1')}\n  web1: ${keyed(two(), 'web2', ', jump: gate')}\n`,
    ],
    [
      'as the jump host of its own',
      () => `hosts:\n  gate: ${keyed(two(), 'web2')}\n  web1: ${keyed(one(), 'web1', ', jump: gate')}\n`,
    ],
  ];

  it.each(REACHES)(
    "another repository's host, %s: it hears nothing, also when it was merged",
    async (_, hosts) => {
      const before = await connectionsTo('web2');
      const name = hosts().includes('  web2:') ? 'web2' : 'web1';
      const file = '/etc/attack-17-reach';
      const { pull, head } = await site.propose({ 'hosts.yml': hosts(), 'reach.yml': note(file, name) });
      await site.comment(pull, `/plan ${head.slice(0, 12)}`);
      expect(site.said(pull)).toMatch(/HOST_NOT_PERMITTED/);
      await site.comment(pull, '/deploy');
      await site.merge(pull, 'grace');
      await site.comment(pull, '/deploy');
      expect(await connectionsTo('web2'), site.said(pull)).toBe(before);
      expect(await has('web2', file)).toBe(false);
      await site.push('main', { 'hosts.yml': own(), 'reach.yml': null }, 'grace');
    },
  );

  it('while its own host is planned and deployed to', async () => {
    const wanted = await wish(site);
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`);
    expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(true);
  });

  it('a repository that the file does not name reaches none', async () => {
    const { path } = theLab().clientKey;
    const stranger = await openSite({
      repositories: () => `acme/other: { hosts: [${one()}, ${two()}], key: ${path} }\n`,
    });
    const before = [await connectionsTo('web1'), await connectionsTo('web2')];
    const wanted = await wish(stranger);
    await stranger.comment(wanted.pull, '/plan');
    await stranger.comment(wanted.pull, '/deploy');
    expect(stranger.said(wanted.pull)).toMatch(/HOST_NOT_PERMITTED/);
    expect([await connectionsTo('web1'), await connectionsTo('web2')]).toEqual(before);
    await expectUntouched(stranger, wanted);
    await stranger.stop();
  });
});
