import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const CORES = availableParallelism();

/** They load the machine themselves, or cannot stand that anything does: nothing runs beside one of them. */
const ALONE = [
  'test/integration/relay/{hostile-rtp,relay-crowd,trunk-hostile,trunk-impaired}.test.ts',
  'test/e2e/{cluster-failure,crowd,crowd-faults,standstill,storm,survival,up-and-down}.test.ts',
];

/** They measure what a busy machine changes: milliseconds, gaps, lost packets. */
const MEASURING = [
  'test/integration/cluster/eight-nodes.test.ts',
  'test/integration/relay/{relay-faults,relay-upgrade,trunk,trunk-upgrade}.test.ts',
  'test/e2e/{relay-survival,uneven-phones}.test.ts',
];

/** Real processes, sockets and clocks. */
const REAL = {
  testTimeout: 60_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 10_000 } },
};

/** They mostly wait for sound: four of them take less than a core. */
const SHARING = { ...REAL, exclude: [...ALONE, ...MEASURING], maxWorkers: 2 * CORES, sequence: { groupOrder: 2 } };

/** The groups run one after the other. */
export default defineConfig({
  test: {
    maxConcurrency: CORES + 1,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Pure functions leave nothing behind for the next file; a process for each file would cost most of the time.
          isolate: false,
          maxWorkers: CORES,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...SHARING } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...SHARING } },
      { test: { name: 'measuring', include: MEASURING, ...REAL, maxWorkers: CORES, sequence: { groupOrder: 3 } } },
      { test: { name: 'alone', include: ALONE, ...REAL, fileParallelism: false, sequence: { groupOrder: 4 } } },
    ],
  },
});
