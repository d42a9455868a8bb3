import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Concealment } from '../../../src/audio/concealment.ts';
import { levelDbov, SILENCE_DBOV } from '../../../src/audio/level.ts';
import { randomFrom } from './playout.ts';

const RATES = [8000, 16_000] as const;
const AMPLITUDE = 10_000;

function frameSamples(rateHz: number): number {
  return rateHz / 50;
}

/** The sound after a concealment, frame by frame; `lost` tells which frames are. */
function hear(rateHz: number, frames: number, lost: (frame: number) => boolean, soundAt: (seconds: number) => number) {
  const concealment = new Concealment(rateHz);
  const size = frameSamples(rateHz);
  const heard = new Int16Array(frames * size);
  for (let frame = 0; frame < frames; frame += 1) {
    const out = heard.subarray(frame * size, (frame + 1) * size);
    if (lost(frame)) {
      concealment.conceal(out);
    } else {
      for (let i = 0; i < size; i += 1) out[i] = Math.round(soundAt((frame * size + i) / rateHz));
      concealment.good(out);
    }
  }
  return heard;
}

function largestStep(samples: Int16Array): number {
  let largest = 0;
  for (let i = 1; i < samples.length; i += 1) {
    largest = Math.max(largest, Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0)));
  }
  return largest;
}

/** The largest change of slope: what is heard as a click within a tone. */
function largestBend(samples: Int16Array): number {
  return largestStep(samples.subarray(1).map((sample, i) => sample - (samples[i] ?? 0)));
}

/** 1 for the same sound, 0 for sounds that have nothing in common. */
function likeness(one: Int16Array, other: Int16Array): number {
  let product = 0;
  for (const [i, sample] of one.entries()) product += sample * (other[i] ?? 0);
  const energy = (samples: Int16Array) => samples.reduce((sum, sample) => sum + sample * sample, 0);
  return product / Math.sqrt(energy(one) * energy(other));
}

const tone = (frequencyHz: number) => (seconds: number) => AMPLITUDE * Math.sin(2 * Math.PI * frequencyHz * seconds);

/** A voice is a sum of harmonics of its pitch, the upper ones softer. */
const vowel = (pitchHz: number) => (seconds: number) => {
  let sum = 0;
  for (let n = 1; n * pitchHz < 3400; n += 1) sum += Math.sin(2 * Math.PI * n * pitchHz * seconds + n * n) / n;
  return (AMPLITUDE / 3) * sum;
};

describe.each(RATES)('concealment at %d Hz', (rateHz) => {
  const size = frameSamples(rateHz);
  const singles = (frame: number) => frame % 5 === 4;

  it.each([300, 400, 440, 613, 1000])(
    'of single losses in a tone of %d Hz makes no click and no gap',
    (frequencyHz) => {
      const heard = hear(rateHz, 100, singles, tone(frequencyHz));
      const natural = 2 * AMPLITUDE * Math.sin((Math.PI * frequencyHz) / rateHz);
      expect(largestStep(heard)).toBeLessThan(1.25 * natural);
      const whole = levelDbov(heard.subarray(0, size * 4));
      for (let frame = 4; frame < 100; frame += 5) {
        expect(Math.abs(levelDbov(heard.subarray(frame * size, (frame + 1) * size)) - whole)).toBeLessThan(3);
      }
    },
  );

  it.each([90, 130, 220])('of single losses in a vowel of %d Hz makes no click and no gap', (pitchHz) => {
    const sound = vowel(pitchHz);
    const whole = hear(rateHz, 100, () => false, sound);
    const heard = hear(rateHz, 100, singles, sound);
    expect(largestStep(heard)).toBeLessThan(1.25 * largestStep(whole));
    for (let frame = 4; frame < 100; frame += 5) {
      const level = levelDbov(heard.subarray(frame * size, (frame + 1) * size));
      expect(Math.abs(level - levelDbov(whole))).toBeLessThan(3);
    }
  });

  it('of losses in a row in a tone that grows louder makes no click from one of them to the next', () => {
    const sound = (seconds: number) => tone(310)(seconds) * (0.1 + 4 * (seconds % 0.2));
    const whole = hear(rateHz, 100, () => false, sound);
    const heard = hear(rateHz, 10, (frame) => frame > 7, sound);
    expect(largestBend(heard)).toBeLessThan(1.25 * largestBend(whole.subarray(0, size * 10)));
  });

  it('of losses in a row repeats more than one period, which would buzz', () => {
    const random = randomFrom(3);
    const heard = hear(
      rateHz,
      12,
      (frame) => frame > 9,
      () => AMPLITUDE * (random() - 0.5),
    );
    const second = heard.subarray(11 * size);
    for (let lag = (5 * rateHz) / 1000; lag <= (15 * rateHz) / 1000; lag += 1) {
      const before = heard.subarray(11 * size - lag, 12 * size - lag);
      expect(likeness(second, before)).toBeLessThan(0.9);
    }
  });

  it('fades to silence within 60 ms, and comes back without a click', () => {
    const heard = hear(rateHz, 30, (frame) => frame >= 10 && frame < 15, tone(400));
    const levels = Array.from({ length: 30 }, (_, frame) =>
      levelDbov(heard.subarray(frame * size, (frame + 1) * size)),
    );
    expect(levels[10]).toBeGreaterThan((levels[9] ?? 0) - 3);
    expect(levels[11]).toBeLessThan(levels[10] ?? 0);
    expect(levels[12]).toBeLessThan((levels[11] ?? 0) - 6);
    expect(levels.slice(13, 15)).toEqual([SILENCE_DBOV, SILENCE_DBOV]);
    expect(levels[16]).toBeCloseTo(levels[9] ?? 0, 0);
    expect(largestStep(heard)).toBeLessThan(1.25 * 2 * AMPLITUDE * Math.sin((Math.PI * 400) / rateHz));
  });

  it('leaves frames alone as long as none was lost', () => {
    const heard = hear(rateHz, 20, () => false, tone(400));
    expect(heard).toEqual(Int16Array.from(heard, (_, i) => Math.round(tone(400)(i / rateHz))));
  });

  it('of silence is silence, also before there was any sound', () => {
    expect(
      new Set(
        hear(
          rateHz,
          20,
          (frame) => frame % 3 === 0,
          () => 0,
        ),
      ),
    ).toEqual(new Set([0]));
  });

  it('forgets what was heard before a reset', () => {
    const concealment = new Concealment(rateHz);
    concealment.good(new Int16Array(size).map((_, i) => tone(400)(i / rateHz)));
    concealment.reset();
    const out = new Int16Array(size).fill(1);
    concealment.conceal(out);
    expect(out).toEqual(new Int16Array(size));
  });

  it('is never louder than what it continues, whatever that was', () => {
    const frames = fc.int16Array({ minLength: size, maxLength: size });
    fc.assert(
      fc.property(fc.array(fc.option(frames), { minLength: 1, maxLength: 12 }), (given) => {
        const concealment = new Concealment(rateHz);
        let peak = 0;
        for (const frame of given) {
          const out = frame === null ? new Int16Array(size) : Int16Array.from(frame);
          if (frame === null) concealment.conceal(out);
          else concealment.good(out);
          for (const sample of frame ?? []) peak = Math.max(peak, Math.abs(sample));
          // Where it breaks off, the difference of two samples is led over: at most one more each.
          for (const sample of out) expect(Math.abs(sample)).toBeLessThanOrEqual(3 * peak);
        }
      }),
      { numRuns: 20 },
    );
  });
});
