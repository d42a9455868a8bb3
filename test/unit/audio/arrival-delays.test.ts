import { describe, expect, it } from 'vitest';
import { ArrivalDelays } from '../../../src/audio/arrival-delays.ts';
import { randomFrom } from './playout.ts';

/** Frames of 20 ms, each with the transit time given for it. */
function measure(delays: ArrivalDelays, from: number, frames: number, transitMs: (frame: number) => number): void {
  for (let frame = from; frame < from + frames; frame += 1) delays.add(transitMs(frame), frame * 20);
}

function begun(transitMs: number): ArrivalDelays {
  const delays = new ArrivalDelays();
  delays.begin(transitMs, 0);
  return delays;
}

describe('the delays of arriving frames', () => {
  it('are none on an even network, however long it is or the clocks are apart', () => {
    for (const transitMs of [-1e9, 0, 37.5, 1e9]) {
      const delays = begun(transitMs);
      measure(delays, 0, 1000, () => transitMs);
      expect(delays.fastestMs).toBe(transitMs);
      expect(delays.quantileMs(0.01)).toBe(0);
    }
  });

  it('are those that all but one in a hundred frames keep to', () => {
    const random = randomFrom(1);
    const delays = begun(50);
    measure(delays, 0, 5000, () => 50 + 30 * random());
    expect(delays.quantileMs(0.01)).toBeGreaterThanOrEqual(28);
    expect(delays.quantileMs(0.01)).toBeLessThanOrEqual(32);
    const rare = begun(50);
    measure(rare, 0, 5000, (frame) => (frame % 200 === 0 ? 110 : 50));
    expect(rare.quantileMs(0.01)).toBe(0);
  });

  it('are known after few frames, and forgotten within some ten seconds', () => {
    const delays = begun(50);
    measure(delays, 0, 30, (frame) => 50 + (frame % 3) * 20);
    expect(delays.quantileMs(0.01)).toBeGreaterThanOrEqual(40);
    measure(delays, 30, 3000, () => 50);
    expect(delays.quantileMs(0.01)).toBe(0);
  });

  it('are measured anew when the route becomes slower as a whole, or the clock drifts', () => {
    const delays = begun(50);
    measure(delays, 0, 1000, (frame) => 50 + (frame % 2) * 6);
    measure(delays, 1000, 600, (frame) => 90 + (frame % 2) * 6);
    expect(delays.fastestMs).toBe(90);
    expect(delays.quantileMs(0.01)).toBeLessThanOrEqual(10);
    const drifting = begun(0);
    measure(drifting, 0, 50_000, (frame) => frame * 20 * 200e-6);
    expect(drifting.quantileMs(0.01)).toBeLessThanOrEqual(4);
  });

  it('never exceed what is counted', () => {
    const delays = begun(0);
    measure(delays, 0, 200, (frame) => (frame % 2) * 900);
    expect(delays.quantileMs(0.01)).toBe(126);
  });
});
