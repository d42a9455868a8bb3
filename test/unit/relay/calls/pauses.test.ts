import { expect, it } from 'vitest';
import { encodeG711Into } from '../../../../src/audio/g711.ts';
import { Pauses } from '../../../../src/relay/calls/pauses.ts';

/** A multiple of each of the durations of packets. */
const SPEECH_MS = 1200;

it.each([10, 20, 30, 40, 60])('a pause begins as long after speech in packets of %i ms as in others', (packetMs) => {
  const pauses = new Pauses();
  let atMs = 0;
  const isPause = () => {
    const loud = atMs < SPEECH_MS ? 8000 : 0;
    const samples = Int16Array.from({ length: 8 * packetMs }, (_, at) => loud * Math.sin(at / 3));
    atMs += packetMs;
    const payload = Buffer.alloc(samples.length);
    encodeG711Into('PCMA', samples, payload);
    return pauses.push('PCMA', payload);
  };
  while (atMs < SPEECH_MS) expect(isPause()).toBe(false);
  while (!isPause()) expect(atMs).toBeLessThan(2 * SPEECH_MS);
  expect(atMs - SPEECH_MS).toBeGreaterThan(190);
  expect(atMs - SPEECH_MS).toBeLessThanOrEqual(220 + 2 * packetMs);
});
