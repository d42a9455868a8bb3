import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const CORES = availableParallelism();

/** They measure what a busy machine changes: gaps in what is heard, milliseconds, CPU, losses. */
const MEASURING = [
  'test/integration/cluster/eight-nodes.test.ts',
  'test/integration/events/channel.test.ts',
  'test/integration/kit/{hostile,impairment,phone-to-phone,tcp-proxy}.test.ts',
  'test/integration/relay/*.test.ts',
  'test/integration/udp/polling.test.ts',
  'test/e2e/{call-faults,cluster-failure,crowd,crowd-faults,listeners,phone-addresses,relay-survival}.test.ts',
  'test/e2e/{slow-asterisk,storm,survival,upgrade,vanished-phones}.test.ts',
];

/** Real processes, sockets and clocks. */
const REAL = {
  testTimeout: 60_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 10_000 } },
};

/** Mostly they wait, so that there may be more of them than cores. */
const SHARING = { ...REAL, exclude: MEASURING, maxWorkers: CORES + 1 };

/** The groups run one after the other. */
export default defineConfig({
  test: {
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
