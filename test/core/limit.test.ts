// A run is given as long as what it does was given, and never less than four hours.
import { expect, it } from 'vitest';
import { runLimit } from '../../src/core/limit.ts';
import type { Step } from '../../src/core/step.ts';

const HOUR = 3600;
const run = (limit?: number): Step => ({ do: 'run', argv: ['x'], ...(limit === undefined ? {} : { limit }) });
const bake = (within: number): Step => ({ do: 'check', probe: { is: 'unit', unit: 'x' }, within, watch: [] });

it.each<[string, readonly Step[], readonly Step[], number]>([
  ['nothing', [], [], 4 * HOUR],
  ['what is short', [run(600), { do: 'settle', unit: 'x', seconds: 5 }], [bake(60)], 4 * HOUR],
  ['what has no limit', [run()], [], 4 * HOUR],
  ['a long migration', [run(6 * HOUR)], [], 7 * HOUR + 120],
  ['two of them', [run(6 * HOUR), run(6 * HOUR)], [], 13 * HOUR + 120],
  ['a long bake', [], [bake(20 * HOUR)], 21 * HOUR + 120],
  ['a long hook and a unit', [{ do: 'settle', unit: 'x', seconds: 10 }], [run(24 * HOUR)], 25 * HOUR + 220],
])('%s', (_name, steps, duty, seconds) => {
  const changes = [{ steps }];
  expect(runLimit({ changes, duties: [{ steps: duty }] })).toBe(seconds);
});
