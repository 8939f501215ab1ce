// One wave of hosts after the other: the next begins when the one before is through, and none when too many have failed.
// A gate of the plan holds whatever may fail. What runs is never stopped by any of it: the hosts finish what they were told.
import pLimit from 'p-limit';
import type { LimitFunction } from 'p-limit';
import type { Gate, HostPlan, Plan, Rollout } from '../core/plan.ts';
import { HOSTS_AT_ONCE } from './contract.ts';

export interface Rolling {
  /** Resolves to whether all went well. `halt`: it is not to be started, unless it was before. */
  deployHost(host: HostPlan, halt: Halt | undefined): Promise<boolean>;
  /** Of a host that this deploy leaves out: whether its part of a stack is done already. Asked once for each. */
  isDone(host: string, stack: string): Promise<boolean>;
}

/** Why a host is not to be started: too many have failed, or what goes first is not done. */
export type Halt = { readonly is: 'over' } | Behind;

/** The hosts of a gate that are not done. */
export interface Behind {
  readonly is: 'behind';
  readonly gate: Gate;
  readonly hosts: readonly string[];
}

const OVER: Halt = { is: 'over' };

type Planned = Pick<Plan, 'hosts' | 'rollout'>;

/** `hosts`: those of the plan that the deploy is for. */
export async function rollOut(hosts: readonly HostPlan[], plan: Planned, rolling: Rolling): Promise<void> {
  const { rollout } = plan;
  const failed = new Map<string, number>();
  const done = new Set<string>();
  const limit = limitHosts(rollout);
  const findBehind = gateKeeper(hosts, rollout, done, rolling);
  for (const wave of splitWaves(hosts, plan)) {
    await Promise.all(
      wave.map((host) =>
        limit(host, async () => {
          const halt = isOver(failed, rollout) ? OVER : await findBehind(host.host);
          if (await rolling.deployHost(host, halt)) {
            done.add(host.host);
          } else if (!halt) {
            for (const stack of stacksOf(host)) failed.set(stack, (failed.get(stack) ?? 0) + 1);
          }
        }),
      ),
    );
  }
}

/** Says of a host which of those that go first are not done; by its wave they have all had their turn. */
function gateKeeper(
  hosts: readonly HostPlan[],
  rollout: Rollout | undefined,
  done: ReadonlySet<string>,
  rolling: Rolling,
): (host: string) => Promise<Behind | undefined> {
  const taken = new Set(hosts.map(({ host }) => host));
  const asked = new Map<string, Promise<boolean>>();
  const isThrough = (host: string, stack: string): Promise<boolean> => {
    if (taken.has(host)) return Promise.resolve(done.has(host));
    const key = JSON.stringify([host, stack]);
    const answer = asked.get(key) ?? rolling.isDone(host, stack);
    asked.set(key, answer);
    return answer;
  };
  return async (host) => {
    for (const gate of rollout?.gates ?? []) {
      if (!gate.later.includes(host)) continue;
      const through = await Promise.all(gate.first.map((first) => isThrough(first, gate.stack)));
      const behind = gate.first.filter((_, index) => !through[index]);
      if (behind.length > 0) return { is: 'behind', gate, hosts: behind };
    }
    return undefined;
  };
}

type LimitHosts = (host: HostPlan, go: () => Promise<void>) => Promise<void>;

/** A host waits for a place in each of its stacks. All take theirs in the same order, so none waits for another in a circle. */
function limitHosts(rollout: Rollout | undefined): LimitHosts {
  const atOnce = rollout?.atOnce ?? {};
  const limits = new Map<string, LimitFunction>(
    Object.entries(atOnce).map(([stack, hosts]) => [stack, pLimit(hosts)]),
  );
  const all = pLimit(Math.max(HOSTS_AT_ONCE, ...Object.values(atOnce)));
  const others = pLimit(HOSTS_AT_ONCE);
  return (host, go) => {
    const stacks = [...stacksOf(host)].toSorted();
    const own = stacks.flatMap((stack) => limits.get(stack) ?? []);
    const places = [...(own.length < stacks.length || own.length === 0 ? [others] : []), ...own, all];
    return places.reduceRight<() => Promise<void>>((next, place) => () => place(next), go)();
  };
}

/** A host that is in no wave goes with the last. Where a stack has lost all of its first hosts, one of its next goes alone again. */
function splitWaves(hosts: readonly HostPlan[], plan: Planned): readonly (readonly HostPlan[])[] {
  const { rollout } = plan;
  if (!rollout) return [hosts.slice(0, 1), hosts.slice(1)];
  const waves = rollout.waves.map((wave) => hosts.filter(({ host }) => wave.includes(host)));
  const all = [...waves, hosts.filter((host) => !waves.some((wave) => wave.includes(host)))];
  let lost = lostLeads(hosts, plan.hosts, rollout);
  return all.flatMap((wave) => {
    const leading = new Set<string>();
    const first = wave.filter((host) => {
      const mine = [...stacksOf(host)].filter((stack) => lost.has(stack));
      if (mine.some((stack) => leading.has(stack))) return false;
      for (const stack of mine) leading.add(stack);
      return true;
    });
    lost = lost.difference(leading);
    return [first, wave.filter((host) => !first.includes(host))];
  });
}

/** Stacks of whose first wave no host takes part. */
function lostLeads(
  hosts: readonly HostPlan[],
  all: readonly HostPlan[],
  { waves }: Rollout,
): ReadonlySet<string> {
  const stacksIn = (some: readonly HostPlan[], wave: readonly string[]): ReadonlySet<string> =>
    new Set(some.filter(({ host }) => wave.includes(host)).flatMap((host) => [...stacksOf(host)]));
  let seen: ReadonlySet<string> = new Set();
  let lost: ReadonlySet<string> = new Set();
  for (const wave of waves) {
    const fresh = stacksIn(all, wave).difference(seen);
    lost = lost.union(fresh.difference(stacksIn(hosts, wave)));
    seen = seen.union(fresh);
  }
  return lost;
}

/** One stack that has had its number of failures ends the whole deploy. */
function isOver(failed: ReadonlyMap<string, number>, rollout: Rollout | undefined): boolean {
  return [...failed].some(([stack, hosts]) => hosts >= (rollout?.stopAfter[stack] ?? 1));
}

function stacksOf({ changes }: HostPlan): ReadonlySet<string> {
  return new Set(changes.map(({ stack }) => stack));
}
