// An authenticated ssh2 client over a socket that is already connected. The only place that makes one,
// and it cannot be made without a verifier of the host key: ssh2 by itself takes any key.
import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type {
  AgentAuthMethod,
  Client,
  ConnectConfig,
  PublicKeyAuthMethod,
  ServerHostKeyAlgorithm,
} from 'ssh2';
import type { Target } from '../core/host.ts';
import { HostFailure } from '../core/reason.ts';
import type { Reason } from '../core/reason.ts';
import { explainConnect, levelOf } from './failure.ts';
import { isPinned, mismatch } from './host-key.ts';
import type { Pins } from './host-key.ts';

/** How we show who we are. */
export interface Identities {
  readonly keys: readonly {
    readonly name: string;
    readonly fingerprint: string;
    readonly privateKey: string;
  }[];
  /** Path of an agent's socket. */
  readonly agent: string | undefined;
}

/** Seconds between signs of life, and how many may go unanswered. */
const KEEPALIVE = { seconds: 15, unanswered: 3 };

/** `limit` in seconds, for handshake and login together. Rejects with a HostFailure, or with the error of ssh2 or the socket. */
export function openClient(
  target: Target,
  pins: Pins,
  identities: Identities,
  route: { readonly socket: Duplex; readonly limit: number },
): Promise<Client> {
  const seen: Seen = { key: undefined, handshake: false, banner: '', agent: '' };
  const client = new ssh2.Client();
  const { promise, resolve, reject } = Promise.withResolvers<Client>();
  client.on('handshake', () => (seen.handshake = true));
  client.on('banner', (text) => (seen.banner += text));
  client.on('ready', () => resolve(client));
  client.on('close', () => reject(new Error('the host closed the connection during login')));
  // Stays for the life of the client, because an 'error' that nobody hears ends the process.
  client.on('error', (error) => {
    if (levelOf(error) === 'agent') {
      seen.agent = error.message;
      return;
    }
    reject(explain(target, pins, identities, { seen, error }));
    client.destroy();
  });
  const verify = (key: Buffer): boolean => {
    seen.key = key;
    return isPinned(pins, key);
  };
  start(client, route.socket, verify, {
    algorithms: { serverHostKey: pins.algorithms },
    username: target.user,
    authHandler: methods(target.user, identities),
    readyTimeout: route.limit * 1000,
    keepaliveInterval: KEEPALIVE.seconds * 1000,
    keepaliveCountMax: KEEPALIVE.unanswered,
  });
  return promise;
}

/** The host key that is shown when any type is welcome. Goes no further than looking at it. */
export function readHostKey(socket: Duplex, limit: number): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const client = new ssh2.Client();
  client.on('error', () => resolve(undefined));
  client.on('close', () => resolve(undefined));
  const verify = (key: Buffer): boolean => {
    resolve(key);
    return false;
  };
  start(client, socket, verify, { username: 'nobody', readyTimeout: limit * 1000 });
  return promise.finally(() => client.destroy());
}

/** ssh2 says so when both sides have no type of host key in common. */
export function hasNoCommonKeyType(error: Error): boolean {
  return levelOf(error) === 'handshake' && /host key/i.test(error.message);
}

/** The names under which our keys are known, for a message. */
export function describeIdentities({ keys, agent }: Identities): string {
  const named = keys.map((key) => `${key.name} (${key.fingerprint})`);
  return [...named, ...(agent === undefined ? [] : ['the keys of the agent'])].join(', ') || 'no key at all';
}

interface Seen {
  key: Buffer | undefined;
  handshake: boolean;
  banner: string;
  agent: string;
}

type Settings = Omit<ConnectConfig, 'hostVerifier' | 'sock'> & {
  readonly algorithms?: { readonly serverHostKey: ServerHostKeyAlgorithm[] };
};

function start(client: Client, socket: Duplex, verify: (key: Buffer) => boolean, settings: Settings): void {
  client.connect({ ...settings, sock: socket, hostVerifier: verify });
}

function methods(username: string, { keys, agent }: Identities): (PublicKeyAuthMethod | AgentAuthMethod)[] {
  return [
    ...keys.map(({ privateKey }) => ({ type: 'publickey' as const, username, key: privateKey })),
    ...(agent === undefined ? [] : [{ type: 'agent' as const, username, agent }]),
  ];
}

function explain(
  target: Target,
  pins: Pins,
  identities: Identities,
  { seen, error }: { readonly seen: Seen; readonly error: Error },
): Error {
  if (seen.key && !isPinned(pins, seen.key)) return new HostFailure(mismatch(target, pins, seen.key));
  if (hasNoCommonKeyType(error)) return error;
  const level = levelOf(error);
  if (level === 'client-authentication' || (seen.handshake && level === undefined)) {
    return new HostFailure(refusal(target, identities, seen, error));
  }
  return error;
}

/** After the handshake a disconnection by the host is its answer to our login, as with too many keys. */
function refusal(target: Target, identities: Identities, seen: Seen, error: Error): Reason {
  const words = [seen.agent && `agent: ${seen.agent}`, seen.banner.trim(), error.message];
  const output = words.filter((text) => text !== '').join('\n');
  const message = `${target.user}@${target.address}:${target.port} (${target.host}) accepted none of: ${describeIdentities(identities)}`;
  return { code: 'HOST_AUTH', message, evidence: { output } };
}

export function connectFailure(target: Target, error: unknown): HostFailure {
  if (error instanceof HostFailure) return error;
  return new HostFailure(explainConnect(target, error instanceof Error ? error : new Error(String(error))));
}
