import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burstsOf, changedImpairment, type Impairment, UNIMPAIRED } from '../../../kit/impairment/impairment.ts';
import { type DirectionState, directionState, planPacket } from '../../../kit/impairment/planner.ts';

const PTIME_MS = 20;
const PACKET = Uint8Array.from({ length: 200 }, (_, i) => i);

/** Packets n = 0, 1, ... are planned at n * PTIME_MS; this is what became of each. */
interface Run {
  readonly state: DirectionState;
  readonly fates: readonly { readonly delaysMs: readonly number[]; readonly bytes: readonly Uint8Array[] }[];
}

function run(change: Partial<Impairment>, options: { seed?: number; count?: number; everyMs?: number } = {}): Run {
  const { seed = 1, count = 20_000, everyMs = PTIME_MS } = options;
  const state = directionState({ seed, impairment: changedImpairment(UNIMPAIRED, change) });
  const fates = Array.from({ length: count }, (_, n) => {
    const deliveries = planPacket(state, PACKET, n * everyMs);
    return {
      delaysMs: deliveries.map(({ dueMs }) => dueMs - n * everyMs),
      bytes: deliveries.map(({ bytes }) => bytes),
    };
  });
  return { state, fates };
}

function share({ fates }: Run, has: (fate: Run['fates'][number]) => boolean): number {
  return fates.filter(has).length / fates.length;
}

function delays({ fates }: Run): number[] {
  return fates.flatMap(({ delaysMs }) => delaysMs);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function deviation(numbers: readonly number[]): number {
  const middle = mean(numbers);
  return Math.sqrt(mean(numbers.map((one) => (one - middle) ** 2)));
}

/** Lengths of the gaps that lost packets have left. */
function gaps({ fates }: Run): number[] {
  const lengths: number[] = [];
  let length = 0;
  for (const { delaysMs } of fates) {
    if (delaysMs.length === 0) length++;
    else if (length > 0) {
      lengths.push(length);
      length = 0;
    }
  }
  return lengths;
}

/** How far a share of n packets may be off the ratio: five standard deviations of a binomial distribution. */
function tolerance(ratio: number, count: number): number {
  return 5 * Math.sqrt((ratio * (1 - ratio)) / count) + 1 / count;
}

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const ratios = fc.double({ min: 0, max: 1, noNaN: true });
const someImpairments: fc.Arbitrary<Impairment> = fc.record({
  partitioned: fc.constant(false),
  lossRatio: ratios,
  burstLoss: fc.option(fc.record({ enterRatio: ratios, leaveRatio: ratios, lossInBurstRatio: ratios })),
  delayMs: fc.integer({ min: 0, max: 500 }),
  jitter: fc.oneof(
    fc.constant({ kind: 'none' as const }),
    fc.record({ kind: fc.constant('uniform' as const), spreadMs: fc.integer({ min: 0, max: 500 }) }),
    fc.record({ kind: fc.constant('normal' as const), deviationMs: fc.integer({ min: 0, max: 500 }) }),
  ),
  keepOrder: fc.boolean(),
  reorderRatio: ratios,
  reorderHoldMs: fc.integer({ min: 0, max: 200 }),
  duplicateRatio: ratios,
  corruptRatio: ratios,
  corruptBits: fc.integer({ min: 1, max: 2000 }),
  rateLimit: fc.option(
    fc.record({
      bitsPerSecond: fc.integer({ min: 1, max: 10 ** 7 }),
      queueBytes: fc.integer({ min: 0, max: 10 ** 5 }),
    }),
  ),
});

describe('the planner of impairments', () => {
  it('passes everything at once and untouched when nothing is impaired', () => {
    const { fates } = run({}, { count: 100 });
    for (const { delaysMs, bytes } of fates) {
      expect(delaysMs).toEqual([0]);
      expect(bytes[0]).toBe(PACKET);
    }
  });

  it('decides the same for the same seed, and nothing before its time, whatever is impaired', () => {
    fc.assert(
      fc.property(seeds, someImpairments, (seed, impairment) => {
        const first = run(impairment, { seed, count: 40 });
        expect(run(impairment, { seed, count: 40 })).toEqual(first);
        expect(Math.min(0, ...delays(first))).toBe(0);
        const { received, partitioned, lost, lostInBurst, queueFull, planned, duplicated } = first.state.counters;
        expect(received).toBe(40);
        expect(partitioned + lost + lostInBurst + queueFull + planned - duplicated).toBe(40);
        expect(planned).toBe(delays(first).length);
      }),
      { numRuns: 30 },
    );
  });

  it('loses other packets for another seed', () => {
    const lost = (seed: number) =>
      run({ lossRatio: 0.5 }, { seed, count: 64 }).fates.map((fate) => fate.delaysMs.length);
    expect(lost(1)).not.toEqual(lost(2));
  });

  it('loses the share of packets that is asked for, one by one', () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: 0.05, max: 0.9, noNaN: true }), (seed, lossRatio) => {
        const lossy = run({ lossRatio }, { seed, count: 5000 });
        const lost = share(lossy, ({ delaysMs }) => delaysMs.length === 0);
        expect(Math.abs(lost - lossRatio)).toBeLessThan(tolerance(lossRatio, 5000));
        // Independent losses leave gaps of 1 / (1 - ratio) packets on average.
        const expectedGap = 1 / (1 - lossRatio);
        const lengths = gaps(lossy);
        const spread = Math.sqrt(lossRatio) / (1 - lossRatio);
        expect(Math.abs(mean(lengths) - expectedGap)).toBeLessThan((5 * spread) / Math.sqrt(lengths.length) + 0.05);
      }),
      { numRuns: 30 },
    );
  });

  it('loses in bursts of the length and share that are asked for', () => {
    for (const [lossRatio, meanBurstPackets] of [
      [0.05, 4],
      [0.1, 10],
      [0.3, 3],
    ] as const) {
      const lossy = run({ burstLoss: burstsOf(lossRatio, meanBurstPackets) }, { count: 100_000 });
      expect(share(lossy, ({ delaysMs }) => delaysMs.length === 0) / lossRatio).toBeCloseTo(1, 0.9);
      expect(mean(gaps(lossy)) / meanBurstPackets).toBeCloseTo(1, 0.9);
      expect(lossy.state.counters).toMatchObject({ lost: 0, lostInBurst: 100_000 - delays(lossy).length });
    }
  });

  it('loses only a part of a burst when told so', () => {
    const lossy = run({ burstLoss: { enterRatio: 1, leaveRatio: 0, lossInBurstRatio: 0.4 } });
    expect(share(lossy, ({ delaysMs }) => delaysMs.length === 0)).toBeCloseTo(0.4, 1.7);
  });

  it('delays by a fixed time', () => {
    expect(new Set(delays(run({ delayMs: 35 }, { count: 100 })))).toEqual(new Set([35]));
  });

  it('spreads delays evenly with uniform jitter', () => {
    const spread = delays(run({ delayMs: 40, jitter: { kind: 'uniform', spreadMs: 15 } }));
    expect(Math.min(...spread)).toBeGreaterThanOrEqual(25);
    expect(Math.max(...spread)).toBeLessThanOrEqual(55);
    expect(Math.abs(mean(spread) - 40)).toBeLessThan(0.3);
    expect(Math.abs(deviation(spread) - 30 / Math.sqrt(12))).toBeLessThan(0.2);
  });

  it('spreads delays like a doorbell with normal jitter', () => {
    const spread = delays(run({ delayMs: 100, jitter: { kind: 'normal', deviationMs: 12 } }));
    expect(Math.abs(mean(spread) - 100)).toBeLessThan(0.5);
    expect(Math.abs(deviation(spread) - 12)).toBeLessThan(0.4);
    expect(spread.filter((one) => Math.abs(one - 100) > 24).length / spread.length).toBeCloseTo(0.0455, 1.9);
  });

  it('lets jitter change the order only when order is not kept', () => {
    const jitter = { kind: 'uniform', spreadMs: 30 } as const;
    const arrivals = (keepOrder: boolean) =>
      delays(run({ delayMs: 30, jitter, keepOrder }, { count: 1000 })).map((delayMs, n) => n * PTIME_MS + delayMs);
    const overtaken = (times: readonly number[]) =>
      times.filter((time, n) => n > 0 && time < (times[n - 1] ?? 0)).length;
    expect(overtaken(arrivals(false))).toBeGreaterThan(100);
    expect(overtaken(arrivals(true))).toBe(0);
  });

  it('holds packets back so that later ones overtake them, and nothing waits for them', () => {
    const reordered = run({ reorderRatio: 0.1, reorderHoldMs: 50, keepOrder: true });
    const held = delays(reordered).filter((delayMs) => delayMs === 50).length;
    expect(delays(reordered).filter((delayMs) => delayMs === 0).length + held).toBe(20_000);
    expect(Math.abs(held / 20_000 - 0.1)).toBeLessThan(tolerance(0.1, 20_000));
    expect(reordered.state.counters.reordered).toBe(held);
  });

  it('sends the share of copies that is asked for, with jitters of their own', () => {
    const doubled = run({ delayMs: 20, jitter: { kind: 'uniform', spreadMs: 20 }, duplicateRatio: 0.2 });
    const copied = doubled.fates.filter(({ delaysMs }) => delaysMs.length === 2);
    expect(Math.abs(copied.length / 20_000 - 0.2)).toBeLessThan(tolerance(0.2, 20_000));
    expect(copied.every(({ bytes }) => bytes[0] === PACKET && bytes[1] === PACKET)).toBe(true);
    expect(copied.filter(({ delaysMs }) => delaysMs[0] === delaysMs[1]).length).toBeLessThan(10);
  });

  it('turns over as many bits as asked for, in a copy', () => {
    const before = PACKET.slice();
    for (const [corruptBits, expected] of [
      [1, 1],
      [7, 7],
      [5000, 1600],
    ] as const) {
      const { fates } = run({ corruptRatio: 1, corruptBits }, { count: 50 });
      for (const { bytes } of fates) {
        const flipped = PACKET.reduce((sum, byte, i) => sum + bitCount(byte ^ (bytes[0]?.[i] ?? 0)), 0);
        expect(flipped).toBe(expected);
      }
    }
    expect(PACKET).toEqual(before);
    const { fates } = run({ corruptRatio: 1 });
    const where = fates.map(({ bytes }) => PACKET.findIndex((byte, i) => byte !== bytes[0]?.[i]));
    expect(Math.abs(mean(where) - 99.5)).toBeLessThan(3);
  });

  it('lets an empty packet pass that it should corrupt', () => {
    const state = directionState({ seed: 1, impairment: { ...UNIMPAIRED, corruptRatio: 1 } });
    expect(planPacket(state, new Uint8Array(0), 0)).toEqual([{ dueMs: 0, bytes: new Uint8Array(0) }]);
  });

  it('lets no more pass than the line carries, and drops what its queue cannot hold', () => {
    // 200 bytes each ms, of which the line carries half.
    const limited = run({ rateLimit: { bitsPerSecond: 800_000, queueBytes: 2000 } }, { count: 1000, everyMs: 1 });
    const passed = delays(limited);
    expect(passed.length).toBeGreaterThan(495);
    expect(passed.length).toBeLessThan(515);
    expect(limited.state.counters.queueFull).toBe(1000 - passed.length);
    expect(Math.max(...passed)).toBeLessThanOrEqual(20 + 2);
    expect(Math.min(...passed)).toBe(2);
  });

  it('lets nothing pass through a partition, and then goes on as if there had been none', () => {
    const impairment = {
      ...UNIMPAIRED,
      lossRatio: 0.3,
      delayMs: 50,
      jitter: { kind: 'normal', deviationMs: 9 },
    } as const;
    const whole = directionState({ seed: 5, impairment });
    const cut = directionState({ seed: 5, impairment });
    for (let n = 0; n < 300; n++) {
      const isCut = n >= 100 && n < 200;
      cut.impairment = { ...impairment, partitioned: isCut };
      const expected = planPacket(whole, PACKET, n);
      expect(planPacket(cut, PACKET, n)).toEqual(isCut ? [] : expected);
    }
    expect(cut.counters.partitioned).toBe(100);
  });

  it('loses the same packets when anything else is impaired as well', () => {
    fc.assert(
      fc.property(seeds, someImpairments, (seed, others) => {
        const lost = (impairment: Partial<Impairment>) =>
          run({ ...impairment, lossRatio: 0.2, burstLoss: null, rateLimit: null }, { seed, count: 50 }).fates.map(
            ({ delaysMs }) => delaysMs.length === 0,
          );
        expect(lost(others)).toEqual(lost({}));
      }),
      { numRuns: 30 },
    );
  });
});

function bitCount(byte: number): number {
  return byte.toString(2).replaceAll('0', '').length;
}

describe('the settings of an impairment', () => {
  it('are refused with every problem at once', () => {
    const wrong = {
      lossRatio: 1.1,
      delayMs: -1,
      corruptBits: 0.5,
      jitter: { kind: 'normal', deviationMs: Number.NaN },
      burstLoss: { enterRatio: 2, leaveRatio: 0, lossInBurstRatio: 0 },
      rateLimit: { bitsPerSecond: 0, queueBytes: 1 },
    } as const;
    expect(() => changedImpairment(UNIMPAIRED, wrong)).toThrowError(
      expect.objectContaining({
        code: 'bad-impairment',
        detail: expect.objectContaining({
          problems: [
            'lossRatio',
            'burstLoss.enterRatio',
            'delayMs',
            'jitter.deviationMs',
            'corruptBits',
            'rateLimit',
          ].map((name) => expect.stringContaining(name)),
        }),
      }),
    );
  });

  it('keep what is not changed', () => {
    const before = changedImpairment(UNIMPAIRED, { lossRatio: 0.1, delayMs: 5 });
    expect(changedImpairment(before, { delayMs: 6 })).toEqual({ ...UNIMPAIRED, lossRatio: 0.1, delayMs: 6 });
  });
});
