// Addresses: whatever is written is read back, and what is no address is none.
import { describe, expect, it } from 'vitest';
import { formatAddress, formatRef, parseAddress, parseRef } from '../../src/core/address.ts';
import { randomFrom } from './random.ts';

describe('a ref', () => {
  it.each([
    ['file//etc/motd', { kind: 'file', id: '/etc/motd' }],
    ['package/nginx', { kind: 'package', id: 'nginx' }],
    ['apt-source/a/b/', { kind: 'apt-source', id: 'a/b/' }],
    ['k2//', { kind: 'k2', id: '/' }],
    ['file/ \n', { kind: 'file', id: ' \n' }],
  ])('%j is a kind and an id', (text, ref) => {
    expect(parseRef(text)).toEqual(ref);
    expect(formatRef(ref)).toBe(text);
  });

  it.each(['', 'file', 'file/', '/etc/motd', 'File/a', '2k/a', '-k/a', 'k_k/a', ' file/a', 'file\n/a'])(
    '%j is none',
    (text) => {
      expect(parseRef(text)).toBeUndefined();
    },
  );
});

describe('an address', () => {
  it.each([
    ['web1/file//etc/motd', { host: 'web1', kind: 'file', id: '/etc/motd' }],
    ['web1.example.org/service/shop', { host: 'web1.example.org', kind: 'service', id: 'shop' }],
  ])('%j is a host and a ref', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text);
  });

  it.each(['', 'web1', 'web1/file', 'web1/file/', '/file/a', 'web1//a', 'web1/File/a'])(
    '%j is none',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it('holds any id', () => {
    const random = randomFrom(2);
    for (let round = 0; round < 1000; round += 1) {
      const address = { host: 'web1', kind: 'file', id: `/${random.text(12)}` };
      expect(parseAddress(formatAddress(address))).toEqual(address);
    }
  });
});
