import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const CORES = availableParallelism();

/** They load the machine themselves, or measure what a busy machine changes: milliseconds, gaps, lost packets. */
const MEASURING = [
  'test/integration/kit/{hostile,impairment,phone-to-phone}.test.ts',
  'test/integration/relay/{hostile-rtp,relay-crowd,trunk-hostile,trunk-impaired,uneven-phones}.test.ts',
  'test/integration/udp/polling.test.ts',
  'test/e2e/{cluster-failure,crowd,crowd-faults,relay-survival,standstill,storm,survival,uneven-phones,up-and-down}.test.ts',
];

/** Real processes, sockets and clocks. */
const REAL = {
  testTimeout: 60_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 10_000 } },
};

/** Each has processes of its own; with more of them at a time, some tests find the machine too late. */
const SHARING = { ...REAL, exclude: MEASURING, maxWorkers: CORES, sequence: { groupOrder: 2 } };

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
      {
        test: { name: 'measuring', include: MEASURING, ...REAL, fileParallelism: false, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
