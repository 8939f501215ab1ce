import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/core/json.ts';
import type { Config, Resource } from '../../src/core/resource.ts';
import { stackHosts, touchedStacks, wantsOn } from '../../src/engine/touched.ts';
import { resource, target } from './world.ts';

const where = (stack: string) => ({ file: `deploy-configs/${stack}.yml`, line: 1, column: 1 });

function config(
  stacks: Record<string, readonly string[]>,
  resources: readonly Resource[],
  hosts = ['web1', 'web2'],
): Config {
  return {
    digest: 'd',
    targets: new Map(hosts.map((host) => [host, { ...target, host }])),
    stacks: Object.entries(stacks).map(([name, on]) => ({ name, hosts: on, where: where(name) })),
    resources,
    secrets: [],
    policy: {
      on: 'merge',
      by: ['write'],
      approvals: 0,
      confirm: [],
      freeze: [],
      checks: 'required',
      upToDate: false,
      codeowners: false,
      stacks: {},
      verbs: {},
      driftEvery: null,
    },
  };
}

const shop = { shop: ['web1'] };
const base = config({ ...shop, site: ['web2'] }, [resource('a')]);

describe('touched stacks', () => {
  it.each([
    ['the same', base, []],
    ['another value', config({ ...shop, site: ['web2'] }, [resource('a', { text: 'b' })]), ['shop']],
    ['a resource more', config({ ...shop, site: ['web2'] }, [resource('a'), resource('b')]), ['shop']],
    ['a stack more', config({ ...shop, site: ['web2'], zoo: ['web1'] }, [resource('a')]), ['zoo']],
    ['a stack less', config(shop, [resource('a')]), ['site']],
    ['on another host', config({ ...shop, site: ['web1'] }, [resource('a')]), ['site']],
  ] as const)('%s', (_name, head, expected) => {
    expect(touchedStacks(head, base, new Set())).toEqual(expected);
  });

  it('counts a stack whose file was edited, and no other file', () => {
    const changed = new Set(['deploy-configs/shop.yml', 'deploy-configs/hosts.yml']);
    expect(touchedStacks(base, base, changed)).toEqual(['shop']);
  });

  it('another address of a host touches its stacks', () => {
    const moved = {
      ...base,
      targets: new Map([...base.targets, ['web2', { ...target, host: 'web2', address: '127.0.0.9' }]]),
    };
    expect(touchedStacks(moved, base, new Set())).toEqual(['site']);
  });

  it('without a base all are', () => {
    expect(touchedStacks(base, undefined, new Set())).toEqual(['shop', 'site']);
  });
});

describe('hosts of the stacks', () => {
  it('are those of before, too, as far as they are still there', () => {
    const head = config({ shop: ['web1'] }, [], ['web2', 'web1']);
    const before = config({ shop: ['web2', 'gone'] }, [], ['web1', 'web2', 'gone']);
    expect(stackHosts(['shop'], head, before)).toEqual(['web2', 'web1']);
  });
});

it('wants are fingerprints by ref on one host', () => {
  const elsewhere = resource('b', {}, { address: { host: 'web2', kind: 'note', id: 'b' } });
  expect([...wantsOn('web1', [resource('a'), elsewhere])]).toEqual([['note/a', fingerprint({ text: 'a' })]]);
});
