// A host that is not started because others go first and are not done: why, in words; and of those that a deploy leaves out,
// whether an earlier one has done them. Only the host itself knows that, so it is looked at.
import pLimit from 'p-limit';
import { shortDigest } from '../core/plan.ts';
import { HostFailure } from '../core/reason.ts';
import type { Reason } from '../core/reason.ts';
import type { Config } from '../core/resource.ts';
import { observe } from '../engine/observe.ts';
import { planHost } from '../engine/plan.ts';
import { HOSTS_AT_ONCE } from './contract.ts';
import type { DeployInput, DeployWorld } from './contract.ts';
import { questionOf } from './plan.ts';
import type { Behind, Rolling } from './roll-out.ts';

const NAMED = 3;

/** `taken`: the hosts that the deploy is for. */
export function behindReason(
  host: string,
  { gate: { of, stack }, hosts }: Behind,
  taken: readonly string[],
  { plan, held = [] }: Pick<DeployInput, 'plan' | 'held'>,
): Reason {
  const out = hosts.filter((first) => !taken.includes(first));
  const why =
    of === stack
      ? `what ${of} does once puts ${host} after ${namesOf(hosts)}, and that is not done`
      : `${of} goes after ${stack}, which is not done on ${namesOf(hosts)}`;
  if (out.length === 0) return { code: 'GOES_LATER', message: why };
  const holds = held.filter((entry) => out.includes(entry.host)).flatMap(({ reason }) => reason.next ?? []);
  const deploy = `\`/deploy ${shortDigest(plan.digest)} --only ${out.join(' ')}\` first.`;
  return {
    code: 'GOES_LATER',
    message: `${why}; this deploy leaves out ${namesOf(out)}`,
    next: holds[0] ?? deploy,
  };
}

/** Done is where the same configuration has nothing left to do; a host that cannot be looked at is not. */
export function lookWhetherDone(
  world: DeployWorld,
  stacks: readonly string[],
  config: Config,
): Rolling['isDone'] {
  const limit = pLimit(HOSTS_AT_ONCE);
  return (host, stack) =>
    limit(async () => {
      const target = config.targets.get(host);
      if (!target) return false;
      const question = questionOf(host, stacks, config, undefined);
      try {
        const session = await world.connectToLook(target);
        try {
          const wanted = { target, ...question, seal: world.secrets?.seal };
          const found = await observe(world.createReader(session), wanted, world.kinds);
          const { changes, blocked } = planHost(question, found, world.kinds);
          return ![...changes, ...blocked].some((entry) => entry.stack === stack);
        } finally {
          session.close();
        }
      } catch (error) {
        if (error instanceof HostFailure) return false;
        throw error;
      }
    });
}

function namesOf(hosts: readonly string[]): string {
  const more = hosts.length - NAMED;
  return [...hosts.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
