// The verbs on the real world: real kinds, ssh2, the run on the host, the clock. Wiring only.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { createDeployer } from './deploy.ts';
import type { Deployer } from './deploy.ts';
import { kinds } from './kinds/index.ts';
import { createAppendLedger } from './run/append-ledger.ts';
import { createCarryOut } from './run/carry-out.ts';
import { createConnect } from './ssh/connect.ts';
import type { ConnectOptions } from './ssh/connect.ts';
import { createReader } from './ssh/reader.ts';

export function createLiveDeployer(options: ConnectOptions): Deployer {
  return createDeployer({
    kinds,
    connect: createConnect(options),
    createReader,
    carryOut: createCarryOut(),
    appendLedger: createAppendLedger(),
    now: () => new Date(),
    wait: async (milliseconds) => {
      await wait(milliseconds);
    },
  });
}

/** The identities that the settings name. Throws when the key's file cannot be read. */
export function readKeys(ssh: {
  keyPath: string | undefined;
  agentSocket: string | undefined;
}): ConnectOptions {
  const { keyPath, agentSocket } = ssh;
  return {
    keys: keyPath === undefined ? [] : [{ name: keyPath, privateKey: readFileSync(keyPath, 'utf8') }],
    ...(agentSocket === undefined ? {} : { agent: agentSocket }),
  };
}
