import { describe, expect, it } from 'vitest';
import type { Change, Duty, HostPlan } from '../../src/core/plan.ts';
import type { Step } from '../../src/core/step.ts';
import { dutiesFor, runDuties } from '../../src/engine/duties.ts';
import { parseLedger } from '../../src/core/ledger.ts';
import { followRun, startReport } from '../../src/engine/progress.ts';
import type { RunEvent } from '../../src/core/run.ts';
import { ledgerLine } from '../support/runs.ts';
import { change, host } from '../render/plans.ts';

const OWNED = { owner: null, group: null, mode: null };
const link: Step = { do: 'link', path: '/opt/shop/current', target: 'releases/2' };
const restart: Step = { do: 'run', argv: ['systemctl', 'restart', 'shop.service'] };
const fetch: Step = { do: 'run', argv: ['fetch'], beside: true };

function keeping(back: boolean): Duty {
  const step: Step = { do: 'keep', as: 'shop', back, paths: [], units: [] };
  return {
    ref: 'restore/shop',
    stack: 'shop',
    when: back ? 'on-failure' : 'before',
    steps: [step],
    where: null,
  };
}

function keptOf(...changes: readonly Change[]) {
  return dutiesFor([keeping(true)], changes).flatMap(({ steps }) =>
    steps.map((step) => (step.do === 'keep' ? [step.paths, step.units] : step)),
  );
}

describe('what can be put back', () => {
  it.each<[string, readonly Step[], unknown]>([
    ['a release and its unit', [fetch, link, restart], [['/opt/shop/current'], ['shop.service']]],
    [
      'what lies in another directory than its name says',
      [{ do: 'remove', path: '/a/x', at: '/b' }],
      [['/b/x'], []],
    ],
    ['what lies at the top', [{ do: 'mkdir', path: '/a/x', at: '/', ...OWNED }], [['/x'], []]],
    ['a unit that is enabled', [{ do: 'run', argv: ['systemctl', 'enable', 'a.timer'] }], [[], ['a.timer']]],
    ['a command', [{ do: 'run', argv: ['migrate'] }], undefined],
    ['a command beside a file', [link, { do: 'run', argv: ['sysctl', '-p'] }], undefined],
    ['systemctl with more words', [{ do: 'run', argv: ['systemctl', 'disable', '--now', 'a'] }], undefined],
    [
      'a place that is not known before',
      [{ do: 'put', path: '/a', at: null, ...OWNED, content: { text: '' } }],
      undefined,
    ],
  ])('%s', (_, steps, expected) => {
    expect(keptOf(change('file//x', { steps: [...steps] }))).toEqual(
      expected === undefined ? [] : [expected],
    );
  });

  it('is of the same stack, and not what the host undoes in its own way', () => {
    const guard = { why: 'sshd reads it', paths: ['/y'], units: [] };
    expect(
      keptOf(change('file//x', { steps: [link], stack: 'db' }), change('file//y', { steps: [link], guard })),
    ).toEqual([]);
  });
});

const planned = host(
  'web1',
  [
    change('release//opt/shop', { steps: [link] }),
    change('file//new', { steps: [{ ...link, path: '/new' }] }),
    change('command/x', { steps: [{ do: 'run', argv: ['x'] }] }),
  ],
  { duties: [keeping(true)] },
);

it('is recorded as it was before the run', () => {
  const line = ledgerLine('release//opt/shop');
  const ledger = parseLedger(
    new TextEncoder().encode(`${JSON.stringify(line)}\n{"ref":"release//opt/shop","seen":"s"}\n`),
  );
  if ('damaged' in ledger) throw new Error(ledger.damaged);
  const order = { run: 'r1', at: 'now' };
  const back = (of: HostPlan) => runDuties(of, ledger, order, () => undefined)[0]?.ledger;
  const lines = [line, { ref: 'release//opt/shop', seen: 's' }, { ref: 'file//new', forgotten: 'now' }];
  expect(back(planned)).toEqual(lines);
  // Where nothing of the stack was left changed, its checks are due as they were.
  const whole = { ...planned, changes: planned.changes.slice(0, 2) };
  expect(back(whole)).toEqual([...lines, { proven: 'shop', run: 'r1' }]);
});

it.each<[number, readonly string[]]>([
  [0, ['put-back', 'put-back', 'failed', 'applied']],
  [1, ['applied', 'applied', 'failed', 'failed']],
])('a report says so when putting back ended with %i', async (status, expected) => {
  const events: readonly RunEvent[] = [0, 1, 2, 3].flatMap((index) => [
    { is: 'begin', index },
    { is: 'command', index, command: 'x' },
    { is: 'end', index, status: index === 2 ? 7 : index === 3 ? status : 0, seconds: 1 },
  ]);
  async function* stream() {
    yield* events;
    yield { is: 'finished', outcome: 'failed', reason: { code: 'STEP_FAILED', message: 'no' } } as const;
  }
  const report = await followRun(stream(), planned, startReport(planned), () => {});
  expect(report.changes.map(({ outcome }) => outcome)).toEqual(expected);
  expect(report.changes.map(({ reason }) => reason?.message)).toEqual([
    undefined,
    undefined,
    'no',
    undefined,
  ]);
});
