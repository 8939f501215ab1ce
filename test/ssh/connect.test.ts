// Sessions against a real sshd: who is let in, whom we trust, and how each failure is told.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session, Target } from '../../src/core/host.ts';
import { decode } from '../../src/core/host.ts';
import { HostFailure } from '../../src/core/reason.ts';
import type { Reason } from '../../src/core/reason.ts';
import { createConnect } from '../../src/ssh/connect.ts';
import type { ConnectOptions } from '../../src/ssh/connect.ts';
import { freePort } from '../support/embedded-host.ts';
import { sshdUnavailable, startSshd } from '../support/sshd.ts';
import type { Sshd } from '../support/sshd.ts';

const unavailable = sshdUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const opened: Session[] = [];

async function open(target: Target, options: Partial<ConnectOptions>): Promise<Session> {
  const session = await createConnect({ keys: [], ...options })(target);
  opened.push(session);
  return session;
}

async function reasonOf(work: Promise<unknown>): Promise<Reason> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof HostFailure) return error.reason;
  throw new Error(`not a HostFailure: ${String(error)}`);
}

function fingerprint(sshd: Sshd, publicKey: string): string {
  const printed = spawnSync('ssh-keygen', ['-lf', '-'], { input: publicKey, encoding: 'utf8' }).stdout;
  return printed.split(' ')[1] ?? sshd.dir;
}

describe.skipIf(unavailable !== undefined)('a real sshd', () => {
  let sshd: Sshd;
  let ours: ConnectOptions['keys'];

  beforeAll(async () => {
    sshd = await startSshd({ types: ['ed25519', 'ecdsa', 'rsa'] });
    ours = [{ name: 'ci', privateKey: sshd.clientKey.privateKey }];
  });

  afterAll(async () => {
    for (const session of opened) session.close();
    await sshd.stop();
  });

  const only = (type: string): Partial<Target> => ({
    hostKeys: sshd.hostKeys.filter((key) => key.startsWith(type)),
  });

  it('lets a key in and runs a command with its streams and status', async () => {
    const session = await open(sshd.target(), { keys: ours });
    const stdin = new TextEncoder().encode('given');
    const executed = await session.exec('cat; echo no >&2; exit 7', { stdin, limit: 10 });
    expect({ ...executed, stdout: decode(executed.stdout) }).toEqual({
      status: 7,
      stdout: 'given',
      stderr: 'no\n',
    });
  });

  it.each(['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa'])(
    'trusts a host that is pinned by %s alone',
    async (type) => {
      const session = await open(sshd.target(only(type)), { keys: ours });
      expect((await session.exec('true', { limit: 10 })).status).toBe(0);
    },
  );

  it('tries the next key when the first is refused', async () => {
    const keys = [{ name: 'old', privateKey: sshd.newKey().privateKey }, ...ours];
    await open(sshd.target(), { keys });
  });

  it('uses an agent', async () => {
    const agent = spawnSync('ssh-agent', ['-s'], { encoding: 'utf8' }).stdout;
    const socket = /SSH_AUTH_SOCK=([^;]+)/.exec(agent)?.[1] ?? '';
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]);
    try {
      spawnSync('ssh-add', ['-q', sshd.clientKey.path], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      await open(sshd.target(), { agent: socket });
    } finally {
      process.kill(pid);
    }
  });

  it('says which keys a host refused, and what the agent had to say', async () => {
    const wrong = sshd.newKey();
    const options = { keys: [{ name: 'ci', privateKey: wrong.privateKey }], agent: `${sshd.dir}/no-agent` };
    const reason = await reasonOf(open(sshd.target(), options));
    expect(reason.code).toBe('HOST_AUTH');
    expect(reason.message).toContain(`ci (${fingerprint(sshd, wrong.publicKey)}), the keys of the agent`);
    expect(reason.evidence?.output).toContain('agent: ');
  });

  it('takes a disconnection for too many keys as a refusal', async () => {
    const strict = await startSshd({ config: ['MaxAuthTries 1'] });
    try {
      const keys = [1, 2, 3].map((n) => ({ name: `key${n}`, privateKey: strict.newKey().privateKey }));
      const reason = await reasonOf(open(strict.target(), { keys }));
      expect(reason).toMatchObject({
        code: 'HOST_AUTH',
        evidence: { output: expect.stringMatching(/too many/i) },
      });
    } finally {
      await strict.stop();
    }
  });

  it('stops at a changed host key and shows both fingerprints', async () => {
    const pinned = sshd.newKey();
    const logins = (): number => sshd.log().match(/Accepted publickey/g)?.length ?? 0;
    const before = logins();
    const reason = await reasonOf(open(sshd.target({ hostKeys: [pinned.publicKey] }), { keys: ours }));
    expect(logins()).toBe(before);
    expect(reason.code).toBe('HOST_KEY_MISMATCH');
    expect(reason.message).toContain(fingerprint(sshd, pinned.publicKey));
    expect(reason.message).toContain(fingerprint(sshd, sshd.hostKeys[0] ?? ''));
  });

  it('shows the other key of a host that has none of the pinned type', async () => {
    const other = await startSshd({ types: ['ecdsa'] });
    try {
      const pinned = sshd.hostKeys[0] ?? '';
      const reason = await reasonOf(open(other.target({ hostKeys: [pinned] }), { keys: ours }));
      expect(reason.code).toBe('HOST_KEY_MISMATCH');
      expect(reason.message).toContain(fingerprint(sshd, other.hostKeys[0] ?? ''));
      expect(reason.message).toContain(fingerprint(sshd, pinned));
    } finally {
      await other.stop();
    }
  });

  it('says in words that nothing listens, or that there is no such name', async () => {
    const refused = await reasonOf(open(sshd.target({ port: await freePort() }), { keys: ours }));
    expect(refused).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringContaining('connection refused'),
    });
    const unknown = await reasonOf(open(sshd.target({ address: 'no-such-host.invalid' }), { keys: ours }));
    expect(unknown).toMatchObject({ code: 'HOST_UNREACHABLE', message: expect.stringMatching(/DNS/) });
  });

  it('ends a command at its limit, and the session with it', async () => {
    const session = await open(sshd.target(), { keys: ours });
    const other = reasonOf(session.exec('sleep 20', { limit: 15 }));
    expect((await reasonOf(session.exec('sleep 20', { limit: 0.3 }))).code).toBe('HOST_TIMEOUT');
    expect((await other).code).toBe('HOST_TIMEOUT');
    expect((await reasonOf(session.exec('true', { limit: 5 }))).code).toBe('HOST_TIMEOUT');
  });

  it('says that a connection was lost in the middle, to all that wait on it and all that come later', async () => {
    const session = await open(sshd.target(), { keys: ours });
    const waiting = [
      session.exec('echo part; sleep 20', { limit: 15 }),
      session.exec('sleep 20', { limit: 15 }),
    ];
    const reasons = Promise.all(waiting.map(reasonOf));
    await session.exec('true', { limit: 5 });
    sshd.killSessions();
    expect((await reasons).map(({ code }) => code)).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST']);
    expect((await reasonOf(session.exec('true', { limit: 5 }))).code).toBe('CONNECTION_LOST');
  });

  it('has no status for a command that died by a signal', async () => {
    const session = await open(sshd.target(), { keys: ours });
    expect((await session.exec('kill -9 $$', { limit: 5 })).status).toBeNull();
    expect((await session.exec('true', { limit: 5 })).status).toBe(0);
  });

  it('rejects after close, and closes what still runs', async () => {
    const session = await open(sshd.target(), { keys: ours });
    const running = reasonOf(session.exec('sleep 20', { limit: 15 }));
    await session.exec('true', { limit: 5 });
    session.close();
    expect((await running).code).toBe('CONNECTION_LOST');
    expect((await reasonOf(session.exec('true', { limit: 5 }))).code).toBe('CONNECTION_LOST');
  });

  it('runs more commands at once than sshd allows on one connection', async () => {
    const session = await open(sshd.target(), { keys: ours });
    const all = Array.from({ length: 25 }, (_, n) => session.exec(`sleep 0.1; echo ${n}`, { limit: 20 }));
    const printed = (await Promise.all(all)).map(({ stdout }) => Number(decode(stdout)));
    expect(printed).toEqual(Array.from({ length: 25 }, (_, n) => n));
  });

  it('carries megabytes both ways, and gives up on what never ends', async () => {
    const session = await open(sshd.target(), { keys: ours });
    const stdin = Buffer.alloc(8 * 2 ** 20, 'x');
    const echoed = await session.exec('cat', { stdin, limit: 30 });
    expect(Buffer.from(echoed.stdout).equals(stdin)).toBe(true);
    const endless = await reasonOf(session.exec('cat /dev/zero', { limit: 60 }));
    expect(endless).toMatchObject({ code: 'READ_FAILED', message: expect.stringContaining('64 MiB') });
    expect((await session.exec('true', { limit: 5 })).status).toBe(0);
  });

  describe('jump hosts', () => {
    let bastion: Sshd;
    beforeAll(async () => {
      bastion = await startSshd();
    });
    afterAll(() => bastion.stop());

    const keys = (): ConnectOptions['keys'] => [
      { name: 'bastion', privateKey: bastion.clientKey.privateKey },
      ...ours,
    ];
    const behind = (over: Partial<Target> = {}): Target => {
      return sshd.target({ jump: bastion.target({ host: 'bastion', ...over }) });
    };

    it('are gone through, and shared by all that go through at once', async () => {
      const connect = createConnect({ keys: keys() });
      const count = (): number => bastion.log().match(/Accepted publickey/g)?.length ?? 0;
      const before = count();
      const sessions = await Promise.all([1, 2, 3].map(() => connect(behind())));
      for (const session of sessions) expect((await session.exec('true', { limit: 5 })).status).toBe(0);
      expect(count() - before).toBe(1);
      for (const session of sessions) session.close();
      await expect.poll(() => bastion.log()).toMatch(/Disconnected from user/);
      const again = await connect(behind());
      expect(count() - before).toBe(2);
      again.close();
    });

    it('can themselves be behind a jump host', async () => {
      const target = behind();
      const session = await open(
        { ...target, jump: { ...sshd.target(), jump: target.jump } },
        { keys: keys() },
      );
      expect((await session.exec('true', { limit: 5 })).status).toBe(0);
    });

    it('are checked like any other, and named when they fail', async () => {
      const changed = behind({ hostKeys: [sshd.hostKeys[0] ?? ''] });
      expect(await reasonOf(open(changed, { keys: keys() }))).toMatchObject({
        code: 'HOST_KEY_MISMATCH',
        message: expect.stringMatching(/^on the way to web1, jump host bastion/),
      });
      const away = { ...behind(), port: await freePort() };
      expect(await reasonOf(open(away, { keys: keys() }))).toMatchObject({
        code: 'HOST_UNREACHABLE',
        message: expect.stringMatching(/^web1 .*the jump host could not reach it/),
      });
    });

    it('take the sessions behind them along when they break', async () => {
      const session = await open(behind(), { keys: keys() });
      const running = reasonOf(session.exec('sleep 20', { limit: 15 }));
      await session.exec('true', { limit: 5 });
      bastion.killSessions();
      expect((await running).code).toBe('CONNECTION_LOST');
    });
  });
});

describe('what is no sshd', () => {
  const target = (port: number): Target => ({
    host: 'web1',
    address: '127.0.0.1',
    port,
    user: 'deploy',
    hostKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPv2HLd0DHy0lIwzY21TzFDKwv8KZ2XfL8QXhDBZX3aN'],
    sudo: false,
    state: '/var/lib/ashore',
    jump: null,
  });

  async function listen(
    serve: (socket: Socket) => void,
  ): Promise<{ readonly server: Server; readonly port: number }> {
    const port = await freePort();
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return { server, port };
  }

  it('is given up when it never says a word', async () => {
    const sockets: Socket[] = [];
    const { server, port } = await listen((socket) => sockets.push(socket));
    const reason = await reasonOf(open(target(port), { connectLimit: 0.3 }));
    expect(reason.code).toBe('HOST_TIMEOUT');
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('is tried exactly twice when it hangs up at once', async () => {
    let tries = 0;
    const { server, port } = await listen((socket) => {
      tries += 1;
      socket.destroy();
    });
    const reason = await reasonOf(open(target(port), {}));
    expect(reason.code).toBe('HOST_UNREACHABLE');
    expect(tries).toBe(2);
    server.close();
  });

  it('is told apart from a host that refuses us', async () => {
    const { server, port } = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect((await reasonOf(open(target(port), {}))).code).toBe('HOST_UNREACHABLE');
    server.close();
  });

  it.each([
    ['no key', [], 'no host key is pinned'],
    ['a certificate', ['ssh-ed25519-cert-v01@openssh.com AAAA'], 'pin the plain key'],
    ['an authority', ['@cert-authority * ssh-ed25519 AAAA'], 'pin the plain key'],
    ['an old type', ['ssh-dss AAAA'], 'pin one of ssh-ed25519'],
    ['a broken key', ['ssh-ed25519 AAAA'], 'is not a key of the type ssh-ed25519'],
    [
      'a key of another type',
      ['ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIPv2HLd0DHy0lIwzY21TzFDKwv8KZ2XfL8QXhDBZX3aN'],
      'is not a key',
    ],
  ])('is not even contacted with %s as its pin', async (_, hostKeys, words) => {
    let tries = 0;
    const { server, port } = await listen(() => (tries += 1));
    const reason = await reasonOf(open({ ...target(port), hostKeys }, {}));
    expect(reason).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(words) });
    expect(reason.next).toBe(`ssh-keyscan -p ${port} -t ed25519 127.0.0.1`);
    expect(tries).toBe(0);
    server.close();
  });

  it('refuses keys that cannot be used before any host is asked', () => {
    expect(() => createConnect({ keys: [{ name: 'ci', privateKey: 'nonsense' }] })).toThrow('the SSH key ci');
  });
});
