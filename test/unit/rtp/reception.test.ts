import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reception } from '../../../src/rtp/reception.ts';
import { emptyReportBlock } from '../../../src/rtp/rtcp.ts';
import { nextBetween, seededRandom } from '../../kit/random.ts';

type Stream = {
  readonly first?: number;
  readonly packets: number;
  readonly every?: number;
  readonly ssrc?: number;
  /** Whether a packet is lost, by its place in the stream. */
  readonly lost?: (index: number) => boolean;
  readonly delayMs?: (index: number) => number;
};

/** Receives a stream of 50 packets per second. */
function receive(reception: Reception, stream: Stream): Reception {
  const { first = 0, packets, every = 1, ssrc = 1, lost = () => false, delayMs = () => 0 } = stream;
  for (let i = 0; i < packets; i += 1) {
    const sequence = (first + i) & 0xffff;
    if (sequence % every !== 0 || lost(i)) continue;
    const timestamp = (0xffff_f000 + 160 * (first + i)) >>> 0;
    reception.push({ ssrc, sequence, timestamp }, 20 * (first + i) + delayMs(i), every);
  }
  return reception;
}

function report(reception: Reception) {
  const block = emptyReportBlock();
  reception.reportInto(block);
  return block;
}

describe('how a stream arrives', () => {
  it('is not known before the first packet', () => {
    const { ssrc, expected, lost, jitterMs } = new Reception();
    expect({ ssrc, expected, lost, jitterMs }).toEqual({ ssrc: null, expected: 0, lost: 0, jitterMs: 0 });
    expect(report(new Reception())).toEqual(emptyReportBlock());
  });

  it('is told by the packets that are missing between others, over the wrap', () => {
    const reception = receive(new Reception(), { first: 65_500, packets: 100, lost: (i) => i % 10 === 5 });
    expect(reception.expected).toBe(100);
    expect(reception.lost).toBe(10);
    expect(report(reception)).toMatchObject({ ssrc: 1, cumulativeLost: 10, highestSequence: 0x1_0000 + 63 });
  });

  it.each([16, 64])('is estimated where only one packet in %i is seen', (every) => {
    const random = seededRandom(7);
    const lost = () => nextBetween(random, 0, 9) === 0;
    const reception = receive(new Reception(), { first: 640, packets: 200_000, every, lost });
    expect(Math.abs(reception.expected - 200_000)).toBeLessThanOrEqual(every);
    expect(reception.lost / reception.expected).toBeGreaterThan(0.09);
    expect(reception.lost / reception.expected).toBeLessThan(0.11);
    const whole = receive(new Reception(), { first: 640, packets: 200_000, every });
    expect(whole.lost).toBe(0);
  });

  it('is no loss where the share of packets that is seen changes, at any packet', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(1, 16, 64), fc.integer({ min: 64, max: 300 }))), (parts) => {
        const reception = new Reception();
        let first = 65_000;
        for (const [every, packets] of parts) {
          receive(reception, { first, packets, every });
          first += packets;
        }
        expect(reception.lost).toBe(0);
      }),
    );
  });

  it('ignores packets that are seen besides each n-th, such as telephone events', () => {
    const reception = new Reception();
    for (let sequence = 160; sequence < 320; sequence += 1) {
      if (sequence % 16 === 0 || (sequence > 200 && sequence < 210)) {
        reception.push({ ssrc: 1, sequence, timestamp: 160 * sequence }, 20 * sequence, 16);
      }
    }
    expect([reception.expected, report(reception).cumulativeLost]).toEqual([160, 0]);
  });

  it('makes up for a loss with a packet that comes late', () => {
    const reception = new Reception();
    for (const sequence of [1, 2, 4, 5, 3]) reception.push({ ssrc: 1, sequence, timestamp: 160 * sequence }, 0, 1);
    expect([reception.expected, reception.lost]).toEqual([5, 0]);
    // And a packet that comes twice is told as RFC 3550 wants it.
    reception.push({ ssrc: 1, sequence: 5, timestamp: 800 }, 0, 1);
    expect(reception.lost).toBe(0);
    expect(report(reception).cumulativeLost).toBe(-1);
  });

  it.each([
    ['forwards', 20_000],
    ['backwards', -20_000],
  ])('is no loss where the numbers jump %s', (_, jump) => {
    const reception = receive(new Reception(), { first: 30_000, packets: 50 });
    const before = report(reception).highestSequence;
    receive(reception, { first: 30_050 + jump, packets: 50 });
    expect([reception.expected, reception.lost]).toEqual([100, 0]);
    expect(report(reception).highestSequence).toBeGreaterThan(before);
  });

  it('begins again with another SSRC', () => {
    const reception = receive(new Reception(), { packets: 100, lost: (i) => i % 2 === 1, delayMs: (i) => i % 30 });
    receive(reception, { ssrc: 2, first: 5, packets: 10 });
    expect(reception).toMatchObject({ ssrc: 2, expected: 10, lost: 0, jitterMs: 0 });
    expect(report(reception)).toMatchObject({ ssrc: 2, fractionLost: 0, highestSequence: 14 });
  });

  it('is reported as the fraction that was lost since the last report', () => {
    const reception = receive(new Reception(), { packets: 100, lost: (i) => i % 4 === 1 });
    expect(report(reception).fractionLost).toBe(64);
    receive(reception, { first: 100, packets: 100 });
    expect(report(reception)).toMatchObject({ fractionLost: 0, cumulativeLost: 25 });
    expect(report(reception).fractionLost).toBe(0);
    receive(reception, { first: 200, packets: 1000, lost: (i) => i > 0 && i < 999 });
    expect(report(reception).fractionLost).toBe(255);
  });
});

describe('the jitter of a stream', () => {
  it('is nothing where packets come at their pace', () => {
    expect(receive(new Reception(), { packets: 100, delayMs: () => 35 }).jitterMs).toBe(0);
  });

  it.each([1, 16])('is the mean difference between the delays of packets (1 in %i seen)', (every) => {
    // Half of the packets that are seen come 8 ms later.
    const delayMs = (i: number) => (Math.floor(i / every) % 2) * 8;
    const reception = receive(new Reception(), { packets: 200 * every, every, delayMs });
    expect(reception.jitterMs).toBeCloseTo(8, 3);
    expect(report(reception).jitterTicks).toBe(64);
  });

  it('follows as RFC 3550 has it: by a 16th of each difference', () => {
    const reception = receive(new Reception(), { packets: 2, delayMs: (i) => 16 * i });
    expect(reception.jitterMs).toBeCloseTo(1, 9);
  });

  it('is not changed by a clock that jumps, nor by the packets of a telephone event', () => {
    const reception = receive(new Reception(), { packets: 10 });
    reception.push({ ssrc: 1, sequence: 10, timestamp: 500_000 }, 200, 1);
    for (let i = 1; i < 9; i += 1) reception.push({ ssrc: 1, sequence: 10 + i, timestamp: 500_000 }, 200 + 20 * i, 1);
    reception.push({ ssrc: 1, sequence: 19, timestamp: 500_000 + 9 * 160 }, 380, 1);
    expect(reception.jitterMs).toBe(0);
    expect(reception.lost).toBe(0);
  });
});
