import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseHostKey } from '../../src/config/host-key.ts';
import { KEY_A } from './fleet.ts';

/** A field of the SSH wire format: its length, then its bytes. */
function field(bytes: Uint8Array | string): Buffer {
  const body = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function keyOf(type: string, ...fields: readonly (Uint8Array | string)[]): string {
  return `${type} ${Buffer.concat([field(type), ...fields.map(field)]).toString('base64')}`;
}

function rsa(): string {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    format: 'jwk',
  });
  return keyOf('ssh-rsa', Buffer.from(e, 'base64url'), Buffer.from(n, 'base64url'));
}

const ECDSA = keyOf('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(65, 4));
const RSA = rsa();
const [, BODY = ''] = KEY_A.split(' ');

describe('keys', () => {
  it.each([
    ['ed25519', KEY_A, KEY_A],
    ['ecdsa', ECDSA, ECDSA],
    ['rsa', RSA, RSA],
    ['the comment of a .pub file is dropped', `${KEY_A} root@web1`, KEY_A],
    ['the line end of a .pub file is dropped', `${KEY_A}\n`, KEY_A],
  ])('%s', (_, text, key) => {
    expect(parseHostKey(text)).toBe(key);
  });
});

describe('what is not a key', () => {
  it.each([
    ['nothing', ''],
    ['a type alone', 'ssh-ed25519'],
    ['a fingerprint', 'SHA256:Xq1Rk0kYhM0J0o3v3v1m3Fv3hY5xkY7Yq1Rk0kYhM0J'],
    ['a line of known_hosts', `10.0.0.1 ${KEY_A}`],
    ['another type than its bytes name', `ssh-rsa ${BODY}`],
    ['a type that nobody has', keyOf('ssh-dss', Buffer.alloc(128))],
    ['a certificate', keyOf('ssh-ed25519-cert-v01@openssh.com', Buffer.alloc(128))],
    ['a cut key', KEY_A.slice(0, -8)],
    ['a name and no key', keyOf('ssh-rsa')],
    ['a short key', keyOf('ssh-rsa', 'abc', 'def')],
    ['a placeholder', 'ssh-ed25519 AAAA…'],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
  ])('%s', (_, text) => {
    expect(parseHostKey(text)).toBeUndefined();
  });
});
