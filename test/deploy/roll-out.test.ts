import { describe, expect, it } from 'vitest';
import type { Gate, HostPlan, Rollout } from '../../src/core/plan.ts';
import { rollOut } from '../../src/deploy/roll-out.ts';
import { change, host } from '../render/plans.ts';

/** Which hosts were begun, in the order of their waves; each ends only when all of its wave have begun. */
async function begun(
  names: readonly string[],
  rollout: Rollout | undefined,
  failing: readonly string[] = [],
  doneBefore: readonly string[] = [],
): Promise<readonly (readonly string[])[]> {
  const planned = [...new Set([...(rollout?.waves.flat() ?? []), ...names])].map((name) =>
    host(name, [change('file//x', { stack: name.startsWith('d') ? 'db' : 'shop' })]),
  );
  const hosts = planned.filter((each) => names.includes(each.host));
  const waves: string[][] = [];
  let running = 0;
  await rollOut(hosts, plan(planned, rollout), {
    deployHost: async ({ host: name }, halt) => {
      if (halt) return false;
      if (running === 0) waves.push([]);
      running += 1;
      waves.at(-1)?.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return !failing.includes(name);
    },
    isDone: (name) => Promise.resolve(doneBefore.includes(name)),
  });
  return waves;
}

const waves = (...all: string[][]): Rollout => ({ waves: all, stopAfter: { shop: 1, db: 2 } });

const plan = (hosts: readonly HostPlan[], rollout: Rollout | undefined) => {
  return { hosts: [...hosts], ...(rollout ? { rollout } : {}) };
};

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
    const hosts = names.map((name) =>
      host(
        name,
        stacks.map((stack) => change(`file//${stack}`, { stack })),
      ),
    );
    await rollOut(hosts, plan(hosts, { ...waves(names), ...(atOnce ? { atOnce } : {}) }), {
      deployHost: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        return true;
      },
      isDone: () => Promise.resolve(true),
    });
    expect(most).toBe(expected);
  });

  const three = waves(['w1'], ['w2', 'w3', 'w4'], ['w5', 'w6', 'd1']);
  it.each<[string, Rollout, readonly string[], readonly (readonly string[])[]]>([
    ['the first wave', three, ['w2', 'w3', 'w4', 'w5'], [['w2'], ['w3', 'w4'], ['w5']]],
    ['the first two', three, ['w5', 'w6', 'd1'], [['w5', 'd1'], ['w6']]],
    ['a later one', three, ['w1', 'w5', 'w6'], [['w1'], ['w5', 'w6']]],
    ['a part of the first', waves(['w1', 'w2'], ['w3', 'w4']), ['w2', 'w3', 'w4'], [['w2'], ['w3', 'w4']]],
    [
      'what one stack has in the first',
      waves(['w1', 'd1'], ['w2', 'w3', 'd2']),
      ['d1', 'w2', 'w3', 'd2'],
      [['d1'], ['w2', 'd2'], ['w3']],
    ],
    ['nothing', three, ['w1', 'w2', 'w3', 'w4'], [['w1'], ['w2', 'w3', 'w4']]],
  ])(
    'leaves out %s: a stack that loses its first hosts has one alone again',
    async (_, rollout, names, expected) => {
      expect(await begun(names, rollout)).toEqual(expected);
    },
  );

  it('tells of each host that too many have failed before it', async () => {
    const hosts = ['w1', 'w2', 'w3'].map((name) => host(name, [change('file//x')]));
    const told: unknown[] = [];
    await rollOut(hosts, plan(hosts, waves(['w1'], ['w2', 'w3'])), {
      deployHost: ({ host: name }, halt) => Promise.resolve(told.push([name, halt]) === 0),
      isDone: () => Promise.resolve(false),
    });
    expect(told).toEqual([
      ['w1', undefined],
      ['w2', { is: 'over' }],
      ['w3', { is: 'over' }],
    ]);
  });

  describe('where some go first', () => {
    const gates = (...all: Gate[]): Rollout => ({
      waves: [['w1'], ['w2', 'w3'], ['d1']],
      stopAfter: { shop: 9, db: 9 },
      gates: all,
    });
    const once: Gate = { of: 'shop', stack: 'shop', first: ['w1'], later: ['w2', 'w3'] };
    const last: Gate = { of: 'shop', stack: 'shop', first: ['w2', 'w3'], later: ['d1'] };
    const ALL = ['w1', 'w2', 'w3', 'd1'];

    it.each<
      [string, readonly string[], readonly string[], readonly string[], readonly (readonly string[])[]]
    >([
      ['and are done', ALL, [], [], [['w1'], ['w2', 'w3'], ['d1']]],
      ['and one of them fails, though many may', ALL, ['w1'], [], [['w1']]],
      ['and one of the last of these fails', ALL, ['w3'], [], [['w1'], ['w2', 'w3']]],
      ['and are left out', ['w2', 'w3', 'd1'], [], [], []],
      ['and were done before', ['w2', 'w3', 'd1'], [], ['w1'], [['w2'], ['w3'], ['d1']]],
      ['and one of them is left out', ['w1', 'w2', 'd1'], [], [], [['w1'], ['w2']]],
    ])('%s', async (_, names, failing, doneBefore, expected) => {
      expect(await begun(names, gates(once, last), failing, doneBefore)).toEqual(expected);
    });

    it('says which are not done, and asks each that is left out once', async () => {
      const hosts = ['w2', 'w3'].map((name) => host(name, [change('file//x')]));
      const behind: unknown[] = [];
      const asked: string[] = [];
      const rollout = gates({ ...once, first: ['w0', 'w1'], stack: 'db' });
      await rollOut(hosts, plan(hosts, rollout), {
        deployHost: ({ host: name }, halt) =>
          Promise.resolve(behind.push([name, halt?.is === 'behind' && halt.hosts]) === 0),
        isDone: (name, stack) => Promise.resolve(asked.push(`${name} ${stack}`) === 1),
      });
      expect(behind).toEqual([
        ['w2', ['w1']],
        ['w3', ['w1']],
      ]);
      expect(asked).toEqual(['w0 db', 'w1 db']);
    });
  });
});
