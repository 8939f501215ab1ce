// The lab's own promises, on real hosts of both releases. Skipped, with the reason, where no lab can run.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { type Lab, type LabHost, labUnavailable, startLab, sweep } from './lab.ts';
import { type Outcome, exists, must, run } from './machine.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const suites = [
  { name: 'web1', suite: 'bookworm', release: '12' },
  { name: 'db1', suite: 'trixie', release: '13' },
] as const;

async function ownerOf(lab: number): Promise<string | undefined> {
  return readFile(`/var/lib/ashore-lab/${lab}/owner`, 'utf8').catch(() => undefined);
}

/** All that this machine has of a lab: links, namespaces, mounts, processes, cgroups, state. */
async function traces(lab: number, owner: string | undefined): Promise<string[]> {
  const now = await ownerOf(lab);
  if (now !== undefined && now !== owner) return []; // the number is already another process's lab
  const looks = await Promise.all([
    must('ip', '-o', 'link'),
    must('ip', 'netns'),
    must('cat', '/proc/self/mountinfo'),
    must('ps', '-eo', 'args'),
    must('find', '/sys/fs/cgroup', '-maxdepth', '3', '-type', 'd'),
    must('find', '/var/lib/ashore-lab', '/run/systemd/nspawn', '-maxdepth', '2'),
  ]);
  const own = new RegExp(`ashore-lab${lab}\\b|alab${lab}h|ashore-lab/${lab}\\b`);
  return looks.flatMap((look) => look.split('\n').filter((line) => own.test(line)));
}

describe.skipIf(unavailable !== undefined)('lab', { timeout: 60_000 }, () => {
  let lab: Lab;
  let scratch: string;

  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'ashore-lab-test-'));
    lab = await startLab(suites);
  }, 900_000); // the first time on a machine it builds both bases

  afterAll(async () => {
    await lab.stop();
    await rm(scratch, { recursive: true });
  }, 60_000);

  /** OpenSSH's client, with nothing but the lab's key and the host's pinned key. */
  async function ssh(
    host: LabHost,
    command: string,
    hostKey = host.hostKey,
    user = 'deploy',
  ): Promise<Outcome> {
    const known = path.join(scratch, 'known_hosts');
    await writeFile(known, `${host.address} ${hostKey}\n`);
    const pinned = [
      'StrictHostKeyChecking=yes',
      `UserKnownHostsFile=${known}`,
      'IdentitiesOnly=yes',
      'ConnectTimeout=5',
      'LogLevel=ERROR',
    ];
    return run([
      'ssh',
      '-F',
      'none',
      '-i',
      lab.clientKey.path,
      ...pinned.flatMap((option) => ['-o', option]),
      `${user}@${host.address}`,
      command,
    ]);
  }

  describe.each(suites)('$suite', ({ name, release }) => {
    test('is a running Debian of its release, without python', async () => {
      const host = lab.host(name);
      expect(await host.exec(['systemctl', 'is-system-running'])).toMatchObject({
        status: 0,
        stdout: 'running\n',
      });
      expect((await host.exec(['sh', '-c', '. /etc/os-release; echo $VERSION_ID; hostname'])).stdout).toBe(
        `${release}\n${name}\n`,
      );
      expect((await host.exec(['sh', '-c', 'command -v python3'])).status).not.toBe(0);
    });

    test('lets deploy in with sudo, and root, under the pinned host key only', async () => {
      const host = lab.host(name);
      expect(await ssh(host, 'id -un; sudo -n id -un')).toEqual({
        status: 0,
        stdout: 'deploy\nroot\n',
        stderr: '',
      });
      expect(await ssh(host, 'id -un', host.hostKey, 'root')).toMatchObject({ status: 0, stdout: 'root\n' });
      const other = [...lab.hosts.values()].find((neighbour) => neighbour !== host);
      expect((await ssh(host, 'true', other?.hostKey)).stderr).toMatch('Host key verification failed');
    });

    test('installs, upgrades and downgrades from the pool, and the service runs', async () => {
      const host = lab.host(name);
      for (const version of ['1.0', '1.1', '1.0']) {
        const install = [
          'env',
          'DEBIAN_FRONTEND=noninteractive',
          'apt-get',
          'install',
          '-y',
          '-q',
          '--allow-downgrades',
          `lab-hello=${version}`,
        ];
        expect(await host.exec(install)).toMatchObject({ status: 0 });
        expect((await host.exec(['lab-hello'])).stdout).toBe(`hello ${version}\n`);
        expect((await host.exec(['systemctl', 'is-active', 'lab-hello'])).stdout).toBe('active\n');
      }
      expect(
        await host.exec([
          'apt-get',
          'install',
          '-y',
          '-q',
          'nginx-light',
          'tree',
          'jq',
          'curl',
          'strace',
          'acl',
          'busybox-static',
          'logrotate',
        ]),
      ).toMatchObject({ status: 0 });
      expect(await host.exec(['curl', '-sSf', '-o', '/dev/null', 'http://localhost/'])).toMatchObject({
        status: 0,
      });
      expect(await host.exec(['apt-get', 'update'])).toMatchObject({ status: 0, stderr: '' });
    });

    test('takes stdin as bytes and gives back the exit status', async () => {
      const host = lab.host(name);
      expect(await host.exec(['od', '-An', '-tx1'], { stdin: new Uint8Array([0, 255, 10]) })).toMatchObject({
        stdout: ' 00 ff 0a\n',
      });
      expect(await host.exec(['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({
        status: 7,
        stdout: 'out\n',
        stderr: 'err\n',
      });
    });

    test('keeps its disk and journal over stop, start and kill', async () => {
      const host = lab.host(name);
      await host.exec(['sh', '-c', 'echo kept >/root/kept; logger -t lab before']);
      await host.stop();
      expect(() => host.pid).toThrow('not running');
      expect((await ssh(host, 'true')).status).toBe(255);
      expect(await readFile(path.join(host.root, 'root/kept'), 'utf8')).toBe('kept\n');
      await host.start();
      await host.exec(['sh', '-c', 'echo still >>/root/kept']);
      await host.kill();
      await host.start();
      expect((await ssh(host, 'sudo cat /root/kept; sudo journalctl -q -t lab -o cat')).stdout).toBe(
        'kept\nstill\nbefore\n',
      );
    });

    test('gets a new host key by rekey, and goes back to its base by reset', async () => {
      const host = lab.host(name);
      const before = host.hostKey;
      await host.rekey();
      expect(host.hostKey).not.toBe(before);
      expect((await ssh(host, 'true', before)).stderr).toMatch('Host key verification failed');
      expect(await ssh(host, 'true')).toMatchObject({ status: 0 });
      await host.exec(['touch', '/root/kept']);
      await host.reset();
      expect((await host.exec(['ls', '/root/kept'])).status).not.toBe(0);
      expect(await ssh(host, 'systemctl is-system-running')).toMatchObject({
        status: 0,
        stdout: 'running\n',
      });
    });
  });

  test('a host that went down by itself is started again', async () => {
    const host = lab.host('web1');
    await host.exec(['systemctl', 'poweroff']);
    await vi.waitFor(() => expect(() => host.pid).toThrow('not running'), 10_000);
    await host.start();
    expect(await ssh(host, 'true')).toMatchObject({ status: 0 });
  });

  test('without its cable a host runs on, unreachable', async () => {
    const host = lab.host('db1');
    await host.cable('out');
    expect((await ssh(host, 'true')).status).toBe(255);
    expect(await host.exec(['systemctl', 'is-system-running'])).toMatchObject({ stdout: 'running\n' });
    await host.cable('in');
    expect(await ssh(host, 'true')).toMatchObject({ status: 0 });
  });

  test('hosts know and reach each other, and nothing beyond the lab', async () => {
    expect(await lab.host('web1').exec(['sh', '-c', 'ssh-keyscan -t ed25519 db1 2>/dev/null'])).toMatchObject(
      {
        stdout: `db1 ${lab.host('db1').hostKey}\n`,
      },
    );
    expect((await lab.host('web1').exec(['ip', 'route', 'show', 'default'])).stdout).toBe('');
  });

  test('a second lab stands beside the first and leaves nothing behind', async () => {
    const second = await startLab([{ name: 'web1', suite: 'trixie' }]);
    expect(second.id).not.toBe(lab.id);
    expect(await ssh(second.host('web1'), 'true')).toMatchObject({ status: 0 });
    const owner = await ownerOf(second.id);
    expect(await traces(second.id, owner)).not.toEqual([]);
    await second.stop();
    expect(await traces(second.id, owner)).toEqual([]);
    expect(await lab.host('web1').exec(['true'])).toMatchObject({ status: 0 });
  });

  test('the lab of a dead process is swept, the others are not', async () => {
    const file = path.join(import.meta.dirname, 'lab.ts');
    const source = `const { startLab } = await import(${JSON.stringify(file)}); const lab = await startLab([{ name: 'orphan', suite: 'trixie' }]); console.log(lab.id); setInterval(() => {}, 1000)`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout, 'data');
    const id = Number(String(line));
    const owner = await ownerOf(id);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await sweep();
    expect(await traces(id, owner)).toEqual([]);
    expect(await exists(lab.host('web1').root)).toBe(true);
    expect(await lab.host('web1').exec(['true'])).toMatchObject({ status: 0 });
  });

  test('what is left of a dead lab and cannot be removed is no reason for another to fail', async () => {
    const left = '/var/lib/ashore-lab/999';
    const owner = '999999999 1';
    await mkdir(left);
    await writeFile(path.join(left, 'owner'), owner);
    await must('mount', '-t', 'tmpfs', '-o', 'size=64k', 'busy', left); // what is mounted cannot be renamed
    try {
      await writeFile(path.join(left, 'owner'), owner);
      const told: string[] = [];
      const second = await startLab([], { log: (line) => told.push(line) });
      await second.stop();
      expect(told.join('\n')).toContain('what is left of 999 could not be removed');
      expect(await exists(left)).toBe(true);
    } finally {
      await must('umount', '--lazy', left); // another lab's sweep may be looking at it
      await sweep();
    }
    expect(await exists(left)).toBe(false);
  });
});
