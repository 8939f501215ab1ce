// Which hosts of a plan go at once, and after which others: the waves of all its stacks in one order. Pure.
// A host goes once, with all that it needs of all stacks, and so in the latest wave that any of them gives it.
import { formatRef } from '../core/address.ts';
import type { Gate, HostPlan, Plan, Rollout } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import type { Config, Stack, WaveSize } from '../core/resource.ts';

/** Undefined where no stack of the plan says anything of waves. */
export type Waves = { readonly rollout: Rollout | undefined } | { readonly conflict: Reason };

export function planWaves(config: Config, { stacks, hosts }: Pick<Plan, 'stacks' | 'hosts'>): Waves {
  const due = hosts.filter((host) => host.failure === null && host.changes.length > 0);
  const planned = config.stacks.filter((stack) => stacks.includes(stack.name));
  const orders = planned.map((stack) => orderWithin(stack, hosts, config, planned));
  const gated = [...orders.flatMap((order) => ordersOnce(order)), ...ordersBetween(orders, config)];
  const gates = gated.map(gateOf).filter(({ first, later }) => first.length > 0 && later.length > 0);
  if (gates.length === 0 && orders.every(({ said }) => !said)) return { rollout: undefined };
  const placed = placeHosts(due, [...orders, ...gated]);
  if ('conflict' in placed) return placed;
  const stopAfter = planned.map(({ name, rollout }) => [name, rollout?.stopAfter ?? 1] as const);
  const atOnce = planned.flatMap(({ name, rollout }) =>
    rollout?.atOnce === undefined ? [] : [[name, rollout.atOnce] as const],
  );
  const rollout = {
    waves: wavesOf(due, placed.layer),
    stopAfter: Object.fromEntries(stopAfter),
    ...(atOnce.length === 0 ? {} : { atOnce: Object.fromEntries(atOnce) }),
    ...(gates.length === 0 ? {} : { gates }),
  };
  return { rollout };
}

/** Stacks that must be through before this one, near and far. */
export function stacksBefore(name: string, stacks: readonly Stack[]): ReadonlySet<string> {
  const before = new Set<string>();
  const nearBefore = (of: string): readonly string[] =>
    stacks.find((stack) => stack.name === of)?.rollout?.after ?? [];
  for (const first of nearBefore(name)) before.add(first);
  for (const one of before) for (const next of nearBefore(one)) before.add(next);
  return before;
}

/** All hosts of a wave come after all of the wave before it. */
interface Order {
  /** Who says so, for people. */
  readonly by: string;
  readonly waves: readonly (readonly string[])[];
}

/** An order of two waves that holds whatever may fail: those of the second begin only when the first is done. */
interface GatedOrder extends Order {
  readonly of: string;
  readonly stack: string;
  readonly waves: readonly [readonly string[], readonly string[]];
  /** Hosts that could not be planned: nobody knows whether their part is done. */
  readonly unseen: readonly string[];
}

interface StackOrder extends Order {
  readonly stack: string;
  readonly hosts: readonly string[];
  readonly unseen: readonly string[];
  readonly once: Once;
  /** It says something of waves itself. */
  readonly said: boolean;
}

function orderWithin(
  stack: Stack,
  planned: readonly HostPlan[],
  config: Config,
  stacks: readonly Stack[],
): StackOrder {
  const { name, rollout } = stack;
  const mine = planned.filter((host) => host.failure === null && changesIn(host, name));
  const hosts = mine.map(({ host }) => host);
  const unseen = planned.filter((host) => stack.hosts.includes(host.host) && isUnseen(host, name));
  const later = stacks.filter((other) => stacksBefore(other.name, config.stacks).has(name));
  // What goes with a later stack goes in the waves of that one.
  const own = mine.filter((host) => !later.some((other) => changesIn(host, other.name)));
  const names = own.map(({ host }) => host);
  const once = onceHosts([name], planned, config);
  // With its hosts goes what the stacks before it do once there.
  const along = onceHosts([name, ...stacksBefore(name, config.stacks)], own, config);
  const isOnce = (host: string): boolean => along.before.includes(host) || along.after.includes(host);
  const middle = splitHosts(
    names.filter((host) => !isOnce(host)),
    rollout?.waves ?? FIRST_ALONE,
  );
  const waves = [along.before, ...middle, along.after];
  // A host that stands on both sides of itself is no conflict while nobody else is there.
  const whole = names.length === 1 ? [names] : waves;
  return {
    by: `the waves of ${name}`,
    stack: name,
    hosts,
    unseen: unseen.map(({ host }) => host),
    once,
    said: rollout !== undefined || names.some(isOnce),
    waves: whole.filter((wave) => wave.length > 0),
  };
}

function changesIn({ changes }: HostPlan, stack: string): boolean {
  return changes.some((change) => change.stack === stack);
}

function isUnseen({ failure, blocked }: HostPlan, stack: string): boolean {
  return failure !== null || blocked.some((entry) => entry.stack === stack);
}

const FIRST_ALONE: readonly WaveSize[] = [{ is: 'hosts', hosts: 1 }];

type Once = Readonly<Record<'before' | 'after', readonly string[]>>;

/** Hosts on which something is to do now that is done once, or may be: who could not be planned says nothing of it. */
function onceHosts(
  stacks: readonly string[],
  planned: readonly HostPlan[],
  { resources, duties = [] }: Config,
): Once {
  const once = [
    ...resources
      .filter((one) => stacks.includes(one.stack))
      .map(({ address, once: side }) => ({ host: address.host, ref: formatRef(address), side })),
    ...duties
      .filter(({ duty }) => stacks.includes(duty.stack))
      .map(({ host, duty, once: side }) => ({ host, ref: duty.ref, side })),
  ];
  const sideOf = (wanted: 'before' | 'after'): readonly string[] => {
    const due = once.filter(({ side }) => side === wanted);
    const isDue = (one: HostPlan): boolean =>
      due.some(({ host, ref }) => host === one.host && holds(one, ref));
    return planned.filter(isDue).map(({ host }) => host);
  };
  return { before: sideOf('before'), after: sideOf('after') };
}

function holds({ failure, changes, blocked, duties = [] }: HostPlan, wanted: string): boolean {
  return failure !== null || [...changes, ...blocked, ...duties].some(({ ref }) => ref === wanted);
}

/** What no wave names goes last, together. */
function splitHosts(hosts: readonly string[], sizes: readonly WaveSize[]): readonly (readonly string[])[] {
  const waves: (readonly string[])[] = [];
  let left = hosts;
  for (const size of sizes) {
    const wave = takeWave(size, left, hosts.length);
    left = left.filter((host) => !wave.includes(host));
    waves.push(wave);
  }
  return [...waves, left];
}

function takeWave(size: WaveSize, left: readonly string[], all: number): readonly string[] {
  switch (size.is) {
    case 'hosts':
      return left.slice(0, size.hosts);
    case 'share': {
      const gone = all - left.length;
      return left.slice(0, Math.max(0, Math.ceil((all * size.percent) / 100) - gone));
    }
    case 'names':
      return left.filter((host) => size.names.includes(host));
    default:
      return size satisfies never;
  }
}

function ordersOnce({ stack, hosts, unseen, once }: StackOrder): readonly GatedOrder[] {
  const others = (some: readonly string[]): readonly string[] => hosts.filter((host) => !some.includes(host));
  const common = { by: `what ${stack} does once`, of: stack, stack };
  const { before, after } = once;
  return [
    { ...common, waves: [before, others(before)], unseen: [] },
    { ...common, waves: [others(after), after], unseen: unseen.filter((host) => !after.includes(host)) },
  ];
}

function gateOf({ of, stack, waves: [first, later], unseen }: GatedOrder): Gate {
  return { of, stack, first: [...new Set([...first, ...unseen])], later: [...later] };
}

/** A host that is in both stacks goes with the later one only; in its run the earlier stack comes first. */
function ordersBetween(orders: readonly StackOrder[], config: Config): readonly GatedOrder[] {
  return orders.flatMap((later) => {
    const before = stacksBefore(later.stack, config.stacks);
    return orders
      .filter(({ stack }) => before.has(stack))
      .map((earlier) => {
        const alone = (hosts: readonly string[]): readonly string[] =>
          hosts.filter((host) => !later.hosts.includes(host));
        return {
          by: `${later.stack} after ${earlier.stack}`,
          of: later.stack,
          stack: earlier.stack,
          waves: [alone(earlier.hosts), later.hosts],
          unseen: alone(earlier.unseen),
        };
      });
  });
}

type Placed = { readonly layer: ReadonlyMap<string, number> } | { readonly conflict: Reason };

/** Each host as early as all orders let it. What is still moving after as many rounds as there are hosts moves for ever. */
function placeHosts(due: readonly HostPlan[], orders: readonly Order[]): Placed {
  const layer = new Map(due.map(({ host }) => [host, 0]));
  const among = orders.map(({ by, waves }) => {
    return { by, waves: waves.map((wave) => wave.filter((host) => layer.has(host))) };
  });
  let moving: readonly Order[] = among;
  for (let round = 0; round <= due.length; round++) {
    moving = among.filter((order) => pushBack(order, layer));
    if (moving.length === 0) return { layer };
  }
  const message = `no order of hosts keeps all of these: ${moving.map(({ by }) => by).join(', ')}`;
  return { conflict: { code: 'WAVES_CONFLICT', message } };
}

/** Whether some host had to move. */
function pushBack({ waves }: Order, layer: Map<string, number>): boolean {
  let moved = false;
  let earliest = 0;
  for (const wave of waves) {
    for (const host of wave) {
      if ((layer.get(host) ?? 0) >= earliest) continue;
      layer.set(host, earliest);
      moved = true;
    }
    earliest = Math.max(earliest, ...wave.map((host) => (layer.get(host) ?? 0) + 1));
  }
  return moved;
}

function wavesOf(due: readonly HostPlan[], layer: ReadonlyMap<string, number>): string[][] {
  const groups = Map.groupBy(due, ({ host }) => layer.get(host) ?? 0);
  return [...groups].toSorted(([a], [b]) => a - b).map(([, hosts]) => hosts.map(({ host }) => host));
}
