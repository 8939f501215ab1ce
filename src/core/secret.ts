// A secret: a value that prints as its name and leaves this module only through revealSecret().
// What stands for it in plans, ledgers and fingerprints is its seal, a keyed digest that nobody without the key can guess at.
import { z } from 'zod';
import { sha256 } from './json.ts';

/** Names a file below deploy-configs/secrets/ (with .age) or in the server's own directory; never a way out of either. */
export const SecretName = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*$/,
    'the name of a secret: lower-case letters, digits, `.`, `_` and `-`, in parts separated by `/`',
  );

/** SHA-256 in hex → the keyed digest that may be kept and shown. */
export type Seal = (sum: string) => string;

/** Bytes that are a secret or hold some. It is made by createSecret() only; the bytes are not among its members. */
export class Secret {
  /** The secrets whose values are in it. */
  readonly names: readonly string[];
  /** Keyed digest of the bytes. */
  readonly seal: string;
  constructor(names: readonly string[], seal: string) {
    this.names = names;
    this.seal = seal;
  }
  toString(): string {
    return formatSecret(this.names);
  }
  toJSON(): string {
    return formatSecret(this.names);
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return formatSecret(this.names);
  }
}

export function formatSecret(names: readonly string[]): string {
  return `[secret ${names.join(', ')}]`;
}

const VALUES = new WeakMap<Secret, Uint8Array>();

export function createSecret(names: readonly string[], bytes: Uint8Array, seal: Seal): Secret {
  const secret = new Secret(names, seal(sha256(bytes)));
  VALUES.set(secret, bytes);
  return secret;
}

/** The value itself: only to put it together, to send it to a host, and to know what must be cut out of everything else. */
export function revealSecret(secret: Secret): Uint8Array {
  const bytes = VALUES.get(secret);
  if (!bytes) throw new TypeError(`${secret.toString()} was not made by createSecret()`);
  return bytes;
}

/** What became of a name. `unchecked`: nobody here may open it. */
export type SecretFound =
  | Secret
  | 'unchecked'
  | { readonly code: 'SECRET_MISSING' | 'SECRET_UNREADABLE'; readonly why: string };

/** The secrets of one configuration, as the kinds see them. */
export interface SecretSources {
  find(name: string): SecretFound;
  /** Bytes put together from secrets, as a secret of their own. */
  compose(names: readonly string[], bytes: Uint8Array): Secret;
}

/** How a keeper answers for one name. */
export type SecretOpened =
  | { readonly is: 'value'; readonly bytes: Uint8Array }
  | { readonly is: 'missing' }
  | { readonly is: 'unreadable'; readonly why: string };

/** Holds the key: opens secrets and seals digests. */
export interface SecretKeeper {
  readonly seal: Seal;
  /** `encrypted` is the repository's own file of that name, if there is one. */
  open(name: string, encrypted: Uint8Array | undefined): Promise<SecretOpened>;
}
