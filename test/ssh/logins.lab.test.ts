// Logins of real hosts, with the sudo and sshd of each release: what lets us in, and how the rest is told.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session, Target } from '../../src/core/host.ts';
import { decode } from '../../src/core/host.ts';
import { HostFailure } from '../../src/core/reason.ts';
import type { Reason } from '../../src/core/reason.ts';
import { createConnect } from '../../src/ssh/connect.ts';
import { createReader } from '../../src/ssh/reader.ts';
import { labUnavailable, startLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const SUITES = ['bookworm', 'trixie'] as const;
let lab: Lab;

beforeAll(async () => {
  if (unavailable === undefined) lab = await startLab(SUITES.map((suite) => ({ name: suite, suite })));
});
afterAll(() => lab?.stop());

async function reasonOf(work: Promise<unknown>): Promise<Reason> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof HostFailure) return error.reason;
  throw new Error(`not a HostFailure: ${String(error)}`);
}

describe.skipIf(unavailable !== undefined).each(SUITES)('on %s', (suite) => {
  let host: LabHost;
  const opened: Session[] = [];

  beforeAll(() => {
    host = lab.host(suite);
  });
  afterAll(() => {
    for (const session of opened) session.close();
  });

  async function open(user: string, over: Partial<Target> = {}, connectLimit = 10): Promise<Session> {
    const keys = [{ name: 'lab', privateKey: lab.clientKey.privateKey }];
    const session = await createConnect({ keys, connectLimit })({
      host: suite,
      address: host.address,
      port: host.port,
      user,
      hostKeys: [host.hostKey],
      sudo: true,
      state: '/var/lib/ashore',
      jump: null,
      ...over,
    });
    opened.push(session);
    return session;
  }

  /** A user whom our key lets in. */
  async function addUser(name: string, shell = '/bin/bash', sudoers = ''): Promise<void> {
    const script = `
      useradd -m -s "$2" "$1"
      usermod -p '*' "$1"
      install -d -m 700 -o "$1" "/home/$1/.ssh"
      install -m 600 -o "$1" /home/deploy/.ssh/authorized_keys "/home/$1/.ssh/"
      [ -z "$3" ] || printf '%s\\n' "$3" >"/etc/sudoers.d/$1"`;
    const made = await host.exec(['sh', '-ec', script, 'sh', name, shell, sudoers]);
    if (made.status !== 0) throw new Error(made.stderr);
  }

  const whoami = async (session: Session): Promise<string> => {
    return decode((await createReader(session).look(['id', '-un'])).stdout).trim();
  };

  it('looks as root by sudo, or as the login itself', async () => {
    expect(await whoami(await open('deploy'))).toBe('root');
    expect(await whoami(await open('deploy', { sudo: false }))).toBe('deploy');
    expect(await whoami(await open('root', { sudo: false }))).toBe('root');
  });

  it('needs no more of sudo than the line that it asks for', async () => {
    await addUser('narrow');
    const session = await open('narrow');
    const reason = await reasonOf(createReader(session).look(['true']));
    expect(reason.code).toBe('HOST_SUDO');
    expect(reason.evidence?.output).toContain('sudo: a password is required');
    const line = reason.evidence?.output?.split('\n').at(-1) ?? '';
    expect(line).toBe('narrow ALL=(root) NOPASSWD: /bin/sh -s');
    await host.exec(['sh', '-c', 'printf "%s\\n" "$1" >/etc/sudoers.d/narrow', 'sh', line]);
    expect(await whoami(session)).toBe('root');
  });

  it.each([
    ['a password', 'ALL=(root) ALL', /sudo: a password is required/],
    [
      'another command',
      'ALL=(root) NOPASSWD: /bin/true',
      /sudo: a password is required|not allowed to execute/,
    ],
    ['another user', 'ALL=(daemon) NOPASSWD: ALL', /not allowed to execute|a password is required/],
  ])('says what sudo said when it wants %s', async (what, rule, words) => {
    const user = what.replace(/\W/g, '');
    await addUser(user, '/bin/bash', `${user} ${rule}`);
    const reason = await reasonOf(createReader(await open(user)).look(['true']));
    expect(reason).toMatchObject({ code: 'HOST_SUDO', evidence: { output: expect.stringMatching(words) } });
  });

  it('says that sudo wants a terminal, and is not disturbed when it makes one', async () => {
    await addUser('wantstty', '/bin/bash', 'Defaults:wantstty requiretty\nwantstty ALL=(root) NOPASSWD: ALL');
    const reason = await reasonOf(createReader(await open('wantstty')).look(['true']));
    expect(reason).toMatchObject({
      code: 'HOST_SUDO',
      evidence: { output: expect.stringContaining('must have a tty') },
    });
    await addUser('haspty', '/bin/bash', 'Defaults:haspty use_pty\nhaspty ALL=(root) NOPASSWD: ALL');
    const bytes = Buffer.alloc(3 * 2 ** 20, '\r\n\0x');
    const { stdout } = await createReader(await open('haspty')).look(['cat'], { stdin: bytes });
    expect(Buffer.from(stdout).equals(bytes)).toBe(true);
  });

  it('says that there is no sudo', async () => {
    await host.exec(['mv', '/usr/bin/sudo', '/usr/bin/sudo.away']);
    const reason = await reasonOf(createReader(await open('deploy')).look(['true']));
    await host.exec(['mv', '/usr/bin/sudo.away', '/usr/bin/sudo']);
    expect(reason).toMatchObject({
      code: 'HOST_SUDO',
      evidence: { output: expect.stringContaining('sudo: ') },
    });
  });

  it('warns of a host name that is not known, and goes on', async () => {
    await host.exec(['sh', '-c', 'cp /etc/hosts /root/hosts; echo 127.0.0.1 localhost >/etc/hosts']);
    expect(await whoami(await open('deploy'))).toBe('root');
    await host.exec(['cp', '/root/hosts', '/etc/hosts']);
  });

  it('does not mind a noisy profile', async () => {
    await addUser('noisy', '/bin/bash', 'noisy ALL=(root) NOPASSWD: ALL');
    const words = 'echo HELLO FROM BASHRC\nprintf "no newline"\necho oops >&2\n';
    await host.exec(['sh', '-c', 'printf "%s" "$1" >/home/noisy/.bashrc', 'sh', words]);
    expect(await whoami(await open('noisy'))).toBe('root');
  });

  it('tells a login without a shell in its own words', async () => {
    await addUser('locked', '/usr/sbin/nologin');
    const reason = await reasonOf(createReader(await open('locked')).look(['true']));
    expect(reason).toMatchObject({
      code: 'HOST_NO_SHELL',
      message: expect.stringContaining('not available'),
    });
  });

  it('tells a login whose shell is gone, and one that sshd does not let in', async () => {
    await addUser('shellless', '/opt/gone');
    expect(
      (await reasonOf(open('shellless').then((session) => createReader(session).look(['true'])))).code,
    ).toMatch(/^HOST_(NO_SHELL|AUTH)$/);
    expect((await reasonOf(open('nobody-here'))).code).toBe('HOST_AUTH');
  });

  it('stops at a host that has been replaced', async () => {
    const pinned = host.hostKey;
    await host.rekey();
    const reason = await reasonOf(open('root', { hostKeys: [pinned] }));
    expect(reason.code).toBe('HOST_KEY_MISMATCH');
    expect(reason.message.match(/SHA256:/g)).toHaveLength(2);
    expect(await whoami(await open('root', { sudo: false, hostKeys: [pinned, host.hostKey] }))).toBe('root');
  });

  it('gives up on a host whose cable is out, before and after the connection', async () => {
    const session = await open('root', { sudo: false });
    await host.cable('out');
    expect((await reasonOf(session.exec('true', { limit: 1 }))).code).toBe('HOST_TIMEOUT');
    expect((await reasonOf(open('root', {}, 1))).code).toMatch(/^HOST_(TIMEOUT|UNREACHABLE)$/);
    await host.cable('in');
    await expect
      .poll(
        () =>
          open('root', {}, 2)
            .then(() => 'in')
            .catch(() => 'out'),
        { timeout: 30_000 },
      )
      .toBe('in');
  });
});
