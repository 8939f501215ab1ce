import { describe, expect, it } from 'vitest';
import type { Connect, Target } from '../../src/core/host.ts';
import { HostFailure } from '../../src/core/reason.ts';
import { isPermitEntry, permitConnect } from '../../src/ssh/permit.ts';

const HOSTS = ['10.1.0.0/16', '192.0.2.7', '2001:db8::/32', 'web1.example.com', '*.shop.example.com'];

function target(address: string, jump: Target | null = null): Target {
  const rest = { port: 22, user: 'deploy', hostKeys: [], sudo: true, state: '/var/lib/ashore' };
  return { host: 'web1', address, jump, ...rest };
}

/** Addresses that were really connected to. */
async function reach(to: Target, hosts: readonly string[] = HOSTS): Promise<readonly string[]> {
  const reached: string[] = [];
  const connect: Connect = async (given) => {
    reached.push(given.address);
    return { target: given, exec: () => Promise.reject(new Error('not asked')), close: () => undefined };
  };
  try {
    await permitConnect(connect, { repo: 'acme/infra', hosts })(to);
  } catch (error) {
    if (!(error instanceof HostFailure)) throw error;
    return [...reached, error.reason.code];
  }
  return reached;
}

describe('a repository reaches', () => {
  it.each([
    '10.1.2.3',
    '192.0.2.7',
    '2001:db8::1',
    '2001:DB8:0::1',
    'web1.example.com',
    'WEB1.example.com.',
    'a.shop.example.com',
    'a.b.shop.example.com',
  ])('%s', async (address) => {
    expect(await reach(target(address))).toEqual([address]);
  });
});

describe('a repository does not reach', () => {
  it.each([
    '10.2.0.1',
    '192.0.2.8',
    '2001:db9::1',
    'web2.example.com',
    'shop.example.com',
    'evilshop.example.com',
    'web1.example.com.evil.example',
    // Other ways to write 10.1.0.1, which a resolver would understand: https://www.rfc-editor.org/rfc/rfc6943#section-3.1.1
    '10.1.1',
    '167837697',
    '0x0a010001',
    '010.1.0.1',
    'web1',
  ])('%s', async (address) => {
    expect(await reach(target(address))).toEqual(['HOST_NOT_PERMITTED']);
  });

  it('what is permitted through a jump that is not', async () => {
    expect(await reach(target('10.1.2.3', target('10.9.9.9')))).toEqual(['HOST_NOT_PERMITTED']);
  });

  it('anything without an entry', async () => {
    expect(await reach(target('10.1.2.3'), [])).toEqual(['HOST_NOT_PERMITTED']);
  });
});

describe('an entry', () => {
  it.each([...HOSTS, '::1', 'localhost'])('%s is one', (entry) => expect(isPermitEntry(entry)).toBe(true));
  it.each(['', '*', '10.0.0.0/33', '2001:db8::/129', 'web1/24', 'a b', '*example.com'])(
    '%s is none',
    (entry) => expect(isPermitEntry(entry)).toBe(false),
  );
});
