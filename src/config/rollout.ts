// In which order a stack goes over its hosts: `waves`, `stop_after`, `at_once`, and `after` other stacks.
import { z } from 'zod';
import { suggest } from '../core/problem.ts';
import type { Where } from '../core/problem.ts';
import type { Stack, StackRollout, WaveSize } from '../core/resource.ts';
import type { Inventory } from './hosts.ts';
import { selectHosts } from './selector.ts';
import type { Tell } from './tell.ts';
import { memberOf, textsOf } from './tree.ts';
import type { Tree } from './tree.ts';

const Wave = z.union([z.int().min(1), z.string(), z.array(z.string()).min(1)]);

export const RolloutKeys = {
  waves: z
    .array(Wave)
    .min(1)
    .optional()
    .describe(
      'Hosts that go at once, wave after wave: a number of hosts, a percentage of the stack that is done after the wave, or hosts and groups. What is left goes last. Without it the first host goes alone.',
    ),
  stop_after: z
    .int()
    .min(1)
    .optional()
    .describe('So many failed hosts, and no further one is started; 1 unless given.'),
  at_once: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Hosts of this stack that go at the same time within a wave; 10 unless given.'),
  after: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe('Stacks that go first, on all their hosts.'),
};

/** A stack that goes before this one, and where it is named. */
export interface After {
  readonly text: string;
  readonly where: Where;
}

/** Undefined where the stack says nothing of it. What has another form is told by the schema of the file. */
export function parseRollout(
  tree: Tree,
  hosts: readonly string[],
  inventory: Inventory,
  tell: Tell,
): StackRollout | undefined {
  const list = memberOf(tree, 'waves')?.value;
  const stop = numberOf(tree, 'stop_after');
  const atOnce = numberOf(tree, 'at_once');
  const after = aftersOf(tree).map(({ text }) => text);
  const waves =
    list?.is === 'list' ? list.entries.flatMap((entry) => waveOf(entry, hosts, inventory, tell)) : [];
  const rollout = {
    ...(waves.length > 0 ? { waves } : {}),
    ...(stop === undefined ? {} : { stopAfter: stop }),
    ...(atOnce === undefined ? {} : { atOnce }),
    ...(after.length > 0 ? { after } : {}),
  };
  return Object.keys(rollout).length > 0 ? rollout : undefined;
}

export function aftersOf(tree: Tree): readonly After[] {
  return textsOf(memberOf(tree, 'after')?.value);
}

export interface Following {
  readonly stack: Stack;
  readonly afters: readonly After[];
}

/** Stacks that are not there, and circles with their path, each at the line that names the next stack. */
export function tellAfters(followings: readonly Following[], tell: Tell): void {
  const names = followings.map(({ stack }) => stack.name);
  const done = new Set<string>();
  for (const { stack, afters } of followings) {
    for (const { text, where } of afters) {
      if (names.includes(text)) continue;
      const near = (): string | undefined => suggest(text, names);
      tell({ code: 'STACK_UNKNOWN', message: `there is no stack \`${text}\``, where, near });
    }
    if (done.has(stack.name)) continue;
    const path = circleThrough(stack.name, followings);
    const where = afters.find(({ text }) => text === path[1])?.where;
    for (const name of path) done.add(name);
    if (where)
      tell({ code: 'WAVES_CONFLICT', message: `stacks come after each other: ${path.join(' → ')}`, where });
  }
}

/** From a stack back to itself, or nothing. */
function circleThrough(start: string, followings: readonly Following[]): readonly string[] {
  const seen = new Set<string>();
  const walk = (at: string, path: readonly string[]): readonly string[] => {
    for (const { text } of followings.find(({ stack }) => stack.name === at)?.afters ?? []) {
      if (text === start) return [...path, start];
      if (seen.has(text)) continue;
      seen.add(text);
      const found = walk(text, [...path, text]);
      if (found.length > 0) return found;
    }
    return [];
  };
  return walk(start, [start]);
}

function numberOf(tree: Tree, key: string): number | undefined {
  const value = memberOf(tree, key)?.value;
  return value?.is === 'scalar' && typeof value.value === 'number' ? value.value : undefined;
}

function waveOf(
  entry: Tree,
  hosts: readonly string[],
  inventory: Inventory,
  tell: Tell,
): readonly WaveSize[] {
  if (entry.is === 'scalar' && typeof entry.value === 'number') return [{ is: 'hosts', hosts: entry.value }];
  const percent = entry.is === 'scalar' ? /^(\d+)%$/.exec(entry.source)?.[1] : undefined;
  if (percent === undefined) return namedWave(entry, hosts, inventory, tell);
  if (Number(percent) >= 1 && Number(percent) <= 100) return [{ is: 'share', percent: Number(percent) }];
  tell({
    code: 'CONFIG_INVALID',
    message: 'a percentage of the hosts is from 1% to 100%',
    where: entry.where,
  });
  return [];
}

function namedWave(
  entry: Tree,
  hosts: readonly string[],
  inventory: Inventory,
  tell: Tell,
): readonly WaveSize[] {
  const names = selectHosts(entry, inventory, tell).map((host) => host.name);
  const mine = names.filter((name) => hosts.includes(name));
  if (names.length > 0 && mine.length === 0 && hosts.length > 0) {
    const message = 'none of these hosts is one of the stack';
    tell({ code: 'HOST_UNKNOWN', message, where: entry.where });
  }
  return mine.length === 0 ? [] : [{ is: 'names', names: mine }];
}
