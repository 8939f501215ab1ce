// Pinned host keys: what is asked of a host before anything is said to it. Nothing is learned on first use.
import { createHash } from 'node:crypto';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { Target } from '../core/host.ts';
import type { Reason } from '../core/reason.ts';

/** The pinned keys of one host, and the signature algorithms that can prove them. */
export interface Pins {
  readonly keys: readonly Buffer[];
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** `ssh-ed25519 SHA256:…`, for people. */
  readonly described: readonly string[];
}

/** By key type. ssh-rsa with SHA-1 is left out: OpenSSH has refused it since 8.8. */
const ALGORITHMS: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

/** A host that is known by one type of key must be asked for that type, else its other key reads as a false mismatch. */
export function parsePins(target: Target): Pins | { readonly unusable: Reason } {
  const keys: Buffer[] = [];
  const algorithms = new Set<ServerHostKeyAlgorithm>();
  for (const pin of target.hostKeys) {
    const [type = '', body = ''] = pin.trim().split(/\s+/);
    const key = Buffer.from(body, 'base64');
    const provable = ALGORITHMS.get(type);
    if (!provable) return unusable(target, pin, certificateHint(type));
    if (typeOf(key) !== type) return unusable(target, pin, `is not a key of the type ${type}`);
    keys.push(key);
    for (const algorithm of provable) algorithms.add(algorithm);
  }
  if (keys.length === 0) {
    const message = `no host key is pinned for ${target.host}, so it is not contacted`;
    return { unusable: { code: 'CONFIG_INVALID', message, next: keyscan(target) } };
  }
  return { keys, algorithms: [...algorithms], described: keys.map(describeKey) };
}

export function isPinned(pins: Pins, shown: Buffer): boolean {
  return pins.keys.some((key) => key.equals(shown));
}

/** `ssh-ed25519 SHA256:…` as ssh-keygen -l prints it. */
export function describeKey(key: Buffer): string {
  return `${typeOf(key)} ${fingerprintOf(key)}`;
}

export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** `shown` undefined: the host has no key of a pinned type at all. */
export function mismatch(target: Target, pins: Pins, shown: Buffer | undefined): Reason {
  const pinned = pins.described.join(' or ');
  const other = shown === undefined ? 'has no key of that type' : `showed ${describeKey(shown)}`;
  return {
    code: 'HOST_KEY_MISMATCH',
    message: `${target.host} (${target.address}:${target.port}) ${other}; pinned is ${pinned}`,
  };
}

/** The wire form of a public key begins with the length and the name of its type (RFC 4253, 6.6). */
function typeOf(key: Buffer): string {
  if (key.length < 4) return '';
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

function unusable(target: Target, pin: string, why: string): { readonly unusable: Reason } {
  const message = `host_key of ${target.host}, "${pin.slice(0, 60)}", ${why}`;
  return { unusable: { code: 'CONFIG_INVALID', message, next: keyscan(target) } };
}

/** ssh2 1.17.0 knows neither host certificates nor keys on a security token (sk-). */
function certificateHint(type: string): string {
  if (type.includes('-cert-') || type === '@cert-authority') {
    return 'is a certificate or its authority, which cannot be used: pin the plain key of the host';
  }
  return `has a type that cannot be used: pin one of ${[...ALGORITHMS.keys()].join(', ')}`;
}

function keyscan(target: Target): string {
  return `ssh-keyscan -p ${target.port} -t ed25519 ${target.address}`;
}
