import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const CORES = availableParallelism();

/** They load the machine themselves, or measure what a busy machine changes: lost packets, milliseconds, CPU. */
const MEASURING = [
  'test/integration/kit/{hostile,impairment,phone-to-phone}.test.ts',
  'test/integration/relay/{hostile-rtp,relay-crowd,trunk-hostile,trunk-impaired}.test.ts',
  'test/integration/udp/polling.test.ts',
  'test/e2e/{cluster-failure,crowd,crowd-faults,relay-survival,standstill,storm,survival,up-and-down}.test.ts',
];

/** Real processes, sockets and clocks. */
const REAL = {
  testTimeout: 60_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 10_000 } },
};

/** Each has processes of its own, which keep a core busy: more files at a time would only make each other late. */
const SHARING = { ...REAL, exclude: MEASURING, maxWorkers: CORES };

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
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          ...SHARING,
          sequence: { groupOrder: 2 },
        },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...SHARING, sequence: { groupOrder: 3 } } },
      {
        test: { name: 'measuring', include: MEASURING, ...REAL, fileParallelism: false, sequence: { groupOrder: 4 } },
      },
    ],
  },
});
