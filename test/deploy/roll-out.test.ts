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

  it('never has more than ten hosts at once', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `w${index}`);
    let running = 0;
    let most = 0;
    await rollOut(
      names.map((name) => host(name, [])),
      waves(names),
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return true;
      },
    );
    expect(most).toBe(10);
  });
});
