// Scripts on stdin, run by a real sh: whole or not at all, told from all else, and silence explained.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executed, Target } from '../../src/core/host.ts';
import { HOST_PATH } from '../../src/core/host.ts';
import { formatScript, parseScript, shellCommand } from '../../src/core/script.ts';
import { quote } from '../../src/core/shell.ts';

const target: Target = {
  host: 'web1',
  address: '192.0.2.1',
  port: 22,
  user: 'deploy',
  hostKeys: [],
  sudo: false,
  state: '/var/lib/ashore',
  jump: null,
};
const NONCE = '0123456789abcdef';

function runUnder([program, ...argv]: readonly [string, ...string[]], body: string): Executed {
  const { status, stdout, stderr } = spawnSync(program, argv, { input: formatScript(NONCE, body) });
  return { status, stdout, stderr: stderr.toString() };
}

const said = (executed: Executed) => {
  const output = parseScript(target, NONCE, executed);
  return output.is === 'none' ? output : { is: output.is, body: output.body.toString('latin1') };
};

describe('the command line', () => {
  it('becomes root only where that is asked for', () => {
    expect(shellCommand(target)).toBe('exec /bin/sh -s');
    expect(shellCommand({ ...target, sudo: true })).toBe('exec sudo -n /bin/sh -s');
  });
});

describe.each([
  { shell: ['/bin/sh', '-s'] as const },
  { shell: ['bash', '--norc', '--posix', '-s'] as const },
])('a script under $shell', ({ shell }) => {
  it('gives back all that it printed, to the byte', () => {
    expect(said(runUnder(shell, "printf 'a\\0\\377\\n@@x'"))).toEqual({ is: 'done', body: 'a\0\u00ff\n@@x' });
    expect(said(runUnder(shell, ':'))).toEqual({ is: 'done', body: '' });
  });

  it('ends with success, whatever its last command did', () => {
    expect(runUnder(shell, 'false').status).toBe(0);
  });

  it('has a C locale, a full PATH, / around it and a umask of its own', () => {
    const body = 'printf "%s " "$LC_ALL" "$PATH" "$PWD" "${CDPATH-none}" "${ENV-none}"; umask';
    expect(said(runUnder(shell, body))).toEqual({ is: 'done', body: `C ${HOST_PATH} / none none 0077\n` });
  });

  it('keeps its rest from a child that reads', () => {
    expect(said(runUnder(shell, 'cat\necho after'))).toEqual({ is: 'done', body: 'after\n' });
  });

  it('that stops in the middle is cut', () => {
    expect(said(runUnder(shell, 'echo before; exit 3; echo after'))).toEqual({ is: 'cut', body: 'before\n' });
  });

  it('loses nothing to a login that eats the first lines of its input', () => {
    const greedy = ['sh', '-c', 'head -c 2 >/dev/null; exec "$@"', 'login', ...shell] as const;
    expect(said(runUnder(greedy, 'echo whole'))).toEqual({ is: 'done', body: 'whole\n' });
  });

  it('is told from what a login prints before and after', () => {
    const noisy = [
      'sh',
      '-c',
      `printf '%s' ${quote(`\n@@${NONCE} DON`)}; "$@"; echo bye`,
      'login',
      ...shell,
    ] as const;
    expect(said(runUnder(noisy, 'echo it'))).toEqual({ is: 'done', body: 'it\n' });
  });
});

describe('a script that was cut off on its way', () => {
  let work = '';
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'ashore-script-'));
  });
  afterAll(() => rmSync(work, { recursive: true }));

  it('does nothing, wherever it was cut, and finds no program of a shortened name', () => {
    const mark = join(work, 'mark');
    const whole = formatScript(NONCE, `: >${quote(mark)}`);
    const run = (length: number) =>
      spawnSync('/bin/sh', ['-s'], { cwd: work, input: whole.subarray(0, length), encoding: 'utf8' });
    const call = whole.length - '_ashore </dev/null; exit 0\n'.length;
    for (let length = 0; length < call + '_ashor'.length; length += 1) {
      const { stdout } = run(length);
      expect([length, readdirSync(work), stdout]).toEqual([length, [], '']);
    }
    run(whole.length);
    expect(readdirSync(work)).toEqual(['mark']);
  });
});

describe('silence', () => {
  const executed = (over: Partial<Executed & { readonly out: string }>): Executed => {
    return { status: 1, stderr: '', stdout: Buffer.from(over.out ?? ''), ...over };
  };
  const explain = (over: Parameters<typeof executed>[0], sudo: boolean) => {
    const output = parseScript({ ...target, sudo }, NONCE, executed(over));
    return output.is === 'none' ? output.reason : output;
  };

  it.each([
    'sudo: a password is required',
    'sudo: a terminal is required to read the password',
    'bash: line 1: exec: sudo: not found',
    'deploy is not in the sudoers file.',
    'Sorry, user deploy is not allowed to execute /bin/sh -s as root on web1.',
  ])('of sudo, which said %j, names the line that is needed', (stderr) => {
    expect(explain({ stderr }, true)).toEqual({
      code: 'HOST_SUDO',
      message: 'sudo did not let deploy become root on web1',
      evidence: {
        command: 'exec sudo -n /bin/sh -s',
        status: 1,
        output: `${stderr}\n\nThe line that is needed in /etc/sudoers.d/ashore:\ndeploy ALL=(root) NOPASSWD: /bin/sh -s`,
      },
    });
  });

  it('of sudo for a login that plans, which must never become root by a shell', () => {
    const refusal = executed({ stderr: 'sudo: a password is required' });
    const output = parseScript({ ...target, sudo: true, user: 'looker', planUser: 'looker' }, NONCE, refusal);
    expect(output).toMatchObject({
      reason: {
        code: 'HOST_SUDO',
        evidence: {
          output:
            'sudo: a password is required\n\nWhat is needed is printed by: ashore bootstrap web1 --plan-key <file.pub>',
        },
      },
    });
  });

  it.each([
    ['nothing', {}, false, 'and said nothing'],
    [
      'a line on stdout',
      { out: 'This account is not available.\n' },
      false,
      'but said: This account is not available.',
    ],
    ['the last of several', { out: 'a\nb\n' }, true, 'but said: b'],
    ['stderr after stdout', { out: 'a', stderr: 'b\n' }, false, 'but said: b'],
    ['sudo, where none was asked for', { stderr: 'sudo: no' }, false, 'but said: sudo: no'],
    [
      'the word of another run',
      { out: '\n@@fedcba9876543210 START\n' },
      false,
      'but said: @@fedcba9876543210 START',
    ],
  ])('of a login that said %s', (_name, over, sudo, words) => {
    expect(explain(over, sudo)).toMatchObject({
      code: 'HOST_NO_SHELL',
      message: `the login of deploy on web1 ran no shell ${words}`,
    });
  });

  it('keeps the end of long words, and no status where there was none', () => {
    const reason = explain({ status: null, stderr: `${'x'.repeat(9000)}end` }, false);
    expect(reason).toMatchObject({ evidence: { status: null, output: `${'x'.repeat(1997)}end` } });
  });
});
