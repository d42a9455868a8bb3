import { describe, expect, it } from 'vitest';
import { levelDbov } from '../../../src/audio/level.ts';
import { StreamResampler } from '../../../src/audio/resample.ts';

const halver = () => new StreamResampler(16_000, 8000);
const doubler = () => new StreamResampler(8000, 16_000);

const FRAMES = 50;

/** A tone in frames of 20 ms. */
function frames(hz: number, rateHz: number, peak = 10_000): Int16Array[] {
  const size = rateHz / 50;
  return Array.from({ length: FRAMES }, (_, frame) =>
    Int16Array.from({ length: size }, (_, i) =>
      Math.round(peak * Math.sin((2 * Math.PI * hz * (frame * size + i)) / rateHz)),
    ),
  );
}

/** All frames after the first, in one. */
function convert(converter: StreamResampler, input: readonly Int16Array[], size: number): Int16Array {
  const out = input.map((frame) => {
    const converted = new Int16Array(size);
    converter.convertInto(converted, frame);
    return converted;
  });
  return Int16Array.from(out.slice(1).flatMap((frame) => [...frame]));
}

/** The level of what is left when the tone has been taken out. */
function distortionDbov(samples: Int16Array, hz: number, rateHz: number): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < samples.length; i += 1) {
    re += (samples[i] ?? 0) * Math.cos((2 * Math.PI * hz * i) / rateHz);
    im += (samples[i] ?? 0) * Math.sin((2 * Math.PI * hz * i) / rateHz);
  }
  const scale = 2 / samples.length;
  const rest = samples.map(
    (value, i) =>
      value - scale * (re * Math.cos((2 * Math.PI * hz * i) / rateHz) + im * Math.sin((2 * Math.PI * hz * i) / rateHz)),
  );
  return levelDbov(rest);
}

describe('halving the rate', () => {
  it.each([100, 400, 1000, 3000, 3400])('keeps a tone of %i Hz as it is', (hz) => {
    const input = frames(hz, 16_000);
    const halved = convert(halver(), input, 160);
    expect(levelDbov(halved)).toBeCloseTo(levelDbov(input[10] ?? new Int16Array(1)), 0);
    expect(distortionDbov(halved, hz, 8000)).toBeLessThan(-60);
  });

  it.each([4800, 6000, 7500])('lets nothing of %i Hz fold back', (hz) => {
    expect(levelDbov(convert(halver(), frames(hz, 16_000), 160))).toBeLessThan(-60);
  });
});

describe('doubling the rate', () => {
  it.each([100, 400, 1000, 3000, 3400])('keeps a tone of %i Hz as it is, without a mirror image', (hz) => {
    const input = frames(hz, 8000);
    const doubled = convert(doubler(), input, 320);
    expect(levelDbov(doubled)).toBeCloseTo(levelDbov(input[10] ?? new Int16Array(1)), 0);
    expect(distortionDbov(doubled, hz, 16_000)).toBeLessThan(-55);
  });

  it('and halving it again gives the same sound', () => {
    const up = doubler();
    const down = halver();
    const twice = new Int16Array(320);
    const once = new Int16Array(160);
    for (const frame of frames(1000, 8000)) {
      up.convertInto(twice, frame);
      down.convertInto(once, twice);
    }
    expect(levelDbov(once)).toBeCloseTo(-13.3, 0);
  });

  it('does not wrap where the loudest sound overshoots', () => {
    const square = Array.from({ length: FRAMES }, () =>
      Int16Array.from({ length: 160 }, (_, i) => (i % 8 < 4 ? 32_767 : -32_768)),
    );
    const out = convert(doubler(), square, 320);
    // A wrapped peak would make the loudest sample the neighbour of the softest.
    const jumps = [...out].slice(1).map((value, i) => Math.abs(value - (out[i] ?? 0)));
    expect(Math.max(...jumps)).toBeLessThan(50_000);
  });
});
