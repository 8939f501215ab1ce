// Chaos with the budget that every change can afford; for longer: npm run chaos -- --seed N --faults N.
import { describe, expect, it } from 'vitest';
import { labUnavailable } from '../lab/lab.ts';
import { rageThrough } from './rage.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

describe.skipIf(unavailable !== undefined)(
  'nothing is lost, nothing torn, and all that is said is true',
  () => {
    it.each([
      ['the embedded store', { servers: 1, database: false }],
      ['two servers on PostgreSQL', { servers: 2, database: true }],
    ])(
      'with %s',
      async (_, on) => {
        const { table, findings } = await rageThrough({ seed: 3, faults: 8, ...on }, () => undefined);
        expect(findings).toEqual([]);
        expect(table).toContain('8 faults');
      },
      600_000,
    );
  },
);
