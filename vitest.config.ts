import { defineConfig } from 'vitest/config';

// Files that need real hosts come one after the other: they share two cores with the hosts they start.
const onHosts = ['lab', 'e2e', 'attacks']
  .map((room) => `test/${room}/**/*.test.ts`)
  .concat('test/**/*.lab.test.ts');

export default defineConfig({
  test: {
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: onHosts,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'hosts',
          include: onHosts,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
