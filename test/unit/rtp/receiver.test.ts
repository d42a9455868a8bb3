import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtpReceiver } from '../../../src/rtp/receiver.ts';

const OPTIONS = { clockRateHz: 8000 };

/** A packet of 20 ms; the sequence number counts on from 16 bits. */
function packet(index: number, ssrc = 1) {
  return { ssrc, sequence: index & 0xffff, timestamp: (index * 160) >>> 0 };
}

function pushAll(receiver: RtpReceiver, indexes: readonly number[], ssrc = 1): string[] {
  return indexes.map((index) => receiver.push(packet(index, ssrc), index * 20));
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('an RTP receiver', () => {
  it('counts on when the sequence number wraps', () => {
    const receiver = new RtpReceiver(OPTIONS);
    expect(new Set(pushAll(receiver, range(65_530, 65_545)))).toEqual(new Set(['in-order']));
    expect(receiver.extendedSequence).toBe(65_544);
    expect(receiver.counters).toMatchObject({ received: 15, lost: 0 });
  });

  it('tells what is lost, and takes it back when it comes late', () => {
    const receiver = new RtpReceiver(OPTIONS);
    expect(pushAll(receiver, [0, 1, 4])).toEqual(['in-order', 'in-order', 'in-order']);
    expect(receiver.counters.lost).toBe(2);
    expect(pushAll(receiver, [3])).toEqual(['late']);
    expect(receiver.extendedSequence).toBe(3);
    expect(receiver.counters).toMatchObject({ received: 4, lost: 1, late: 1 });
  });

  it('knows a duplicate, early or late', () => {
    const receiver = new RtpReceiver(OPTIONS);
    expect(pushAll(receiver, [0, 0, 1, 3, 2, 2, 1])).toEqual([
      'in-order',
      'duplicate',
      'in-order',
      'in-order',
      'late',
      'duplicate',
      'duplicate',
    ]);
    expect(receiver.counters).toMatchObject({ received: 4, lost: 0, duplicate: 3 });
  });

  it('believes the first packet, or as many in sequence as it is told to', () => {
    expect(pushAll(new RtpReceiver(OPTIONS), [7])).toEqual(['in-order']);
    const careful = new RtpReceiver({ ...OPTIONS, probationPackets: 2 });
    expect(pushAll(careful, [7, 9, 10, 11])).toEqual(['probation', 'probation', 'in-order', 'in-order']);
    expect(careful.counters).toMatchObject({ received: 2, lost: 0, probation: 2 });
  });

  it('takes a jump for a restart with the second packet, and never counts backwards', () => {
    const receiver = new RtpReceiver(OPTIONS);
    pushAll(receiver, range(40_000, 40_010));
    const before = receiver.extendedSequence;
    expect(pushAll(receiver, [5, 6, 7])).toEqual(['bad-sequence', 'restarted', 'in-order']);
    expect(receiver.extendedSequence).toBeGreaterThan(before);
    expect(receiver.counters).toMatchObject({ received: 12, lost: 0, restarts: 1, badSequence: 1 });
  });

  it('is not misled by single packets of nowhere', () => {
    const receiver = new RtpReceiver(OPTIONS);
    expect(pushAll(receiver, [0, 1, 30_000, 2, 30_001, 3])).toEqual([
      'in-order',
      'in-order',
      'bad-sequence',
      'in-order',
      'bad-sequence',
      'in-order',
    ]);
  });

  it('follows another SSRC once that sends alone, and not while both send', () => {
    const receiver = new RtpReceiver(OPTIONS);
    pushAll(receiver, range(0, 5));
    for (const index of range(5, 10)) {
      expect(receiver.push(packet(index, 2), index * 20)).toBe('bad-source');
      expect(receiver.push(packet(index, 1), index * 20)).toBe('in-order');
    }
    expect(pushAll(receiver, [10, 11, 12], 2)).toEqual(['bad-source', 'restarted', 'in-order']);
    expect(receiver.ssrc).toBe(2);
    expect(receiver.counters).toMatchObject({ badSource: 6, restarts: 1, lost: 0 });
  });

  it('does not take two strangers for one', () => {
    const receiver = new RtpReceiver(OPTIONS);
    pushAll(receiver, [0, 1]);
    expect(receiver.push(packet(500, 2), 40)).toBe('bad-source');
    expect(receiver.push(packet(501, 3), 60)).toBe('bad-source');
  });

  it('measures no jitter on an even network, and that of an uneven one', () => {
    const even = new RtpReceiver(OPTIONS);
    for (const index of range(0, 200)) even.push(packet(index), 1000 + index * 20);
    expect(even.jitterMs).toBeCloseTo(0, 9);
    // Every other packet is 10 ms late: each distance is off by 10 ms.
    const uneven = new RtpReceiver(OPTIONS);
    for (const index of range(0, 200)) uneven.push(packet(index), index * 20 + (index % 2) * 10);
    expect(uneven.jitterMs).toBeCloseTo(10, 2);
  });

  it('measures jitter over the wrap of the timestamp and past telephone events', () => {
    const receiver = new RtpReceiver(OPTIONS);
    for (const index of range(0, 100)) {
      // Packets 40 to 59 are of one event.
      const spoken = index >= 40 && index < 60 ? 40 : index;
      receiver.push({ ssrc: 1, sequence: index, timestamp: (0xffffff00 + spoken * 160) >>> 0 }, index * 20);
    }
    expect(receiver.jitterMs).toBeCloseTo(0, 9);
  });

  it('accounts for every packet, once, whatever arrives', () => {
    const packets = fc.array(
      fc.record({ ssrc: fc.nat(2), step: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.nat(0xffff)) }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(packets, fc.nat(0xffff), fc.nat(3), (given, start, probationPackets) => {
        const receiver = new RtpReceiver({ ...OPTIONS, probationPackets });
        let sequence = start;
        const extended = new Set<number>();
        let played = 0;
        for (const [i, { ssrc, step }] of given.entries()) {
          sequence = (sequence + step) & 0xffff;
          const verdict = receiver.push({ ssrc, sequence, timestamp: sequence * 160 }, i * 20);
          if (verdict !== 'in-order' && verdict !== 'restarted' && verdict !== 'late') continue;
          played += 1;
          extended.add(receiver.extendedSequence);
          expect(receiver.extendedSequence & 0xffff).toBe(sequence);
        }
        const { received, lost, duplicate, probation, badSequence, badSource } = receiver.counters;
        expect(received).toBe(played);
        expect(extended.size).toBe(played);
        expect(lost).toBeGreaterThanOrEqual(0);
        expect(received + duplicate + probation + badSequence + badSource).toBe(given.length);
      }),
    );
  });
});
