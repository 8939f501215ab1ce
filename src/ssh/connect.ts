// Opens sessions: by TCP or through jump hosts, to pinned hosts only, each step with a limit of its own.
// Tries once more only where nothing was asked yet and the cause may pass by itself.
import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'ssh2';
import ssh2 from 'ssh2';
import { canonical } from '../core/json.ts';
import type { Connect, Session, Target } from '../core/host.ts';
import { HostFailure } from '../core/reason.ts';
import { connectFailure, hasNoCommonKeyType, openClient, readHostKey } from './client.ts';
import type { Identities } from './client.ts';
import { explainConnect, mayPass } from './failure.ts';
import { fingerprintOf, mismatch, parsePins } from './host-key.ts';
import { createSession } from './session.ts';

export interface ConnectOptions {
  /** Private keys in OpenSSH's or PEM form, unencrypted, with a name for messages. */
  readonly keys: readonly { readonly name: string; readonly privateKey: string }[];
  /** Path of an agent's socket, asked after the keys. */
  readonly agent?: string;
  /** Seconds for the network, and again for handshake and login; 10 unless given. */
  readonly connectLimit?: number;
}

/** Milliseconds before the second and last try. */
const PAUSE = 500;

/** Throws when a key cannot be used: that is a mistake of the settings and concerns no host. */
export function createConnect(options: ConnectOptions): Connect {
  const network: Network = {
    identities: { keys: options.keys.map(checkKey), agent: options.agent },
    limit: options.connectLimit ?? 10,
    jumps: new Map(),
  };
  return async (target): Promise<Session> => {
    const { client, release } = await open(network, target);
    return createSession(target, client, release);
  };
}

interface Network {
  readonly identities: Identities;
  readonly limit: number;
  /** Open jump hosts, shared: a bastion that is asked by many at once drops some of them (sshd_config(5), MaxStartups). */
  readonly jumps: Map<string, Jump>;
}

interface Jump {
  readonly opened: Promise<Opened>;
  users: number;
}

interface Opened {
  readonly client: Client;
  readonly release: () => void;
}

interface Route {
  readonly socket: Duplex;
  readonly release: () => void;
}

function checkKey({ name, privateKey }: ConnectOptions['keys'][number]): Identities['keys'][number] {
  const parsed = parseKey(privateKey);
  if ('why' in parsed) throw new Error(`the SSH key ${name} cannot be used: ${parsed.why}`);
  return { name, privateKey, fingerprint: fingerprintOf(parsed.publicKey) };
}

/** What hosts know of a private key, or why it is none that can be used. */
export function parseKey(privateKey: string): { readonly publicKey: Buffer } | { readonly why: string } {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) return { why: parsed.message };
  return parsed.isPrivateKey() ? { publicKey: parsed.getPublicSSH() } : { why: 'it is a public key' };
}

async function open(network: Network, target: Target): Promise<Opened> {
  try {
    return await openOnce(network, target);
  } catch (error) {
    if (error instanceof HostFailure || !(error instanceof Error) || !mayPass(error)) {
      throw connectFailure(target, error);
    }
    await wait(PAUSE);
    return await openOnce(network, target).catch((again: unknown) => {
      throw connectFailure(target, again);
    });
  }
}

async function openOnce(network: Network, target: Target): Promise<Opened> {
  const pins = parsePins(target);
  if ('unusable' in pins) throw new HostFailure(pins.unusable);
  const { limit, identities } = network;
  const route = await reach(network, target);
  try {
    const client = await openClient(target, pins, identities, { socket: route.socket, limit });
    return { client, release: route.release };
  } catch (error) {
    route.socket.destroy();
    route.release();
    if (!(error instanceof Error) || !hasNoCommonKeyType(error)) throw error;
    throw new HostFailure(mismatch(target, pins, await shownKey(network, target)));
  }
}

/** A host without a key of the pinned type: which one has it then? */
async function shownKey(network: Network, target: Target): Promise<Buffer | undefined> {
  const route = await reach(network, target).catch(() => undefined);
  if (!route) return undefined;
  try {
    return await readHostKey(route.socket, network.limit);
  } finally {
    route.socket.destroy();
    route.release();
  }
}

async function reach(network: Network, target: Target): Promise<Route> {
  if (!target.jump) return { socket: await dial(target, network.limit), release: () => undefined };
  const jump = await shareJump(network, target.jump, target);
  try {
    return { socket: await forward(jump.client, target, network.limit), release: jump.release };
  } catch (error) {
    jump.release();
    throw error;
  }
}

function dial(target: Target, limit: number): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const socket = createConnection({ host: target.address, port: target.port, timeout: limit * 1000 });
  // Without it each small packet of the login waits for the one before (20 logins: 3.8 s without, 2.7 s with).
  socket.setNoDelay(true);
  socket.once('connect', () => {
    socket.setTimeout(0);
    resolve(socket);
  });
  socket.once('timeout', () => {
    const message = `${target.host} (${target.address}:${target.port}): no answer in ${limit} s`;
    reject(new HostFailure({ code: 'HOST_TIMEOUT', message }));
    socket.destroy();
  });
  socket.on('error', reject);
  return promise;
}

/** One connection to a jump host for all that go through it; closed behind the last of them. */
async function shareJump(network: Network, jump: Target, behind: Target): Promise<Opened> {
  const name = canonical({ ...jump });
  const shared = network.jumps.get(name) ?? { opened: open(network, jump), users: 0 };
  network.jumps.set(name, shared);
  shared.users += 1;
  const forget = (): void => {
    if (network.jumps.get(name) === shared) network.jumps.delete(name);
  };
  try {
    const { client, release } = await shared.opened;
    client.once('close', forget);
    const leave = (): void => {
      shared.users -= 1;
      if (shared.users > 0) return;
      forget();
      client.end();
      release();
    };
    return { client, release: leave };
  } catch (error) {
    forget();
    throw through(behind, error);
  }
}

/** A failure of the jump host is told as such: it is not the host behind it that must be looked at. */
function through(behind: Target, error: unknown): unknown {
  if (!(error instanceof HostFailure)) return error;
  const message = `on the way to ${behind.host}, jump host ${error.reason.message}`;
  return new HostFailure({ ...error.reason, message });
}

function forward(client: Client, target: Target, limit: number): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const at = `${target.host} (${target.address}:${target.port})`;
  const timer = setTimeout(() => {
    const message = `${at}: the jump host reached nothing in ${limit} s`;
    reject(new HostFailure({ code: 'HOST_TIMEOUT', message }));
  }, limit * 1000);
  const done = (error: Error | undefined, channel: Duplex): void => {
    clearTimeout(timer);
    if (!error) {
      resolve(channel);
      return;
    }
    const reason = explainConnect(target, error);
    reject(
      new HostFailure({ ...reason, message: `${at}: the jump host could not reach it: ${error.message}` }),
    );
  };
  try {
    client.forwardOut('127.0.0.1', 0, target.address, target.port, done);
  } catch (error) {
    clearTimeout(timer);
    reject(error instanceof Error ? error : new Error(String(error)));
  }
  return promise;
}
