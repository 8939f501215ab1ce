// What comparisons stand on: one bench host for all of them, brought into the state that each begins from.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { applyScript, undoScript } from './by-hand.ts';
import type { Login } from './by-hand.ts';
import { configOf, createServer } from './by-ashore.ts';
import type { Server } from './by-ashore.ts';
import { startBenchHost } from './host.ts';
import type { BenchHost } from './host.ts';
import type { Samples } from './numbers.ts';
import type { Work } from './work.ts';

export interface Ground {
  readonly quick: boolean;
  readonly tell: (line: string) => void;
  /** Started when it is first asked for. */
  host(): Promise<BenchHost>;
  login(): Promise<Login>;
  /** The host is as this work wants it, and Ashore has deployed it. */
  converge(work: Work): Promise<Server>;
  /** Nothing of any work is on the host, and this one is about to be put there by somebody else. */
  bare(work: Work): Promise<void>;
  /** What a comparison that broke off left there is not known. */
  forget(): void;
  stop(): Promise<void>;
}

/** Keys and numbers of one comparison, and what they were made from. */
export interface Outcome {
  readonly numbers: Readonly<Record<string, number>>;
  readonly samples: Samples;
}

export function createGround(quick: boolean, tell: (line: string) => void): Ground {
  const directory = mkdtempSync(join(tmpdir(), 'ashore-bench-'));
  let starting: Promise<BenchHost> | undefined;
  /** What the host is as. */
  let present: Work | undefined;
  /** Of what something may be on the host. */
  let touched: Work | undefined;
  const host = (): Promise<BenchHost> => (starting ??= startBenchHost(tell));
  const login = async (): Promise<Login> => {
    const bench = await host();
    const knownHosts = join(directory, 'known_hosts');
    writeFileSync(knownHosts, `bench ${bench.host.hostKey}\n`);
    return {
      address: bench.host.address,
      port: bench.host.port,
      user: 'deploy',
      keyPath: bench.keyPath,
      knownHosts,
    };
  };
  const clear = async (): Promise<void> => {
    const bench = await host();
    if (touched) await bench.sh(undoScript(touched));
    present = touched = undefined;
  };
  return {
    quick,
    tell,
    host,
    login,
    bare: async (work) => {
      await clear();
      touched = work;
    },
    forget: () => {
      present = undefined;
    },
    converge: async (work) => {
      const bench = await host();
      const files = configOf(work, { ...(await login()), hostKey: bench.host.hostKey });
      const server = createServer(files, bench.privateKey);
      if (present !== undefined && JSON.stringify(present) === JSON.stringify(work)) return server;
      await clear();
      touched = work;
      await bench.sh(applyScript(work, 'bench'));
      await server.deploy(await server.plan());
      present = work;
      return server;
    },
    stop: async () => {
      rmSync(directory, { recursive: true, force: true });
      await (await starting)?.stop();
    },
  };
}

/** The host, as far away as that many milliseconds there and back. */
export async function farAway(
  login: Login,
  milliseconds: number,
): Promise<{ login: Login; stop: () => void }> {
  const argv = [resolve('test/bench/relay.ts'), String(milliseconds), login.address, String(login.port)];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = await once(child.stdout, 'data');
  return {
    login: { ...login, address: '127.0.0.1', port: Number(String(printed)) },
    stop: () => void child.kill(),
  };
}
