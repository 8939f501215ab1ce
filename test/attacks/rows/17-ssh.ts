// Row 17: the key that opens the hosts is used on the machines whose keys are pinned, and gives nothing away elsewhere.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTS, has, host, hostsFile, sh } from '../arena.ts';
import { note, openSite, wish } from '../site.ts';
import type { Site } from '../site.ts';

/** Somebody else's sshd: what a caller has offered to it before it was known for what it is. */
interface Stranger {
  readonly port: number;
  /** As in known_hosts. */
  readonly hostKey: string;
  readonly offered: readonly string[];
  readonly calls: () => number;
  readonly stop: () => void;
}

async function startStranger(): Promise<Stranger> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  const key = ssh2.utils.parseKey(pem);
  if (key instanceof Error) throw key;
  const offered: string[] = [];
  let calls = 0;
  const server = new ssh2.Server({ hostKeys: [pem] }, (client) => {
    calls += 1;
    client.on('authentication', (context) => {
      offered.push(context.method);
      context.reject(['publickey']);
    });
    client.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the stranger listens on no port');
  return {
    port: address.port,
    hostKey: `${key.type} ${key.getPublicSSH().toString('base64')}`,
    offered,
    calls: () => calls,
    stop: () => server.close(),
  };
}

describe('17 SSH specifics', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => {
    await site.stop();
  });

  it('a host with another key than the pinned one: no login, no plan, no deploy', async () => {
    const wanted = await wish(site, 'web2');
    const accepted = (): Promise<string> =>
      sh('web2', 'journalctl -u ssh --no-pager -o cat | grep -c Accepted');
    await host('web2').rekey();
    const before = await accepted();
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`);
    expect(site.said(wanted.pull)).toMatch(/HOST_KEY/);
    await site.comment(wanted.pull, '/plan');
    expect(site.said(wanted.pull)).toMatch(/HOST_KEY/);
    expect(await accepted()).toBe(before);
    expect(await has('web2', wanted.file)).toBe(false);
  });

  it('a stranger at the address of a host, with the key of a host pinned: nothing is offered to it', async () => {
    const stranger = await startStranger();
    const more = `  there: { address: 127.0.0.1, port: ${stranger.port}, host_key: "${host('web1').hostKey}" }\n`;
    const { pull, head } = await site.propose({
      'hosts.yml': hostsFile(more),
      'there.yml': note('/etc/x').replace('web1', 'there'),
    });
    await site.comment(pull, `/plan ${head.slice(0, 12)}`);
    expect(site.said(pull)).toMatch(/HOST_KEY/);
    expect(stranger.calls()).toBeGreaterThan(0);
    expect(stranger.offered).toEqual([]);
    stranger.stop();
  });

  it('a pull request that brings a host of its own, with its key: the host is not called', async () => {
    const stranger = await startStranger();
    const more = `  own: { address: 127.0.0.1, port: ${stranger.port}, host_key: "${stranger.hostKey}" }\n`;
    const { pull, head } = await site.propose({
      'hosts.yml': hostsFile(more),
      'own.yml': note('/etc/x').replace('web1', 'own'),
    });
    await site.comment(pull, '/plan');
    await site.comment(pull, '/plan own');
    expect(stranger.calls()).toBe(0);
    expect(site.said(pull)).toContain('HOST_UNCONFIRMED');
    expect(site.said(pull)).toContain(`/plan ${head.slice(0, 12)}`);
    await site.comment(pull, `/plan ${head.slice(0, 12)}`);
    expect(stranger.calls()).toBeGreaterThan(0);
    stranger.stop();
  });

  it('a pull request that moves a host to another address and key: the address is not called', async () => {
    const stranger = await startStranger();
    const { address, hostKey } = host('web1');
    const moved = hostsFile()
      .replace(address, `127.0.0.1, port: ${stranger.port}`)
      .replace(hostKey, stranger.hostKey);
    const { pull } = await site.propose({ 'hosts.yml': moved, 'moved.yml': note('/etc/x') });
    stranger.stop();
    expect(stranger.calls()).toBe(0);
    expect(site.said(pull)).toContain('HOST_UNCONFIRMED');
  });

  it('no agent, no display and no port is carried to a host', async () => {
    const file = `/run/attack-17-${randomUUID()}`;
    const bashrc = '/home/deploy/.bashrc';
    const spy = `{ env; ls -d /tmp/ssh-*; } >>${file} 2>&1`;
    await sh(
      'web1',
      `install -m 666 /dev/null ${file}; cp ${bashrc} /root/bashrc-17 2>/dev/null; echo '${spy}' >${bashrc}`,
    );
    const wanted = await wish(site);
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`);
    expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(true);
    const seen = await sh('web1', `cat ${file}; cp /root/bashrc-17 ${bashrc} 2>/dev/null || rm ${bashrc}`);
    expect(seen).toContain('SSH_CONNECTION=');
    expect(seen).not.toMatch(/SSH_AUTH_SOCK|DISPLAY=|\/tmp\/ssh-.*agent/);
  });

  it('nothing of ours but what the plan says is on a host afterwards: no key, no token', async () => {
    for (const name of HOSTS) {
      const found = await sh(
        name,
        "grep -rlE 'BEGIN [A-Z ]*PRIVATE KEY|gh[ops]_[A-Za-z0-9]{20}' /var/lib/ashore /run /tmp /home /root 2>/dev/null || :",
      );
      expect(found).toBe('');
    }
  });
});
