// A look that must succeed: what the command said, or a HostFailure with the evidence; never an absence.
import { describe, expect, it } from 'vitest';
import { decode, ledgerPath } from '../../src/core/host.ts';
import type { Look, Reader } from '../../src/core/host.ts';
import { readLook, readText } from '../../src/core/look.ts';
import { HostFailure } from '../../src/core/reason.ts';

function hostThatSays(answer: Partial<Look>) {
  const asked: unknown[] = [];
  const host: Reader = {
    look: async (argv, options) => {
      asked.push([argv, options]);
      return { status: 0, stdout: new Uint8Array(), stderr: '', ...answer };
    },
  };
  return { host, asked };
}

describe('a look', () => {
  it('that succeeds is what was printed', async () => {
    const { host, asked } = hostThatSays({ stdout: Buffer.from('é\n') });
    expect(await readText(host, ['cat', '/a b'], { stdin: 'x', limit: 5 })).toBe('é\n');
    expect(asked).toEqual([[['cat', '/a b'], { stdin: 'x', limit: 5 }]]);
  });

  it('may end with a status that is an answer', async () => {
    const { host } = hostThatSays({ status: 1, stderr: 'none' });
    expect(await readLook(host, ['dpkg-query', 'x'], { expected: [0, 1] })).toMatchObject({ status: 1 });
  });

  it.each([
    ['another status', { status: 2 }, {}],
    ['its own limit', { status: 124 }, { expected: [0, 1] }],
    ['success, where only failure is an answer', { status: 0 }, { expected: [1] }],
  ])('that ends with %s is a failure', async (_name, answer, options) => {
    const { host } = hostThatSays({ ...answer, stderr: 'no such thing\n' });
    const failure = await readLook(host, ['stat', '-c', '%a', "/it's"], options).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(HostFailure);
    expect(failure).toMatchObject({
      reason: {
        code: 'READ_FAILED',
        message: `stat -c ended with status ${answer.status}`,
        evidence: { command: "stat -c %a '/it'\\''s'", status: answer.status, output: 'no such thing\n' },
      },
    });
  });

  it.each([
    ['sh: 1: exec: dpkg-query: not found\n', 'PROGRAM_MISSING'],
    ['/bin/sh: line 7: exec: dpkg-query: not found\n', 'PROGRAM_MISSING'],
    ['dpkg-query: error: something else\n', 'READ_FAILED'],
  ])('of a program that is not there names it: %j', async (stderr, code) => {
    const { host } = hostThatSays({ status: 127, stderr });
    await expect(readText(host, ['dpkg-query', '-W'])).rejects.toMatchObject({
      reason: { code, evidence: { status: 127 } },
    });
  });

  it('shows of long words the beginning of the command and the end of the output', async () => {
    const { host } = hostThatSays({ status: 1, stderr: `${'x'.repeat(5000)}end` });
    const failure = await readText(host, ['cat', 'y'.repeat(5000)]).catch((error: unknown) => error);
    const { command, output } = (failure instanceof HostFailure && failure.reason.evidence) || {};
    expect([command?.length, command?.slice(0, 5), output?.length, output?.slice(-4)]).toEqual([
      2000,
      'cat y',
      2000,
      'xend',
    ]);
  });
});

describe('a host', () => {
  it('has its ledger in its state directory', () => {
    const place = { host: 'web1', address: '192.0.2.1', port: 22, user: 'deploy', sudo: true, jump: null };
    expect(ledgerPath({ ...place, hostKeys: [], state: '/var/lib/ashore' })).toBe('/var/lib/ashore/ledger');
  });

  it('may say what is not UTF-8', () => {
    expect(decode(Uint8Array.from([0x61, 0xff]))).toBe('a\ufffd');
  });
});
