// Looks in one round trip, against the real sh behind real login shells: every trap that breaks a naive framing.
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Executed, Look, Session, Target } from '../../src/core/host.ts';
import { decode } from '../../src/core/host.ts';
import { HostFailure } from '../../src/core/reason.ts';
import type { Reason } from '../../src/core/reason.ts';
import { createConnect } from '../../src/ssh/connect.ts';
import { createReader } from '../../src/ssh/reader.ts';
import { startEmbeddedHost } from '../support/embedded-host.ts';
import type { EmbeddedHost } from '../support/embedded-host.ts';

const hosts: EmbeddedHost[] = [];
const sessions: Session[] = [];

async function open(
  shell: readonly string[],
  prepare?: (host: EmbeddedHost) => Promise<void>,
): Promise<Counted> {
  const host = await startEmbeddedHost({ name: 'web1', shell });
  hosts.push(host);
  await prepare?.(host);
  const connect = createConnect({ keys: [{ name: 'test', privateKey: host.clientKey }] });
  const session = await connect(host.target);
  sessions.push(session);
  return counted(session);
}

interface Counted extends Session {
  readonly trips: () => number;
}

function counted(session: Session): Counted {
  let count = 0;
  return {
    ...session,
    trips: () => count,
    exec: (command, options) => {
      count += 1;
      return session.exec(command, options);
    },
  };
}

/** A session over what a host once printed. `NONCE` in it stands for the nonce of the script, `ALL(…)` for base64 of it. */
function recorded(target: Target, executed: Omit<Executed, 'stdout'> & { readonly stdout: string }): Session {
  return {
    target,
    close: () => undefined,
    exec: (_command, { stdin }) => {
      const nonce = /START\\n' ([0-9a-f]{16})/.exec(decode(stdin ?? new Uint8Array()))?.[1] ?? '';
      const printed = executed.stdout
        .replaceAll('NONCE', nonce)
        .replace(/ALL\(([^)]*)\)/, (_, all: string) => btoa(all));
      const stdout = new TextEncoder().encode(printed);
      return Promise.resolve({ ...executed, stdout });
    },
  };
}

async function reasonOf(work: Promise<unknown>): Promise<Reason> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof HostFailure) return error.reason;
  throw new Error(`not a HostFailure: ${String(error)}`);
}

const text = ({ status, stdout, stderr }: Look) => ({ status, stdout: decode(stdout), stderr });

afterAll(async () => {
  for (const session of sessions) session.close();
  await Promise.all(hosts.map((host) => host.stop()));
});

describe('looks', () => {
  let session: Counted;
  beforeAll(async () => {
    session = await open(['/bin/sh', '-c']);
  });
  const leftovers = () =>
    ['/run', '/tmp'].flatMap((dir) => readdirSync(dir)).filter((name) => name.startsWith('ashore-look'));
  afterEach(() => expect.poll(leftovers, { timeout: 10_000 }).toEqual([]));

  it('bring back status, stdout and stderr, each its own', async () => {
    const reader = createReader(session);
    const looks = await Promise.all([
      reader.look(['echo', 'two words', "it's"]),
      reader.look(['sh', '-c', 'printf no; echo bad >&2; exit 3']),
      reader.look(['no-such-program']),
      reader.look(['sh', '-c', 'kill -9 $$']),
    ]);
    expect(looks.map(({ status }) => status)).toEqual([0, 3, 127, 137]);
    expect(looks.map(({ stdout }) => decode(stdout))).toEqual(["two words it's\n", 'no', '', '']);
    expect(looks[1]?.stderr).toBe('bad\n');
  });

  it('of one turn travel together, those of a later turn by themselves', async () => {
    const reader = createReader(session);
    const before = session.trips();
    const twice = async (): Promise<void> => {
      await Promise.resolve();
      await reader.look(['true']);
      await reader.look(['true']);
    };
    await Promise.all(Array.from({ length: 50 }, twice));
    expect(session.trips() - before).toBe(2);
  });

  it('keep their order and their bytes, fifty at once', async () => {
    const reader = createReader(session);
    const asked = Array.from({ length: 50 }, (_, n) => reader.look(['printf', '%s', `${n}\n@@x START\n`]));
    const found = (await Promise.all(asked)).map(({ stdout }) => decode(stdout));
    expect(found).toEqual(Array.from({ length: 50 }, (_, n) => `${n}\n@@x START\n`));
  });

  it('bring back every byte', async () => {
    const reader = createReader(session);
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, n) => n % 256));
    const { stdout } = await reader.look(['cat'], { stdin: bytes });
    expect(Buffer.from(stdout).equals(bytes)).toBe(true);
  });

  it('are given no stdin but their own', async () => {
    const reader = createReader(session);
    const looks = await Promise.all([
      reader.look(['cat']),
      reader.look(['cat'], { stdin: 'mine' }),
      reader.look(['cat'], { stdin: '' }),
      reader.look(['sh', '-s'], { stdin: 'echo from stdin; cat' }),
      reader.look(['cat']),
    ]);
    expect(looks.map(({ stdout }) => decode(stdout))).toEqual(['', 'mine', '', 'from stdin\n', '']);
  });

  it('reach their end in a script of many kilobytes although children read stdin', async () => {
    const reader = createReader(session);
    const looks = Array.from({ length: 60 }, (_, n) =>
      reader.look(['sh', '-c', 'cat; echo "$1"', 'look', `${n}${' '.repeat(600)}`]),
    );
    const found = (await Promise.all(looks)).map(({ stdout }) => Number(decode(stdout)));
    expect(found).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  it('take hostile words as they are', async () => {
    const reader = createReader(session);
    const words = [
      "a'b",
      '$(exit 1)',
      '`id`',
      'x\ny',
      '-n',
      '',
      '*',
      '\\',
      '"',
      'é\u{1F600}',
      '}',
      'main() {',
    ];
    const { stdout } = await reader.look(['printf', '%s\\0', ...words]);
    expect(decode(stdout).split('\0').slice(0, -1)).toEqual(words);
  });

  it('bring back megabytes', async () => {
    const reader = createReader(session);
    const { stdout } = await reader.look(['head', '-c', String(20 * 2 ** 20), '/dev/zero']);
    expect(stdout.length).toBe(20 * 2 ** 20);
  });

  it('fail in words when they bring back too much', async () => {
    const reader = createReader(session);
    const all = ['1', '2', '3'].map(() => reader.look(['head', '-c', String(30 * 2 ** 20), '/dev/zero']));
    const reasons = await Promise.all(all.map(reasonOf));
    for (const reason of reasons) {
      expect(reason).toMatchObject({
        code: 'READ_FAILED',
        message: 'web1: a command printed more than 64 MiB',
      });
    }
  });

  it('cannot fill the host', async () => {
    const fill = 'head -c 300000000 /dev/zero >"$1"; stat -c %s "$1"; rm "$1"';
    const { stdout } = await createReader(session).look([
      'sh',
      '-c',
      fill,
      'look',
      `${session.target.state}.big`,
    ]);
    expect(Number(decode(stdout))).toBe(128 * 2 ** 20);
  });

  it('end with status 124 at their limit, also when they do not listen, and hold up no other', async () => {
    const reader = createReader(session);
    const looks = await Promise.all([
      reader.look(['sleep', '20'], { limit: 1 }),
      reader.look(['sh', '-c', 'sleep 20 & echo there'], { limit: 20 }),
      reader.look(['sh', '-c', 'echo before; trap "" TERM; sleep 20; sleep 20'], { limit: 1 }),
      reader.look(['echo', 'after']),
    ]);
    expect(looks.map(text)).toMatchObject([
      { status: 124 },
      { status: 0, stdout: 'there\n' },
      { status: 124, stdout: 'before\n' },
      { status: 0, stdout: 'after\n' },
    ]);
  });

  it('have a directory of their own to put things into, which is gone with them', async () => {
    const reader = createReader(session);
    const looks = ['echo kept >"$TMPDIR/x"; stat -c %a "$TMPDIR"', 'cat "$TMPDIR/x"'].map((script) =>
      reader.look(['sh', '-c', script]),
    );
    expect((await Promise.all(looks)).map(({ stdout }) => decode(stdout))).toEqual(['700\n', 'kept\n']);
  });

  it('run with a known environment', async () => {
    const reader = createReader(session);
    const { stdout } = await reader.look(['sh', '-c', 'echo "$LC_ALL $PATH"; pwd; umask']);
    expect(decode(stdout)).toBe('C /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/\n0077\n');
  });

  it('name the look at which the host broke off', async () => {
    const reader = createReader(session);
    const looks = [
      reader.look(['true']),
      reader.look(['sh', '-c', 'kill -9 "$(cut -d" " -f4 /proc/$PPID/stat)"']),
    ];
    const reasons = await Promise.all(looks.map(reasonOf));
    for (const reason of reasons) {
      expect(reason.code).toBe('READ_FAILED');
      expect(reason.message).toMatch(/^web1: the look ended before its end, at: sh -c 'kill -9/);
    }
    for (const left of readdirSync('/run').filter((name) => name.startsWith('ashore-look'))) {
      await session.exec(`rm -rf /run/${left}`, { limit: 5 });
    }
  });
});

describe('login shells', () => {
  it.each([
    ['sh', '/bin/sh'],
    ['bash', '/bin/bash'],
    ['fish', '/usr/bin/fish'],
    ['csh', '/usr/bin/tcsh'],
  ])('%s hands over to sh', async (_, shell) => {
    if (!existsSync(shell)) return;
    const { stdout } = await createReader(await open([shell, '-c'])).look(['echo', "it's $HOME"]);
    expect(decode(stdout)).toBe("it's $HOME\n");
  });

  const bashrc = (words: string) => (host: EmbeddedHost) => writeFile(path.join(host.root, '.bashrc'), words);

  it.each([
    ['prints', 'echo HELLO FROM BASHRC; printf "no newline"\n'],
    ['prints what looks like a frame', 'printf "\\n@@0000 START\\n@@0000 DONE\\n"\n'],
    ['reads one line', 'read -r line\n'],
    ['fails', 'false; no-such-program\n'],
  ])('a profile that %s does not disturb', async (_, words) => {
    const session = await open(['/bin/bash', '-c'], bashrc(words));
    expect(text(await createReader(session).look(['echo', 'seen']))).toEqual({
      status: 0,
      stdout: 'seen\n',
      stderr: '',
    });
  });

  it.each([
    ['ends the login', 'echo go away; exit 5\n', 'go away'],
    ['reads everything', 'cat >/dev/null\n', 'and said nothing'],
  ])('a profile that %s is told as such, and nothing of the script has run', async (_, words, said) => {
    const session = await open(['/bin/bash', '-c'], bashrc(words));
    const reason = await reasonOf(createReader(session).look(['echo', 'seen']));
    expect(reason.code).toBe('HOST_NO_SHELL');
    expect(reason.message).toContain(said);
  });

  it('a login without a shell is told in its own words', async () => {
    const session = await open(['/usr/sbin/nologin']);
    const reason = await reasonOf(createReader(session).look(['true']));
    expect(reason).toMatchObject({
      code: 'HOST_NO_SHELL',
      message: expect.stringContaining('This account is currently not available.'),
      evidence: { command: 'exec /bin/sh -s', status: 1 },
    });
  });

  it('a restricted shell is told in its own words', async () => {
    const session = await open(['/bin/bash', '-r', '-c']);
    const reason = await reasonOf(createReader(session).look(['true']));
    expect(reason).toMatchObject({ code: 'HOST_NO_SHELL', message: expect.stringContaining('restricted') });
  });
});

describe('sudo', () => {
  const target: Target = {
    host: 'web1',
    address: '10.0.0.1',
    port: 22,
    user: 'deploy',
    hostKeys: [],
    sudo: true,
    state: '/var/lib/ashore',
    jump: null,
  };

  // Recorded on Debian 12 and 13 with sudo 1.9.13 and 1.9.16.
  it.each([
    ['a password', 'sudo: a password is required\n'],
    ['a terminal', 'sudo: sorry, you must have a tty to run sudo\n'],
    ['another rule', 'Sorry, user deploy is not allowed to execute /bin/sh -s as root on web1.\n'],
    ['sudo itself, under dash', 'sh: 1: exec: sudo: not found\n'],
    ['sudo itself, under bash', 'bash: line 1: exec: sudo: not found\n'],
  ])('that wants %s is told with the line to add', async (_, stderr) => {
    const session = recorded(target, { status: 1, stdout: 'Welcome to web1\n', stderr });
    const reason = await reasonOf(createReader(session).look(['true']));
    expect(reason.code).toBe('HOST_SUDO');
    expect(reason.evidence?.output).toContain(stderr.trim());
    expect(reason.evidence?.output).toContain('deploy ALL=(root) NOPASSWD: /bin/sh -s');
  });

  it('may warn on stderr as it likes', async () => {
    const stdout =
      'Welcome\n\n@@NONCE START\n@@NONCE LOOK 0 10.00 10.01\nALL(hi\n@@NONCE\n\n@@NONCE\n)\n\n@@NONCE DONE\n';
    const session = recorded(target, { status: 0, stdout, stderr: 'sudo: unable to resolve host web1\n' });
    expect(text(await createReader(session).look(['echo', 'hi']))).toEqual({
      status: 0,
      stdout: 'hi',
      stderr: '',
    });
  });

  it('is not blamed where it was not used', async () => {
    const session = recorded({ ...target, sudo: false }, { status: 1, stdout: '', stderr: 'sudo: no\n' });
    expect((await reasonOf(createReader(session).look(['true']))).code).toBe('HOST_NO_SHELL');
  });
});

const BETWEEN = '\n@@NONCE\n\n@@NONCE\n';
const HEADERS = '@@NONCE LOOK 0 1.0 1.1\n@@NONCE LOOK 0 1.1 1.2\n';

describe('answers in part', () => {
  const target: Target = {
    host: 'web1',
    address: '',
    port: 22,
    user: 'u',
    hostKeys: [],
    sudo: false,
    state: '/s',
    jump: null,
  };

  it.each([
    ['no end', '\n@@NONCE START\n@@NONCE LOOK 0 1.0 1.1\n', 'at: second'],
    ['half a look', '\n@@NONCE START\n@@NONCE LOOK 0 1.0', 'at: first'],
    [
      'an end too soon',
      `\n@@NONCE START\n@@NONCE LOOK 0 1.0 1.1\nALL(hi${BETWEEN})\n\n@@NONCE DONE\n`,
      'at: second',
    ],
    [
      'half of what was printed',
      `\n@@NONCE START\n${HEADERS}ALL(hi${BETWEEN}ho)\n\n@@NONCE DONE\n`,
      'at: second',
    ],
    ['no end behind it', `\n@@NONCE START\n${HEADERS}ALL(hi${BETWEEN}ho${BETWEEN})\n`, 'at: second'],
    ['nothing that was printed', `\n@@NONCE START\n${HEADERS}\n@@NONCE DONE\n`, 'at: second'],
    ['strange words', '\n@@NONCE START\nwhat\n\n\n\n@@NONCE DONE\n', 'at: first'],
    ['nothing', '\n@@NONCE START\n', 'at: first'],
  ])('with %s fail all looks of the turn and invent nothing', async (_, stdout, where) => {
    const reader = createReader(recorded(target, { status: 0, stdout, stderr: 'Killed\n' }));
    const reasons = await Promise.all([reader.look(['first']), reader.look(['second'])].map(reasonOf));
    for (const reason of reasons) {
      expect(reason).toMatchObject({
        code: 'READ_FAILED',
        message: expect.stringContaining(where),
        evidence: { output: 'Killed' },
      });
    }
  });
});
