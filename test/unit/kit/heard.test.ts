import { describe, expect, it } from 'vitest';
import { encodeInto } from '../../../src/rtp/packet.ts';
import { encodeEventInto } from '../../kit/phone/dtmf.ts';
import { Heard } from '../../kit/phone/heard.ts';
import { framesOf, silence, tone } from '../../kit/phone/sound.ts';

const FRAME = 160;

function listener(keepMs = 1000) {
  const keys: string[] = [];
  const options = { keepMs, audibleDbov: -50, eventPayloadType: 101 };
  const heard = new Heard(options, { onKey: (key) => keys.push(key) });
  const toneFrames = framesOf(tone(400, -10), 'PCMU', FRAME)?.frames ?? [];
  const quiet = framesOf(silence(), 'PCMU', FRAME)?.silence ?? new Uint8Array(FRAME);
  /** The n-th packet of a stream of 20 ms, at its time unless told otherwise. */
  const push = (
    n: number,
    options: { atMs?: number; sound?: 'tone' | 'quiet'; ssrc?: number; start?: number } = {},
  ) => {
    const { atMs = n * 20, sound = 'tone', ssrc = 1, start = 0 } = options;
    const packet = Buffer.alloc(12 + FRAME);
    const header = { payloadType: 0, marker: false, sequence: start + n, timestamp: (start + n) * FRAME, ssrc };
    encodeInto(packet, header, sound === 'tone' ? (toneFrames[n % toneFrames.length] ?? quiet) : quiet);
    heard.push(packet, atMs);
  };
  return { heard, keys, push };
}

describe('statistics of what is heard', () => {
  it('of an even stream show neither loss nor jitter', () => {
    const { heard, push } = listener();
    for (let n = 0; n < 51; n++) push(n);
    expect(heard.snapshot(1000)).toMatchObject({
      received: 51,
      lost: 0,
      late: 0,
      duplicates: 0,
      jitterMs: 0,
      packetsPerSecond: 50,
      longestGapMs: 20,
      firstPacketMs: 0,
      streams: 1,
    });
  });

  it('count loss, reordering and duplicates', () => {
    const { heard, push } = listener();
    for (const n of [0, 1, 3, 2, 3, 6]) push(n);
    expect(heard.snapshot(0)).toMatchObject({ received: 6, lost: 2, late: 1, duplicates: 1 });
  });

  it('go on over the wrap of the sequence number', () => {
    const { heard, push } = listener();
    for (let n = 0; n < 20; n++) if (n !== 7) push(n, { start: 65_530 });
    expect(heard.snapshot(0)).toMatchObject({ received: 19, lost: 1, late: 0, streams: 1 });
  });

  it('count a packet from before the first one as late, not lost', () => {
    const { heard, push } = listener();
    for (const n of [1, 0, 2]) push(n, { start: 65_535 });
    expect(heard.snapshot(0)).toMatchObject({ received: 3, lost: 0, late: 1 });
  });

  it('begin anew with another SSRC and keep what was lost', () => {
    const { heard, push } = listener();
    for (const n of [0, 2]) push(n);
    for (const n of [3, 4]) push(n, { ssrc: 2, start: 40_000 });
    expect(heard.snapshot(0)).toMatchObject({ received: 4, lost: 1, streams: 2 });
  });

  it('smooth jitter as RFC 3550 says', () => {
    const { heard, push } = listener();
    push(0);
    push(1, { atMs: 36 });
    expect(heard.snapshot(36).jitterMs).toBeCloseTo(1);
    expect(heard.snapshot(36).longestGapMs).toBe(36);
  });

  it('tell that a stream has died', () => {
    const { heard, push } = listener();
    for (let n = 0; n < 51; n++) push(n);
    expect(heard.snapshot(3000)).toMatchObject({ longestGapMs: 2000, packetsPerSecond: 50 / 3 });
  });

  it('of an interval begin at its mark, and keep the time of the first packet', () => {
    const { heard, push } = listener();
    for (let n = 0; n < 5; n++) push(n);
    heard.resetStatistics(100);
    expect(heard.snapshot(700)).toMatchObject({
      received: 0,
      packetsPerSecond: 0,
      longestGapMs: 600,
      firstPacketMs: null,
      firstPacketEverMs: 0,
    });
    push(10, { atMs: 750 });
    push(11, { atMs: 770 });
    expect(heard.snapshot(770)).toMatchObject({ received: 2, longestGapMs: 650, firstPacketMs: 750 });
  });

  it('count no gap before the first packet of a call', () => {
    const { heard, push } = listener();
    heard.resetStatistics(0);
    push(0, { atMs: 5000 });
    expect(heard.snapshot(5000)).toMatchObject({ longestGapMs: 0, firstPacketEverMs: 5000 });
  });

  it('tell the first packet from the first audible one, also when no audio is kept', () => {
    const { heard, push } = listener(0);
    push(0, { sound: 'quiet' });
    push(1, { sound: 'quiet' });
    push(2);
    expect(heard.snapshot(0)).toMatchObject({ firstPacketMs: 0, firstAudibleMs: 40 });
    expect(heard.audio).toBeNull();
  });

  it('count what is no RTP by reason', () => {
    const { heard } = listener();
    heard.push(Buffer.from('80c9000100000000', 'hex'), 0);
    heard.push(Buffer.alloc(20), 0);
    expect(heard.snapshot(0)).toMatchObject({ received: 0, droppedByReason: { 'too-short': 1, 'not-version-2': 1 } });
  });

  it('report each key once', () => {
    const { heard, keys } = listener();
    const packet = Buffer.alloc(16);
    for (const [sequence, timestamp] of [
      [1, 800],
      [2, 800],
      [2, 800],
      [3, 4000],
    ] as const) {
      encodeInto(packet, { payloadType: 101, marker: false, sequence, timestamp, ssrc: 1 }, Buffer.alloc(4));
      encodeEventInto(packet, 12, { key: '9', end: false, durationSamples: 160 });
      heard.push(packet, sequence * 20);
    }
    expect(keys).toEqual(['9', '9']);
  });
});
