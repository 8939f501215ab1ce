// One wave of hosts after the other: the next begins when the one before is through, and none when too many have failed.
// What runs is never stopped by it: the hosts finish what they were told.
import pLimit from 'p-limit';
import type { LimitFunction } from 'p-limit';
import type { HostPlan, Rollout } from '../core/plan.ts';
import { HOSTS_AT_ONCE } from './contract.ts';

/** `deployHost` resolves to whether all went well; it is not called for hosts that are not started. */
export async function rollOut(
  hosts: readonly HostPlan[],
  rollout: Rollout | undefined,
  deployHost: (host: HostPlan) => Promise<boolean>,
): Promise<void> {
  const failed = new Map<string, number>();
  const limit = limitHosts(rollout);
  for (const wave of splitWaves(hosts, rollout)) {
    await Promise.all(
      wave.map((host) =>
        limit(host, async () => {
          if (isOver(failed, rollout) || (await deployHost(host))) return;
          for (const stack of stacksOf(host)) failed.set(stack, (failed.get(stack) ?? 0) + 1);
        }),
      ),
    );
  }
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

/** A host that is in no wave goes with the last. */
function splitWaves(
  hosts: readonly HostPlan[],
  rollout: Rollout | undefined,
): readonly (readonly HostPlan[])[] {
  if (!rollout) return [hosts.slice(0, 1), hosts.slice(1)];
  const waves = rollout.waves.map((wave) => hosts.filter(({ host }) => wave.includes(host)));
  return [...waves, hosts.filter((host) => !waves.some((wave) => wave.includes(host)))];
}

/** One stack that has had its number of failures ends the whole deploy. */
function isOver(failed: ReadonlyMap<string, number>, rollout: Rollout | undefined): boolean {
  return [...failed].some(([stack, hosts]) => hosts >= (rollout?.stopAfter[stack] ?? 1));
}

function stacksOf({ changes }: HostPlan): ReadonlySet<string> {
  return new Set(changes.map(({ stack }) => stack));
}
