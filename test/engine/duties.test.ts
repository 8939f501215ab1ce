import { describe, expect, it } from 'vitest';
import type { Duty } from '../../src/core/plan.ts';
import type { Probe } from '../../src/core/probe.ts';
import { dutiesFor, startDuties } from '../../src/engine/duties.ts';
import { change, host } from '../render/plans.ts';

const url = { host: 'localhost', port: 80, path: '/' };

function duty(probe: Probe, stack = 'shop'): Duty {
  const steps = [{ do: 'check' as const, probe, within: 5, watch: [] }];
  return { ref: `check/${probe.is}`, stack, when: 'check', steps, where: null };
}

const tcp = duty({ is: 'tcp', host: 'localhost', port: 1 });
const settled = change('service/shop', { steps: [{ do: 'settle', unit: 'shop.service', seconds: 2 }] });

function watched(duties: readonly Duty[], changes = [settled]) {
  return dutiesFor(duties, changes).flatMap(({ steps }) =>
    steps.map((step) => 'watch' in step && step.watch),
  );
}

describe('the duties of a host', () => {
  it('are those of the stacks that change there', () => {
    expect(dutiesFor([tcp, duty({ is: 'tcp', host: 'x', port: 2 }, 'db')], [settled])).toHaveLength(1);
    expect(dutiesFor([tcp], [])).toEqual([]);
  });

  it('watch the units that the changes start and that checks name, of their own stack', () => {
    const unit = duty({ is: 'unit', unit: 'a.service' });
    const other = change('service/db', {
      stack: 'db',
      steps: [{ do: 'settle', unit: 'db.service', seconds: 2 }],
    });
    expect(watched([tcp, unit], [settled, other])).toEqual([
      ['shop.service', 'a.service'],
      ['shop.service', 'a.service'],
    ]);
  });

  it('what is measured before is not watched: it may be what the changes mend', () => {
    expect(watched([duty({ is: 'measure', url, as: 'x' })])).toEqual([[]]);
  });

  it('begin a report as not started', () => {
    expect(startDuties(host('web1', [settled], { duties: [tcp] }))).toEqual([
      { ref: 'check/tcp', duty: 'check', outcome: 'not-started', seconds: null, output: '', reason: null },
    ]);
  });
});
