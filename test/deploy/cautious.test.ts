// Whom a cautious plan calls: a host that the base reaches in the very same way, and nobody else.
import { describe, expect, it } from 'vitest';
import { HostFailure } from '../../src/core/reason.ts';
import { createDeployer } from '../../src/deploy.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import { kinds } from '../../src/kinds/index.ts';

const never = (): never => {
  throw new Error('no host may be asked');
};

/** Whether the host was called, and what became of it; nobody answers. */
async function call(head: string, base: string | undefined, { bounded = false, cautious = true } = {}) {
  const called: string[] = [];
  const deployer = createDeployer({
    kinds,
    connect: never,
    connectToLook: async ({ address }) => {
      called.push(address);
      throw new HostFailure({ code: 'HOST_UNREACHABLE', message: 'nobody answers' });
    },
    bounded,
    createReader: never,
    carryOut: never,
    appendLedger: never,
    now: () => new Date(0),
    wait: never,
    cancel: never,
    giveUp: never,
    confirm: never,
  });
  const before = base === undefined ? undefined : files(base);
  const planned = await deployer.plan({
    files: files(head),
    base: before,
    commit: COMMIT,
    cautious,
    all: true,
  });
  if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
  return { called, failure: planned.plan.hosts[0]?.failure };
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

function files(host: string): ConfigFiles {
  const stack = 'on: web1\nresources:\n  - file: /etc/motd\n    content: x\n';
  const texts = { 'hosts.yml': `hosts:\n  ${host}\n`, 'web.yml': stack };
  return new Map(
    Object.entries(texts).map(([path, text]) => [`deploy-configs/${path}`, new TextEncoder().encode(text)]),
  );
}

function hostKey(fill: number): string {
  const head = [Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.from([0, 0, 0, 32])];
  return `ssh-ed25519 ${Buffer.concat([...head, Buffer.alloc(32, fill)]).toString('base64')}`;
}

const KEY = hostKey(7);
const SAME = `web1: { address: 10.0.0.1, host_key: "${KEY}" }`;
const JUMP = `jump: { address: 10.0.0.9, host_key: "${KEY}" }`;

describe('a cautious plan', () => {
  it.each([
    ['a host as it was', SAME, SAME],
    [
      'another directory of its state',
      `web1: { address: 10.0.0.1, host_key: "${KEY}", state: /srv/ashore }`,
      SAME,
    ],
  ])('calls %s', async (_, head, base) => {
    const { called, failure } = await call(head, base);
    expect(called).toEqual(['10.0.0.1']);
    expect(failure?.code).toBe('HOST_UNREACHABLE');
  });

  it.each([
    ['no base', SAME, undefined],
    ['a new host', SAME, SAME.replace('web1', 'web2')],
    ['an address', SAME.replace('10.0.0.1', '10.0.0.2'), SAME],
    ['a port', SAME.replace('{', '{ port: 2222,'), SAME],
    ['a user', SAME.replace('{', '{ user: other,'), SAME],
    ['a key', SAME.replace(KEY, hostKey(8)), SAME],
    ['a jump host', SAME.replace('}', `, ${JUMP} }`), SAME],
    [
      'the key of a jump host',
      SAME.replace('}', `, ${JUMP.replace(KEY, hostKey(8))} }`),
      SAME.replace('}', `, ${JUMP} }`),
    ],
  ])('does not call where it is another: %s', async (_, head, base) => {
    const { called, failure } = await call(head, base);
    expect(called).toEqual([]);
    expect(failure?.code).toBe('HOST_UNCONFIRMED');
    expect(failure?.next).toContain('/plan 0123456789ab');
  });

  it('calls it all the same where somebody said so, or the server says what may be reached', async () => {
    expect((await call(SAME, undefined, { cautious: false })).called).toEqual(['10.0.0.1']);
    expect((await call(SAME, undefined, { bounded: true })).called).toEqual(['10.0.0.1']);
  });
});
