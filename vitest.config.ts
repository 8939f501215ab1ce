import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/sequencer.ts';

// Files that need real hosts. They mostly wait for them, so a few go at once even on two cores, each with hosts of its own.
const onHosts = ['test/lab/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/**/*.lab.test.ts'];
const attacks = ['test/attacks/**/*.test.ts'];
const waves = ['test/waves/**/*.test.ts'];
// Emulates a processor for ten minutes, which is too much beside all others: `npm run test:machine`.
const machine = ['test/machine/**/*.test.ts'];
// Tests against real hosts and processes share two cores with whatever else runs: a test gets a second try, which the last lines name.
const retry = 1;

export default defineConfig({
  test: {
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          retry,
          include: ['test/**/*.test.ts'],
          exclude: [...onHosts, ...attacks, ...waves, ...machine],
          // A busy machine is no reason to fail.
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'hosts',
          retry,
          include: onHosts,
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'waves',
          retry,
          include: waves,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'machine',
          retry,
          include: machine,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'attacks',
          retry,
          include: attacks,
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
