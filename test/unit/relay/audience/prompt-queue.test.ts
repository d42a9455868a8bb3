import { describe, expect, it } from 'vitest';
import { encodeG711Into } from '../../../../src/audio/g711.ts';
import { G722Encoder } from '../../../../src/audio/g722.ts';
import { levelDbov } from '../../../../src/audio/level.ts';
import type { Hearing } from '../../../../src/relay/audience/audience-listener.ts';
import { PromptQueue } from '../../../../src/relay/audience/prompt-queue.ts';

type Codec = Hearing['codec'];

/** A payload in mu-law with the levels 1, 2, 3, ..., each for 10 ms. */
function staircase(firstStep: number, tens: number): Uint8Array {
  const samples = Int16Array.from({ length: 80 * tens }, (_, i) => 1000 * (firstStep + Math.floor(i / 80)));
  const payload = new Uint8Array(samples.length);
  encodeG711Into('PCMU', samples, payload);
  return payload;
}

/** Which two steps a frame has; null for no frame. */
const steps = (frame: Int16Array | null) => frame && [40, 120].map((i) => Math.round((frame[i] as number) / 1000));

const TONE_PEAK = 8000;
function tone(hz: number, codec: Codec, durationMs: number): Uint8Array {
  const rateHz = codec === 'G722' ? 16_000 : 8000;
  const samples = Int16Array.from({ length: (rateHz * durationMs) / 1000 }, (_, i) =>
    Math.round(TONE_PEAK * Math.sin((2 * Math.PI * hz * i) / rateHz)),
  );
  const payload = new Uint8Array(8 * durationMs);
  if (codec === 'G722') new G722Encoder(samples.length).encodeInto(samples, payload);
  else encodeG711Into(codec, samples, payload);
  return payload;
}

/** All that is heard of a payload that comes in packets, in time. */
function heard(queue: PromptQueue, payload: Uint8Array, codec: Codec, packetMs: number, rateHz: 8000 | 16_000) {
  const frames: Int16Array[] = [];
  const packet = 8 * packetMs;
  for (let atMs = 0, at = 0; atMs < payload.length / 8; atMs += 10) {
    if (atMs % packetMs === 0) {
      queue.push(payload.subarray(at, at + packet), codec);
      at += packet;
    }
    const frame = atMs % 20 === 10 ? queue.next(rateHz) : null;
    if (frame) frames.push(Int16Array.from(frame));
  }
  return Int16Array.from(frames.flatMap((frame) => [...frame]));
}

function levelOf(hz: number, samples: Int16Array, rateHz: number): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < samples.length; i += 1) {
    re += (samples[i] as number) * Math.cos((2 * Math.PI * hz * i) / rateHz);
    im += (samples[i] as number) * Math.sin((2 * Math.PI * hz * i) / rateHz);
  }
  return 20 * Math.log10((2 * Math.hypot(re, im)) / samples.length / TONE_PEAK);
}

describe('what Asterisk plays to one listener', () => {
  it.each(['PCMU', 'PCMA', 'G722'] as const)('is heard as it was sent, in packets of any length (%s)', (codec) => {
    const rateHz = codec === 'G722' ? 16_000 : 8000;
    for (const packetMs of [10, 20, 30, 40, 60]) {
      const sound = heard(new PromptQueue(), tone(1000, codec, 1200), codec, packetMs, rateHz);
      // Packets of 30 ms come late once.
      expect(sound.length / rateHz).toBeGreaterThanOrEqual(1.16);
      const steady = sound.subarray(rateHz / 5, rateHz);
      expect(levelOf(1000, steady, rateHz)).toBeCloseTo(0, 0);
      expect(Math.abs(levelDbov(steady) - 20 * Math.log10(TONE_PEAK / 32_768 / Math.SQRT2))).toBeLessThan(0.2);
    }
  });

  it.each([
    ['PCMU', 16_000],
    ['G722', 8000],
  ] as const)('is heard by a listener of another rate (%s at %i Hz)', (codec, rateHz) => {
    const steady = heard(new PromptQueue(), tone(1000, codec, 1000), codec, 20, rateHz).subarray(rateHz / 5);
    expect(levelOf(1000, steady, rateHz)).toBeCloseTo(0, 0);
  });

  it('begins with the first whole frame', () => {
    const queue = new PromptQueue();
    expect(queue.next(8000)).toBeNull();
    queue.push(staircase(1, 1), 'PCMU');
    expect(queue.next(8000)).toBeNull();
    queue.push(staircase(2, 1), 'PCMU');
    expect(steps(queue.next(8000))).toEqual([1, 2]);
    expect(queue.next(8000)).toBeNull();
  });

  it('ends with a rest that is filled up with silence, when nothing comes after it', () => {
    const queue = new PromptQueue();
    queue.push(staircase(1, 3), 'PCMU');
    expect([1, 2, 3, 4].map(() => steps(queue.next(8000)))).toEqual([[1, 2], null, [3, 0], null]);
    queue.push(staircase(5, 3), 'PCMU');
    expect([1, 2].map(() => steps(queue.next(8000)))).toEqual([[5, 6], null]);
    queue.push(staircase(8, 3), 'PCMU');
    expect([1, 2, 3].map(() => steps(queue.next(8000)))).toEqual([[7, 8], [9, 10], null]);
  });

  it('loses the oldest of what is more than 200 ms', () => {
    const queue = new PromptQueue();
    for (let step = 1; step <= 25; step += 6) queue.push(staircase(step, 6), 'PCMU');
    const all = Array.from({ length: 12 }, () => steps(queue.next(8000)));
    expect(all.slice(0, 10).flat()).toEqual(Array.from({ length: 20 }, (_, i) => 11 + i));
    expect(all.slice(10)).toEqual([null, null]);
  });

  it('does not mix what came in two rates', () => {
    const queue = new PromptQueue();
    queue.push(tone(1000, 'G722', 60), 'G722');
    queue.push(staircase(1, 2), 'PCMU');
    expect(steps(queue.next(8000))).toEqual([1, 2]);
    expect(queue.next(8000)).toBeNull();
  });

  it('has no bang at the beginning of the next prompt in G.722, which comes from a new encoder', () => {
    const queue = new PromptQueue();
    heard(queue, tone(300, 'G722', 400), 'G722', 20, 16_000);
    // Cut off in the middle; nothing for a while.
    for (let i = 0; i < 20; i += 1) queue.next(16_000);
    const [again, alone] = [queue, new PromptQueue()].map((each) =>
      heard(each, tone(1000, 'G722', 200), 'G722', 20, 16_000),
    );
    expect(again).toEqual(alone);
  });

  it('is nothing for an empty payload', () => {
    const queue = new PromptQueue();
    queue.push(new Uint8Array(0), 'PCMA');
    expect(queue.next(8000)).toBeNull();
    expect(queue.next(8000)).toBeNull();
  });
});
