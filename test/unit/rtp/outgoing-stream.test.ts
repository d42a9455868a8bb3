import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutgoingStream } from '../../../src/rtp/outgoing-stream.ts';
import { decodeRtpInto, emptyRtpView, encodeInto, type RtpHeader } from '../../../src/rtp/packet.ts';

/** Starts just before the wrap of all its numbers. */
const streamOf = () => new OutgoingStream((end) => end - 2);
const SSRC = 0xffff_fffe;
const SEQUENCE = 0xfffe;
const TIMESTAMP = 0xffff_fffe;

function headerOf(packet: Buffer) {
  const view = emptyRtpView();
  expect(decodeRtpInto(view, packet)).toBeNull();
  const { payloadType, marker, sequence, timestamp, ssrc } = view;
  return { payloadType, marker, sequence, timestamp, ssrc };
}

function made(stream: OutgoingStream, nowMs: number, { ticks = 160, marker = false } = {}) {
  const packet = Buffer.alloc(172);
  stream.next(packet, ticks, 8, marker, nowMs);
  return headerOf(packet);
}

/** The header of a packet after it was passed on; null where the packet must not be sent. */
function passed(stream: OutgoingStream, nowMs: number, header: Partial<RtpHeader>) {
  const packet = Buffer.alloc(16);
  const all = { payloadType: 0, marker: false, sequence: 0, timestamp: 0, ssrc: 1, ...header };
  encodeInto(packet, all, Uint8Array.of(1, 2, 3, 4));
  if (!stream.forward(all, packet, nowMs)) return null;
  expect([...packet.subarray(12)]).toEqual([1, 2, 3, 4]);
  return headerOf(packet);
}

describe('the stream that one side of a call gets', () => {
  it('begins at random, with the marker', () => {
    const first = { ssrc: SSRC, sequence: 0xffff, timestamp: TIMESTAMP, marker: true };
    expect(made(streamOf(), 5)).toEqual({ ...first, payloadType: 8 });
    expect(passed(streamOf(), 5, { sequence: 7, timestamp: 99, payloadType: 96 })).toEqual({
      ...first,
      payloadType: 96,
    });
  });

  it('counts packets that are made here by their ticks, over the wrap, whenever they go out', () => {
    const stream = streamOf();
    const headers = [0, 24, 39, 300].map((nowMs) => made(stream, nowMs, { ticks: 480, marker: nowMs === 39 }));
    expect(headers.map(({ sequence }) => sequence)).toEqual([0xffff, 0, 1, 2]);
    expect(headers.map(({ timestamp }) => timestamp)).toEqual([TIMESTAMP, 478, 958, 1438]);
    expect(headers.map(({ marker }) => marker)).toEqual([true, false, true, false]);
  });

  it('keeps all differences within one SSRC: gaps, repetitions, reordering, telephone events', () => {
    const stream = streamOf();
    made(stream, 0);
    const packets = [
      { sequence: 65_530, timestamp: 1000 },
      { sequence: 65_531, timestamp: 1160, marker: true },
      { sequence: 65_534, timestamp: 1640, payloadType: 101, marker: true },
      { sequence: 65_535, timestamp: 1640, payloadType: 101 },
      { sequence: 65_535, timestamp: 1640, payloadType: 101 },
      { sequence: 1, timestamp: 2440 },
      { sequence: 0, timestamp: 2280 },
      { sequence: 3000, timestamp: 480_000 },
    ];
    const out = packets.map((packet, i) => passed(stream, 20 + i, packet));
    const sequenceOffset = 0 - 65_530;
    const timestampOffset = TIMESTAMP + 160 - 1000;
    expect(out).toEqual(
      packets.map(({ sequence, timestamp, payloadType = 0, marker = false }, i) => ({
        ssrc: SSRC,
        payloadType,
        sequence: (sequence + sequenceOffset) & 0xffff,
        timestamp: (timestamp + timestampOffset) >>> 0,
        marker: marker || i === 0,
      })),
    );
  });

  it('has a telephone event between packets that are made here, with the timestamp of its beginning', () => {
    const stream = streamOf();
    made(stream, 0);
    const insert = (header: Partial<RtpHeader>, nowMs: number) => {
      const packet = Buffer.alloc(16);
      const all = { payloadType: 101, marker: false, sequence: 500, timestamp: 7, ssrc: 1, ...header };
      encodeInto(packet, all, Uint8Array.of(1, 2, 3, 4));
      stream.insert(all, packet, nowMs);
      expect([...packet.subarray(12)]).toEqual([1, 2, 3, 4]);
      return headerOf(packet);
    };
    const event = { ssrc: SSRC, payloadType: 101, timestamp: 158, marker: false };
    expect(insert({ marker: true }, 20)).toEqual({ ...event, sequence: 0, marker: true });
    // What would be heard meanwhile is left out.
    for (const nowMs of [20, 40, 60]) stream.skip(160, nowMs);
    expect(insert({}, 70)).toEqual({ ...event, sequence: 1 });
    expect(made(stream, 80)).toMatchObject({ sequence: 2, timestamp: 158 + 3 * 160, marker: true });
    expect(made(stream, 100)).toMatchObject({ sequence: 3, timestamp: 158 + 4 * 160, marker: false });
    expect(insert({ timestamp: 9 }, 120)).toEqual({ ...event, sequence: 4, timestamp: 158 + 5 * 160 });
  });

  it('continues by the time that has passed where another SSRC comes, or another feed', () => {
    const stream = streamOf();
    const headers = [
      passed(stream, 1000, { ssrc: 1, sequence: 500, timestamp: 7000 }),
      passed(stream, 1500, { ssrc: 2, sequence: 9, timestamp: 123 }),
      passed(stream, 1520, { ssrc: 2, sequence: 10, timestamp: 283 }),
      made(stream, 1600, { ticks: 160 }),
      made(stream, 1620, { ticks: 160 }),
      passed(stream, 1720, { ssrc: 2, sequence: 15, timestamp: 5000 }),
    ];
    expect(headers.map((header) => header?.sequence)).toEqual([0xffff, 0, 1, 2, 3, 4]);
    const times = headers.map((header) => (((header?.timestamp ?? 0) - TIMESTAMP) >>> 0) / 8);
    expect(times).toEqual([0, 500, 520, 600, 620, 720]);
    expect(headers.map((header) => header?.marker)).toEqual([true, true, false, true, false, true]);
  });

  it('lets no packet begin before the end of the one before, and is at its time again with the next change', () => {
    const stream = streamOf();
    const timeOf = (header: { timestamp: number } | null) => (((header?.timestamp ?? 0) - TIMESTAMP) >>> 0) / 8;
    made(stream, 0, { ticks: 480 });
    expect(timeOf(made(stream, 60, { ticks: 480 }))).toBe(60);
    expect(timeOf(passed(stream, 65, { ssrc: 1, sequence: 1, timestamp: 0 }))).toBe(120);
    expect(timeOf(passed(stream, 85, { ssrc: 1, sequence: 2, timestamp: 160 }))).toBe(140);
    expect(timeOf(made(stream, 90))).toBe(160);
    expect(timeOf(passed(stream, 500, { ssrc: 1, sequence: 9, timestamp: 160 }))).toBe(500);
  });

  it('leaves out what is passed on rather than run far ahead of the time, however often feeds change', () => {
    const stream = streamOf();
    let refused = 0;
    // Both feeds have a packet each 20 ms, and every one of them is the first after a change.
    for (let nowMs = 0; nowMs < 20_000; nowMs += 20) {
      const packets = [made(stream, nowMs), passed(stream, nowMs + 5, { sequence: nowMs / 20, timestamp: 8 * nowMs })];
      for (const header of packets) {
        if (header) expect(((header.timestamp - TIMESTAMP) >>> 0) / 8 - nowMs).toBeLessThan(90);
        else refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(900);
    expect(passed(stream, 20_020, { ssrc: 1, sequence: 7000, timestamp: 0 })).not.toBeNull();
  });

  it('counts the time from the beginning of a telephone event, whose packets all have that timestamp', () => {
    const stream = streamOf();
    for (let i = 0; i < 10; i += 1) passed(stream, 20 * i, { sequence: i, timestamp: 160, payloadType: 101 });
    expect(((made(stream, 240).timestamp - TIMESTAMP) >>> 0) / 8).toBe(240);
  });

  it('refuses what is late from before a change, since its number is taken', () => {
    const stream = streamOf();
    passed(stream, 0, { sequence: 100, timestamp: 0 });
    made(stream, 20);
    passed(stream, 40, { sequence: 102, timestamp: 320 });
    expect(passed(stream, 41, { sequence: 101, timestamp: 160 })).toBeNull();
    expect(passed(stream, 60, { sequence: 103, timestamp: 480 })?.sequence).toBe(2);
    expect(stream.packets).toBe(4);
  });

  it('continues from the newest packet where the last one was late', () => {
    const stream = streamOf();
    const sequences = [10, 12, 11].map(
      (sequence) => passed(stream, 0, { sequence, timestamp: 160 * sequence })?.sequence,
    );
    expect(sequences).toEqual([0xffff, 1, 0]);
    expect(made(stream, 20).sequence).toBe(2);
  });

  it('goes on at once where a source begins anew with the same SSRC', () => {
    const stream = streamOf();
    for (let i = 0; i < 5; i += 1) passed(stream, 20 * i, { sequence: 5000 + i, timestamp: 160 * i });
    const headers = [0, 1].map((i) => passed(stream, 100 + 20 * i, { sequence: 17 + i, timestamp: 70_000 + 160 * i }));
    expect(headers.map((header) => header?.sequence)).toEqual([4, 5]);
    expect(headers.map((header) => (((header?.timestamp ?? 0) - TIMESTAMP) >>> 0) / 8)).toEqual([100, 120]);
  });

  it('is not confused by a listener who has only a key passed on, now and then', () => {
    const stream = streamOf();
    let last = SEQUENCE;
    // 13 minutes at 50 packets per second are more than half of all numbers, and 22 minutes are all but one of them.
    for (const nowMs of [0, 800_000, 2_110_700, 2_160_700]) {
      const sequence = (nowMs / 20) & 0xffff;
      const header = passed(stream, nowMs, { sequence, timestamp: nowMs * 8, payloadType: 101, marker: true });
      const gap = ((header?.sequence ?? 0) - last) & 0xffff;
      expect(gap).toBe(nowMs === 2_160_700 ? 2500 : 1);
      expect(((header?.timestamp ?? 0) - TIMESTAMP) >>> 0).toBe(nowMs * 8);
      last = header?.sequence ?? 0;
    }
  });

  it('knows the timestamp of any moment', () => {
    const stream = streamOf();
    made(stream, 1000);
    made(stream, 1020);
    expect((stream.timestampAt(1050) - TIMESTAMP) >>> 0).toBe(400);
  });

  it('never repeats or leaves out a number across changes, whatever it is fed from', () => {
    const feeds = fc.array(
      fc.record({
        kind: fc.constantFrom('made', 'passed') as fc.Arbitrary<'made' | 'passed'>,
        ssrc: fc.integer({ min: 1, max: 3 }),
        sequence: fc.nat(0xffff),
        timestamp: fc.nat(0xffff_ffff),
        packets: fc.integer({ min: 1, max: 6 }),
        pauseMs: fc.nat(100_000),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(feeds, fc.nat(0xffff), fc.nat(0xffff_ffff), (parts, sequence, timestamp) => {
        const numbers = [7, sequence, timestamp];
        const stream = new OutgoingStream(() => numbers.shift() as number);
        let nowMs = 0;
        let last: { sequence: number; timestamp: number } | null = null;
        let before = '';
        const nextOf = new Map<number, { sequence: number; timestamp: number }>();
        for (const part of parts) {
          // A phone counts on while it is not passed on; and another one may come with any numbers.
          const source = nextOf.get(part.ssrc) ?? { sequence: part.sequence, timestamp: part.timestamp };
          for (let i = 0; i < part.packets; i += 1) {
            nowMs += i === 0 ? 20 + part.pauseMs : 20;
            const header =
              part.kind === 'made'
                ? made(stream, nowMs)
                : passed(stream, nowMs, { ssrc: part.ssrc, sequence: source.sequence, timestamp: source.timestamp });
            source.sequence = (source.sequence + 1) & 0xffff;
            source.timestamp = (source.timestamp + 160) >>> 0;
            if (header === null) throw new Error('refused');
            expect(header.ssrc).toBe(7);
            const feed = part.kind === 'made' ? 'made' : `${part.ssrc}`;
            const changed = feed !== before;
            before = feed;
            if (last !== null) {
              expect((header.sequence - last.sequence) & 0xffff).toBe(1);
              const step = (header.timestamp - last.timestamp) >>> 0;
              if (changed) expect(Math.abs(step - 8 * (20 + part.pauseMs))).toBeLessThanOrEqual(160);
              else if (part.pauseMs < 59_000) expect(step).toBe(160);
            }
            if (changed) expect(header.marker).toBe(true);
            last = header;
          }
          if (part.kind === 'passed') nextOf.set(part.ssrc, source);
        }
      }),
    );
  });
});
