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
import { createConnect } from './ssh/connect.ts';
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
    appendLedger: createAppendLedger(),
    patience: options.patience,
    ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
    now: () => new Date(),
    wait: async (milliseconds) => {
      await wait(milliseconds);
    },
  });
}

/** The identities that the settings name. Throws when a key's file cannot be read. */
export function readKeys(settings: SshSettings): LiveOptions {
  const { keyPath, agentSocket, planKeyPath, ageKeyPath: agePath, secretsPath: directory } = settings;
  return {
    keys: keyPath === undefined ? [] : [readKey('ASHORE_SSH_KEY_PATH', keyPath)],
    ...(agentSocket === undefined ? {} : { agent: agentSocket }),
    ...(agePath === undefined ? {} : { secrets: openKeeper({ agePath, directory }) }),
    // No agent: it would offer the keys that may write.
    ...(planKeyPath === undefined ? {} : { plan: { keys: [readKey('ASHORE_PLAN_KEY_PATH', planKeyPath)] } }),
  };
}

interface SshSettings {
  readonly keyPath: string | undefined;
  readonly agentSocket: string | undefined;
  readonly planKeyPath?: string | undefined;
  readonly ageKeyPath?: string | undefined;
  readonly secretsPath?: string | undefined;
}

/** A key that was pasted in place of its path must not be repeated, as node does with what it cannot open. */
function readKey(setting: string, path: string): ConnectOptions['keys'][number] {
  try {
    return { name: path, privateKey: readFileSync(path, 'utf8') };
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
    throw new Error(`${setting} cannot be read: ${why}`, { cause: error });
  }
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
