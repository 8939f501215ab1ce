// Hosts that a run holds, for looks that say what is so: between two changes of a run a host differs from all that anybody wants.
import type { Plan } from '../core/plan.ts';
import type { StackDrift } from '../core/drift.ts';
import type { Reason } from '../core/reason.ts';
import type { Held, Lease } from '../store/runs.ts';
import type { GithubWorld, Repo } from './repo.ts';

/** Two repositories may name one host each in its own way: what it is held by is its address. */
export function machinesOf({ hosts }: Pick<Plan, 'hosts'>): ReadonlyMap<string, string> {
  return new Map(hosts.map(({ host, login }) => [host, login.replace(/^.*@/, '')]));
}

/** Who deploys what in another repository is nothing that this one's people may see. */
export function busyReason(repo: string, { host, repo: holder, run, by, pull, since }: Lease): Reason {
  if (holder !== repo)
    return { code: 'HOST_BUSY', message: `${host} is held by a run of another repository since ${since}` };
  const message = `${host} is held by run ${run} of ${by} (#${pull}) since ${since}`;
  return { code: 'HOST_BUSY', message, next: `Wait for it, or end it by \`/cancel ${run}\`.` };
}

/** Asked before a look; the answer is asked after it, for the hosts of its plan that were held at any time of it, and why nothing is said of them. */
export async function watchBusy(
  { store: { runs } }: GithubWorld,
  { key }: Repo,
): Promise<(plan: Plan) => Promise<ReadonlyMap<string, Reason>>> {
  const [before, last] = await Promise.all([runs.held(), runs.newest(key)]);
  return async (plan) => {
    const [after, newest] = await Promise.all([runs.held(), runs.newest(key)]);
    // A short run may have come and gone meanwhile.
    const passed = newest && newest.id !== last?.id ? newest : undefined;
    const machines = machinesOf(plan);
    const holds = (host: string) => (lease: Held) =>
      lease.machine === machines.get(host) || (lease.repo === key && lease.host === host);
    const reasonFor = (host: string): Reason | undefined => {
      const lease = [...before, ...after].find(holds(host));
      if (lease) return busyReason(key, { ...lease, host });
      if (!passed?.hosts.includes(host)) return undefined;
      return { code: 'HOST_BUSY', message: `run ${passed.id} of ${passed.by} deployed to ${host} meanwhile` };
    };
    return new Map(
      plan.hosts.flatMap(({ host }) => {
        const reason = reasonFor(host);
        return reason ? [[host, reason] as const] : [];
      }),
    );
  };
}

/** The same without what was seen on busy hosts, which count as not looked at. */
export function leaveBusy(
  drift: StackDrift,
  busy: ReadonlyMap<string, Reason>,
  hosts: readonly string[],
): StackDrift {
  const { stack, drifted, undeployed, unread } = drift;
  const isLeft = ({ host }: { readonly host: string }): boolean => !busy.has(host);
  const left = hosts.flatMap((host) => {
    const reason = busy.get(host);
    return reason ? [{ host, ref: null, reason }] : [];
  });
  return {
    stack,
    drifted: drifted.filter(isLeft),
    undeployed: undeployed.filter(isLeft),
    unread: [...unread.filter(isLeft), ...left],
  };
}
