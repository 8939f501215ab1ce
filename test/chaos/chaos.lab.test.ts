// Chaos with the budget that every change can afford; for longer: npm run chaos -- --seed N --faults N.
import { expect, it } from 'vitest';
import { labUnavailable } from '../lab/lab.ts';
import { rageThrough } from './rage.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

it.skipIf(unavailable !== undefined)(
  'nothing is lost, nothing torn, and all that is said is true',
  async () => {
    const { table, findings } = await rageThrough(3, 8, () => undefined);
    expect(findings).toEqual([]);
    expect(table).toContain('8 faults');
  },
  600_000,
);
