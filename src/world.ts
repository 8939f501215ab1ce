// The verbs on the real world: real kinds, ssh2, the run on the host, the clock. Wiring only.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Connect, Target } from './core/host.ts';
import { createDeployer } from './deploy.ts';
import type { Deployer } from './deploy.ts';
import { kinds } from './kinds/index.ts';
import { createAppendLedger } from './run/append-ledger.ts';
import { createCancel } from './run/cancel.ts';
import { createCarryOut } from './run/carry-out.ts';
import { createConfirm } from './run/confirm.ts';
import { createGiveUp } from './run/give-up.ts';
import { createConnect, parseKey } from './ssh/connect.ts';
import type { ConnectOptions } from './ssh/connect.ts';
import { permitConnect } from './ssh/permit.ts';
import type { Permit } from './ssh/permit.ts';
import { createReader } from './ssh/reader.ts';
import { openKeeper } from './secrets/keeper.ts';
import type { SecretKeeper } from './core/secret.ts';

/** How hosts are logged in to for deploying, and for planning where that has an identity of its own. */
export interface LiveOptions extends ConnectOptions {
  readonly plan?: ConnectOptions;
  /** What may be reached at all; everything when it is left out, as from a person's own terminal. */
  readonly permit?: Permit;
  /** Asked before each connection; rejects where nothing may be done any more. */
  readonly ensure?: () => Promise<void>;
  /** Opens secrets; without it no configuration that uses some can be planned. */
  readonly secrets?: SecretKeeper;
  /** Seconds for a host that does not answer in the middle of a run; ten minutes unless given. */
  readonly patience?: number;
  /** Seconds for a new connection to confirm guarded changes; as the plan says unless given. */
  readonly confirmWithin?: number;
}

export function createLiveDeployer(options: LiveOptions): Deployer {
  const { permit, ensure } = options;
  const guard = (open: Connect): Connect => {
    const permitted = permit ? permitConnect(open, permit) : open;
    if (!ensure) return permitted;
    return async (target) => {
      await ensure();
      return permitted(target);
    };
  };
  const connect = guard(createConnect(options));
  return createDeployer({
    kinds,
    connect,
    connectToLook: options.plan ? guard(connectAsPlanner(options.plan)) : connect,
    bounded: permit !== undefined,
    createReader,
    carryOut: createCarryOut({ confirmWithin: options.confirmWithin }),
    confirm: createConfirm(),
    cancel: createCancel(),
    giveUp: createGiveUp(),
    appendLedger: createAppendLedger(),
    patience: options.patience,
    ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
    now: () => new Date(),
    wait: async (milliseconds) => {
      await wait(milliseconds);
    },
  });
}

/** A setting that names a key which cannot be used, and what to do about it. */
export interface KeyProblem {
  readonly name: string;
  readonly message: string;
  readonly hint: string;
}

/** Where each key is named. */
export interface KeyNames {
  readonly key: string;
  readonly planKey: string;
  readonly ageKey: string;
}

const VARIABLES: KeyNames = {
  key: 'ASHORE_SSH_KEY_PATH',
  planKey: 'ASHORE_PLAN_KEY_PATH',
  ageKey: 'ASHORE_AGE_KEY_PATH',
};

/** The identities that the settings name. Throws when a key cannot be used. */
export function readKeys(settings: SshSettings): LiveOptions {
  const opened = openKeys(settings);
  if ('keys' in opened) return opened.keys;
  throw new Error(opened.problems.map(({ name, message }) => `${name} ${message}`).join('; '));
}

/** The same; else all that is wrong with them. */
export function openKeys(
  { keyPath, agentSocket, planKeyPath, ageKeyPath: agePath, secretsPath: directory }: SshSettings,
  names: KeyNames = VARIABLES,
): { readonly keys: LiveOptions } | { readonly problems: readonly KeyProblem[] } {
  const problems: KeyProblem[] = [];
  const attempt = <T>(name: string, path: string, hint: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      const why = error instanceof Error ? error.message : 'no reason given';
      problems.push({ name, message: `names ${shownPath(path)}, which cannot be used: ${why}`, hint });
      return undefined;
    }
  };
  const keyOf = (name: string, path: string | undefined, hint: string) => {
    const key = path === undefined ? undefined : attempt(name, path, hint, () => readKey(path));
    return key === undefined ? [] : [key];
  };
  const keys = keyOf(names.key, keyPath, 'Name the private key that the hosts let in');
  const planKeys = keyOf(names.planKey, planKeyPath, 'Name the private key that may only look, or none');
  const ageHint = 'Name the file of the age identity, as age-keygen writes it';
  const secrets =
    agePath === undefined
      ? undefined
      : attempt(names.ageKey, agePath, ageHint, () => openKeeper({ agePath, directory }));
  if (problems.length > 0) return { problems };
  return {
    keys: {
      keys,
      ...(agentSocket === undefined ? {} : { agent: agentSocket }),
      ...(secrets === undefined ? {} : { secrets }),
      // No agent: it would offer the keys that may write.
      ...(planKeyPath === undefined ? {} : { plan: { keys: planKeys } }),
    },
  };
}

interface SshSettings {
  readonly keyPath: string | undefined;
  readonly agentSocket: string | undefined;
  readonly planKeyPath?: string | undefined;
  readonly ageKeyPath?: string | undefined;
  readonly secretsPath?: string | undefined;
}

function readKey(path: string): ConnectOptions['keys'][number] {
  const privateKey = readText(path);
  const parsed = parseKey(privateKey);
  if ('why' in parsed) throw new Error(parsed.why);
  return { name: path, privateKey };
}

/** Node repeats the path of what it cannot open. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
    throw new Error(`it cannot be read: ${why}`, { cause: error });
  }
}

/** A key that was pasted in place of its path must not be repeated. */
function shownPath(path: string): string {
  return /[\r\n]|PRIVATE KEY|SECRET-KEY/.test(path) || path.length > 200 ? 'what is no path' : path;
}

function connectAsPlanner(options: ConnectOptions): Connect {
  const connect = createConnect(options);
  return (target) => connect(planTarget(target));
}

/** The same way there, as the users that only look. */
function planTarget(target: Target): Target {
  const jump = target.jump && planTarget(target.jump);
  return { ...target, user: target.planUser ?? target.user, jump };
}
