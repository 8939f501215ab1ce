// Makes the people, the Apps and the App's key that a double starts with.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { EVENT_NEEDS } from './events.ts';
import type { Account, AppIdentity, Permissions } from './state.ts';

/** One key for all doubles of a process: making one takes a good part of a second. */
let keys: { publicKey: string; privateKey: string } | undefined;

export function keyPair(): { publicKey: string; privateKey: string } {
  keys ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return keys;
}

export function person(id: number, login: string, type: Account['type'] = 'User'): Account {
  const token = type === 'User' ? `ghp_${randomBytes(18).toString('hex')}` : '';
  return {
    id,
    login,
    type,
    token,
    email: type === 'Bot' ? `${id}+bot@users.noreply.github.com` : `${login}@example.com`,
  };
}

/** An App with its bot account, as a world needs one. */
export function makeApp(
  id: number,
  slug: string,
  permissions: Permissions,
  events: readonly string[],
): AppIdentity {
  return {
    id,
    slug,
    name: slug,
    owner: person(id + 1, `${slug}-makers`, 'Organization'),
    bot: person(id + 2, `${slug}[bot]`, 'Bot'),
    permissions,
    events,
  };
}

/** GitHub refuses to register an App that subscribes to what it may not read, in these words. */
export function checkEvents(events: readonly string[], permissions: Permissions): void {
  const wrong = events.filter(
    (event) =>
      (EVENT_NEEDS[event] ?? 'metadata') !== 'metadata' &&
      permissions[EVENT_NEEDS[event] ?? ''] === undefined,
  );
  if (wrong.length > 0)
    throw new Error(`Default events are not supported by permissions: ${wrong.join(', ')}`);
}
