// The servers of the site, as processes that are killed, stopped and started again, and the balancer before them. One that
// ends by itself is started anew, as systemd would; how it ended is kept.
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer, startProcess } from '../support/servers.ts';
import type { ServerProcess } from '../support/servers.ts';

export interface Servers {
  readonly count: number;
  /** Where webhooks go. */
  readonly url: string;
  /** The status of each that ended without having been killed. */
  readonly ends: readonly (number | null)[];
  start(slot: number): Promise<void>;
  kill(slot: number): Promise<void>;
  /** Nothing of it goes on until it is continued. Its process id; undefined when it is not there. */
  pause(slot: number): number | undefined;
  /** Resolves with whether it is still there some seconds later. */
  goOn(slot: number, within: number): Promise<boolean>;
  stop(): Promise<void>;
}

export async function startServers(count: number, env: Readonly<Record<string, string>>): Promise<Servers> {
  const slots = new Map<number, ServerProcess>();
  const turns = new Map<number, Promise<void>>();
  const behind: ServerProcess[] = [];
  const ends: (number | null)[] = [];
  let over = false;
  const balancer = await startBalancer(behind);
  /** One after another for each slot: chaos and systemd both start servers. */
  const inTurn = (slot: number, work: () => Promise<void>): Promise<void> => {
    const mine = (turns.get(slot) ?? Promise.resolve()).then(work);
    turns.set(slot, mine);
    return mine;
  };
  const remove = (slot: number, gone: ServerProcess): void => {
    slots.delete(slot);
    behind.splice(behind.indexOf(gone), 1);
  };
  const supervise = async (slot: number, started: ServerProcess): Promise<void> => {
    const status = await started.ended;
    if (slots.get(slot) !== started) return;
    remove(slot, started);
    ends.push(status);
    await start(slot);
  };
  const start = (slot: number): Promise<void> =>
    inTurn(slot, async () => {
      if (over || slots.has(slot)) return;
      const started = await startPersistently(env);
      slots.set(slot, started);
      behind.push(started);
      void supervise(slot, started);
    });
  const kill = (slot: number): Promise<void> =>
    inTurn(slot, async () => {
      const killed = slots.get(slot);
      if (!killed) return;
      remove(slot, killed);
      killed.child.kill('SIGKILL');
      await killed.ended;
    });
  const each = Array.from({ length: count }, (_, slot) => slot);
  await Promise.all(each.map(start));
  return {
    count,
    url: balancer.url,
    ends,
    start,
    kill,
    pause: (slot) => {
      const { child } = slots.get(slot) ?? {};
      child?.kill('SIGSTOP');
      return child?.pid;
    },
    goOn: async (slot, within) => {
      const stopped = slots.get(slot);
      stopped?.child.kill('SIGCONT');
      const late = sleep(within, true, { ref: false });
      return Promise.race([late, stopped?.ended.then(() => false) ?? false]);
    },
    stop: async () => {
      over = true;
      await Promise.all(each.map(kill));
      balancer.stop();
    },
  };
}

/** Where its database is away a server says so and ends; systemd tries again. */
async function startPersistently(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  for (;;) {
    try {
      return await startProcess(env);
    } catch (error) {
      if (!String(error).includes('PostgreSQL (DATABASE_URL) cannot be opened')) throw error;
      await sleep(500);
    }
  }
}
