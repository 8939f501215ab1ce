import { expect, it } from 'vitest';
import { ASIDE } from '../../src/core/kind.ts';
import { nftables } from '../../src/kinds/nftables.ts';
import { fileAt, noFileAt } from './found.ts';
import { want, worldOf } from './trial.ts';

const PATH = '/etc/nftables.conf';
const TEXT = 'flush ruleset\ntable inet x {\n}\n';
const UNIT = {
  load: 'loaded',
  alias: null,
  file: null,
  dropIn: null,
  enabled: 'enabled',
  run: 'up',
  ends: false,
  canReload: true,
  needsReload: false,
  newer: { restart: [], reload: [] },
  [ASIDE]: { file: { is: 'nothing' }, dropIn: { is: 'nothing' }, fragment: '' },
};

function have(file: object, unit: object | null = UNIT, nft = true) {
  return { file, unit, [ASIDE]: { nft } };
}

function stepsOf(made: ReturnType<typeof nftables.change>): string[] {
  if (!made || !('steps' in made)) return [JSON.stringify(made)];
  return made.steps.map((step) => (step.do === 'run' ? step.argv.join(' ') : step.do));
}

const ROWS = [
  {
    name: 'another file: checked, written, loaded',
    have: have(fileAt(PATH, 'flush ruleset\n', '0755')),
    steps: ['nft -c -f -', 'put', 'systemctl reload nftables.service', 'nft -c -f /etc/nftables.conf'],
    change: {
      verb: 'update',
      guard: { paths: [PATH], firewall: true },
      interrupts: [{ what: 'nftables.service', how: 'reload' }],
    },
  },
  { name: 'as wanted', have: have(fileAt(PATH, TEXT, '0755')), steps: undefined, change: undefined },
  {
    name: 'written and not loaded since',
    have: have(fileAt(PATH, TEXT, '0755'), { ...UNIT, newer: { restart: [], reload: [PATH] } }),
    steps: ['systemctl reload nftables.service', 'nft -c -f /etc/nftables.conf'],
    change: { verb: 'reload' },
  },
  {
    name: 'not loaded at boot, nor now',
    have: have(fileAt(PATH, TEXT, '0755'), { ...UNIT, enabled: 'disabled', run: 'down' }),
    steps: [
      'systemctl enable nftables.service',
      'systemctl start nftables.service',
      'settle',
      'nft -c -f /etc/nftables.conf',
    ],
    change: { verb: 'update' },
  },
  {
    name: 'no nft',
    have: have(noFileAt(PATH), null, false),
    steps: undefined,
    change: { blocked: { code: 'PROGRAM_MISSING' } },
  },
  {
    name: 'nft of the same plan',
    have: have(noFileAt(PATH), null, false),
    world: { 'package/nftables': 'create' as const },
    steps: [
      'nft -c -f -',
      'put',
      'systemctl enable nftables.service',
      'systemctl restart nftables.service',
      'settle',
      'nft -c -f /etc/nftables.conf',
    ],
    change: { verb: 'create' },
  },
];

it.each(ROWS)('$name', ({ have: found, world, steps, change }) => {
  const wanted = want(nftables, 'ruleset', { content: TEXT });
  const asked = { id: 'ruleset', want: wanted, have: found, last: undefined, world: worldOf(world) };
  const got = nftables.change(asked);
  if (change) expect(got).toMatchObject(change);
  else expect(got).toBeUndefined();
  if (steps) expect(stepsOf(got)).toEqual(steps);
});

it('stays when it is no longer declared', () => {
  const gone = { id: 'ruleset', want: undefined, have: have(fileAt(PATH, TEXT)), last: undefined };
  expect(nftables.change({ ...gone, world: worldOf() })).toMatchObject({ verb: 'forget', steps: [] });
});

it('says when each load would only add', () => {
  const wanted = want(nftables, 'ruleset', { content: 'table inet x {\n}\n' });
  const asked = {
    id: 'ruleset',
    want: wanted,
    have: have(noFileAt(PATH)),
    last: undefined,
    world: worldOf(),
  };
  expect(nftables.change(asked)).toMatchObject({ notes: [expect.stringContaining('does not flush')] });
});

it.each([{}, { content: 'x', source: 'y' }, { source: 'none' }])('refuses %j', (spec) => {
  expect(() => want(nftables, 'ruleset', spec)).toThrow(/content and source|not in the repository/);
});
