import { describe, expect, it } from 'vitest';
import type { Rollout } from '../../src/core/plan.ts';
import { rollOut } from '../../src/deploy/roll-out.ts';
import { change, host } from '../render/plans.ts';

/** Which hosts were begun, in the order of their waves; each ends only when all of its wave have begun. */
async function begun(
  names: readonly string[],
  rollout: Rollout | undefined,
  failing: readonly string[] = [],
): Promise<readonly (readonly string[])[]> {
  const hosts = names.map((name) =>
    host(name, [change('file//x', { stack: name.startsWith('d') ? 'db' : 'shop' })]),
  );
  const waves: string[][] = [];
  let running = 0;
  await rollOut(hosts, rollout, async ({ host: name }) => {
    if (running === 0) waves.push([]);
    running += 1;
    waves.at(-1)?.push(name);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return !failing.includes(name);
  });
  return waves;
}

const waves = (...all: string[][]): Rollout => ({ waves: all, stopAfter: { shop: 1, db: 2 } });

describe('roll-out', () => {
  it.each<[string, Rollout | undefined, readonly string[], readonly (readonly string[])[]]>([
    ['without waves', undefined, [], [['w1'], ['w2', 'w3', 'd1']]],
    ['without waves, the first fails', undefined, ['w1'], [['w1']]],
    ['wave after wave', waves(['w2'], ['w1', 'd1'], ['w3']), [], [['w2'], ['w1', 'd1'], ['w3']]],
    ['the first wave fails', waves(['w2'], ['w1', 'd1'], ['w3']), ['w2'], [['w2']]],
    ['a wave goes on to its end', waves(['w1', 'w2'], ['w3']), ['w1'], [['w1', 'w2']]],
    [
      'a failure that is allowed',
      waves(['d1'], ['w1', 'w2'], ['w3']),
      ['d1'],
      [['d1'], ['w1', 'w2'], ['w3']],
    ],
    ['hosts of no wave go last', waves(['w1']), [], [['w1'], ['w2', 'w3', 'd1']]],
  ])('%s', async (_, rollout, failing, expected) => {
    expect(await begun(['w1', 'w2', 'w3', 'd1'], rollout, failing)).toEqual(expected);
  });

  it.each<[string, Readonly<Record<string, number>> | undefined, readonly string[], number]>([
    ['ten hosts', undefined, ['shop'], 10],
    ['what the stack says', { shop: 3 }, ['shop'], 3],
    ['what the stack says, more than ten', { shop: 20 }, ['shop'], 20],
    ['ten of a stack that says nothing, beside one that does', { db: 20 }, ['shop'], 10],
    ['the least of what its stacks say', { shop: 4, db: 2 }, ['shop', 'db'], 2],
  ])('never has more at once than %s', async (_, atOnce, stacks, expected) => {
    const names = Array.from({ length: 25 }, (__, index) => `w${index}`);
    let running = 0;
    let most = 0;
    await rollOut(
      names.map((name) =>
        host(
          name,
          stacks.map((stack) => change(`file//${stack}`, { stack })),
        ),
      ),
      { ...waves(names), ...(atOnce ? { atOnce } : {}) },
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        return true;
      },
    );
    expect(most).toBe(expected);
  });
});
