import { describe, expect, it } from 'vitest';
import type { Duty, HostPlan } from '../../src/core/plan.ts';
import type { Reason } from '../../src/core/reason.ts';
import type { Config, Resource, StackRollout, WaveSize } from '../../src/core/resource.ts';
import { planWaves } from '../../src/engine/waves.ts';
import { change, host } from '../render/plans.ts';
import { configOf } from '../config/fleet.ts';

const hosts = (n: number): WaveSize => ({ is: 'hosts', hosts: n });
const share = (percent: number): WaveSize => ({ is: 'share', percent });
const names = (...all: string[]): WaveSize => ({ is: 'names', names: all });

interface Given {
  readonly on: readonly string[];
  readonly rollout?: StackRollout;
}

const where = { file: 'deploy-configs/s.yml', line: 1, column: 1 };
const SIX = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6'];

function configWith(stacks: Readonly<Record<string, Given>>, resources: readonly Resource[] = []): Config {
  const list = Object.entries(stacks).map(([name, { on, rollout }]) => {
    return { name, hosts: on, where, ...(rollout ? { rollout } : {}) };
  });
  return { ...configOf({}), stacks: list, resources };
}

/** Each host changes in each stack that it is in, unless it is named as settled. */
function wavesOf(config: Config, settled: readonly string[] = []) {
  const all = [...new Set(config.stacks.flatMap((stack) => stack.hosts))].toSorted();
  const planned = all.map((name) => {
    const mine = config.stacks.filter((stack) => stack.hosts.includes(name) && !settled.includes(name));
    return host(
      name,
      mine.map((stack) => change(`file//${stack.name}`, { stack: stack.name })),
    );
  });
  const waves = planWaves(config, { stacks: config.stacks.map(({ name }) => name), hosts: planned });
  return 'conflict' in waves ? waves.conflict.message : (waves.rollout?.waves ?? 'none');
}

it('says how many go at a time only where a stack says so', () => {
  const rolloutOf = (rollout: StackRollout) => {
    const planned = host('w1', [change('file//x', { stack: 'shop' })]);
    return planWaves(configWith({ shop: { on: ['w1'], rollout } }), { stacks: ['shop'], hosts: [planned] });
  };
  const said = { waves: [['w1']], stopAfter: { shop: 1 } };
  expect(rolloutOf({ stopAfter: 1 })).toEqual({ rollout: said });
  expect(rolloutOf({ stopAfter: 1, atOnce: 3 })).toEqual({ rollout: { ...said, atOnce: { shop: 3 } } });
});

describe('one stack', () => {
  it.each<[string, StackRollout | undefined, unknown]>([
    ['says nothing', undefined, 'none'],
    ['only when to stop', { stopAfter: 2 }, [['w1'], ['w2', 'w3', 'w4', 'w5', 'w6']]],
    [
      'one, half, all',
      { waves: [hosts(1), share(50), share(100)] },
      [['w1'], ['w2', 'w3'], ['w4', 'w5', 'w6']],
    ],
    [
      'a share that is reached already',
      { waves: [hosts(3), share(50), hosts(2)] },
      [['w1', 'w2', 'w3'], ['w4', 'w5'], ['w6']],
    ],
    [
      'names, and what is left',
      { waves: [names('w6'), names('w1', 'w2')] },
      [['w6'], ['w1', 'w2'], ['w3', 'w4', 'w5']],
    ],
    ['more than there are', { waves: [hosts(10)] }, [SIX]],
  ])('%s', (_, rollout, expected) => {
    expect(wavesOf(configWith({ s: { on: SIX, ...(rollout ? { rollout } : {}) } }))).toEqual(expected);
  });

  it('counts only hosts on which something is to do: a rest has a first host of its own', () => {
    const config = configWith({ s: { on: SIX, rollout: { waves: [hosts(1), share(50)] } } });
    expect(wavesOf(config, ['w1', 'w2'])).toEqual([['w3'], ['w4'], ['w5', 'w6']]);
  });

  it.each<['before' | 'after', unknown]>([
    ['before', [['w2'], ['w1', 'w3']]],
    ['after', [['w1', 'w3'], ['w2']]],
  ])('what is done once goes alone, %s', (once, expected) => {
    const address = { host: 'w2', kind: 'file', id: '/s' };
    const resource: Resource = { address, stack: 's', want: {}, where, once };
    const on = ['w1', 'w2', 'w3'];
    const config = configWith({ s: { on, rollout: { waves: [hosts(9)] } } }, [resource]);
    expect(wavesOf(config)).toEqual(expected);
  });
});

describe('a hook that runs once', () => {
  it.each<['before' | 'after', unknown]>([
    ['before', [['w2'], ['w1', 'w3']]],
    ['after', [['w1', 'w3'], ['w2']]],
  ])('makes its host go alone, %s', (once, expected) => {
    const duty: Duty = { ref: 'hook/s: x', stack: 's', when: once, steps: [], where: null };
    const on = ['w1', 'w2', 'w3'];
    const stack = { on, rollout: { waves: [hosts(9)] } };
    const config = { ...configWith({ s: stack }), duties: [{ host: 'w2', duty, once }] };
    const planned = on.map((name) => {
      return host(name, [change('file//s', { stack: 's' })], name === 'w2' ? { duties: [duty] } : {});
    });
    const waves = planWaves(config, { stacks: ['s'], hosts: planned });
    expect('rollout' in waves && waves.rollout?.waves).toEqual(expected);
  });
});

it.each([
  ['hooks', 'hooks: { before: [{ run: [a], once: true }], after: [{ run: [b], once: true }] }', ''],
  ['resources', '', '\n  - { group: a, once: before }\n  - { group: b, once: after }'],
])('%s that are done once on both sides of the others have a host each', (_, keys, more) => {
  const stack = `on: all\n${keys}\nresources:\n  - group: g${more}`;
  const config = configOf({ 's.yml': stack });
  const planned = ['web1', 'web2', 'db1'].map((name) => {
    const refs = config.resources
      .filter(({ address }) => address.host === name)
      .map(({ address }) => address);
    const duties = (config.duties ?? []).filter((each) => each.host === name).map(({ duty }) => duty);
    const changes = refs.map(({ kind, id }) => change(`${kind}/${id}`, { stack: 's' }));
    return host(name, changes, { duties });
  });
  expect(planWaves(config, { stacks: ['s'], hosts: planned })).toMatchObject({
    rollout: { waves: [['web1'], ['web2'], ['db1']] },
  });
});

describe('several stacks', () => {
  it.each<[string, Readonly<Record<string, Given>>, unknown]>([
    [
      'after another',
      { db: { on: ['d1', 'd2'] }, shop: { on: ['w1', 'w2'], rollout: { after: ['db'] } } },
      [['d1'], ['d2'], ['w1'], ['w2']],
    ],
    [
      'side by side',
      { a: { on: ['a1', 'a2'], rollout: { waves: [hosts(1)] } }, b: { on: ['b1', 'b2'] } },
      [
        ['a1', 'b1'],
        ['a2', 'b2'],
      ],
    ],
    [
      'a host in both goes with the later one',
      { base: { on: ['w1', 'w2', 'x'] }, shop: { on: ['w1', 'w2'], rollout: { after: ['base'] } } },
      [['x'], ['w1'], ['w2']],
    ],
    [
      'no stack goes past its own first host, though another stack holds that back',
      { a: { on: SIX.slice(0, 4), rollout: { waves: [hosts(1)] } }, b: { on: ['w3', 'w4'] } },
      [['w1'], ['w2', 'w3'], ['w4']],
    ],
    [
      'orders that cannot all hold',
      {
        a: { on: ['w1', 'w2'], rollout: { waves: [names('w1')] } },
        b: { on: ['w1', 'w2'], rollout: { waves: [names('w2')] } },
      },
      'no order of hosts keeps all of these: the waves of a, the waves of b',
    ],
  ])('%s', (_, stacks, expected) => {
    expect(wavesOf(configWith(stacks))).toEqual(expected);
  });

  it('a stack between them that is not planned keeps them apart', () => {
    const config = configWith({
      a: { on: ['a1'] },
      b: { on: [], rollout: { after: ['a'] } },
      c: { on: ['c1'], rollout: { after: ['b'] } },
    });
    expect(wavesOf(config)).toEqual([['a1'], ['c1']]);
  });
});

describe('who begins only when others are done', () => {
  const once = (on: string, side: 'before' | 'after'): Resource => {
    return { address: { host: on, kind: 'file', id: '/s' }, stack: 's', want: {}, where, once: side };
  };
  const stopAfter = { stopAfter: 2 };
  const gate = (first: readonly string[], later: readonly string[], stack = 's', of = 's') => {
    return { of, stack, first, later };
  };

  function gatesOf(config: Config, more: Readonly<Record<string, Partial<HostPlan>>> = {}) {
    const all = [...new Set(config.stacks.flatMap((stack) => stack.hosts))];
    const planned = all.map((name) => {
      const mine = config.stacks.filter((stack) => stack.hosts.includes(name));
      const changes = mine.map((stack) => change(`file//${stack.name}`, { stack: stack.name }));
      return host(name, changes, more[name]);
    });
    const waves = planWaves(config, { stacks: config.stacks.map(({ name }) => name), hosts: planned });
    return 'conflict' in waves ? waves.conflict.message : waves.rollout?.gates;
  }
  const S = { s: { on: ['w1', 'w2', 'w3'], rollout: stopAfter } };
  const failure: Reason = { code: 'HOST_UNREACHABLE', message: 'x' };

  it.each<[string, Config, Readonly<Record<string, Partial<HostPlan>>>, unknown]>([
    ['nobody', configWith(S), {}, undefined],
    ['once before', configWith(S, [once('w2', 'before')]), {}, [gate(['w2'], ['w1', 'w3'])]],
    ['once after', configWith(S, [once('w2', 'after')]), {}, [gate(['w1', 'w3'], ['w2'])]],
    [
      'once, and nothing is due there',
      configWith(S, [once('w2', 'before')]),
      { w2: { changes: [] } },
      undefined,
    ],
    [
      'once, on a host that could not be planned',
      configWith(S, [once('w2', 'before')]),
      { w2: { changes: [], failure } },
      [gate(['w2'], ['w1', 'w3'])],
    ],
    [
      'once after, and another could not be planned',
      configWith(S, [once('w2', 'after')]),
      { w1: { changes: [], failure } },
      [gate(['w3', 'w1'], ['w2'])],
    ],
    [
      'a stack after another',
      configWith({
        db: { on: ['d1', 'd2'], rollout: stopAfter },
        s: { on: ['w1', 'd2'], rollout: { after: ['db'] } },
      }),
      {},
      [gate(['d1'], ['d2', 'w1'], 'db')],
    ],
    [
      'a stack after another, of which a host could not be planned',
      configWith({ db: { on: ['d1', 'd2'] }, s: { on: ['w1'], rollout: { after: ['db'] } } }),
      { d1: { changes: [], failure } },
      [gate(['d2', 'd1'], ['w1'], 'db')],
    ],
    [
      'once in a stack whose hosts go with a later one',
      configWith({ s: { on: ['w1', 'w2'] }, z: { on: ['w1', 'w2'], rollout: { after: ['s'] } } }, [
        once('w2', 'before'),
      ]),
      {},
      [gate(['w2'], ['w1'])],
    ],
  ])('%s', (_, config, more, expected) => {
    expect(gatesOf(config, more)).toEqual(expected);
  });

  it('goes in a later wave, whatever the waves of the later stack say', () => {
    const later = { on: ['w1', 'w2'], rollout: { after: ['s'], waves: [hosts(9)] } };
    const config = configWith({ s: { on: ['w1', 'w2'] }, z: later }, [once('w2', 'before')]);
    expect(wavesOf(config)).toEqual([['w2'], ['w1']]);
  });
});
