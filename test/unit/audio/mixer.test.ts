import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KNEE, Mixer, saturate } from '../../../src/audio/mixer.ts';

const LENGTH = 16;
const frames = fc.int16Array({ minLength: LENGTH, maxLength: LENGTH });

function mixerOf(parts: readonly Int16Array[]): Mixer {
  const mixer = new Mixer(LENGTH);
  for (const frame of parts) mixer.add(frame);
  return mixer;
}

function mixed(mixer: Mixer): Int16Array {
  const out = new Int16Array(LENGTH).fill(99);
  mixer.mixInto(out);
  return out;
}

describe('the mixer', () => {
  it('adds what is below the knee exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.int16Array({ minLength: LENGTH, maxLength: LENGTH, min: -4000, max: 4000 }), { maxLength: 5 }),
        (parts) => {
          const out = mixed(mixerOf(parts));
          for (let i = 0; i < LENGTH; i += 1)
            expect(out[i]).toBe(parts.reduce((sum, frame) => sum + (frame[i] ?? 0), 0));
        },
      ),
    );
  });

  it('passes one frame on exactly, however loud', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(mixed(mixerOf([frame]))).toEqual(frame);
      }),
    );
  });

  it('saturates what two loud ones make together', () => {
    const loud = new Int16Array(LENGTH).fill(30_000);
    expect([...new Set(mixed(mixerOf([loud, loud])))]).toEqual([saturate(60_000)]);
  });

  it('never wraps: the sign of a sum is kept, however many are loud', () => {
    const loud = new Int16Array(LENGTH).fill(-32_768);
    const out = mixed(mixerOf(Array.from({ length: 60_000 }, () => loud)));
    expect([...new Set(out)]).toEqual([-32_767]);
  });

  it('begins anew after a reset', () => {
    const mixer = mixerOf([new Int16Array(LENGTH).fill(500)]);
    mixer.reset();
    expect(mixer.sources).toBe(0);
    expect(mixed(mixer)).toEqual(new Int16Array(LENGTH));
    const loud = new Int16Array(LENGTH).fill(32_000);
    mixer.add(loud);
    expect(mixed(mixer)).toEqual(loud);
  });

  it('is silent without anybody', () => {
    expect(mixed(new Mixer(LENGTH))).toEqual(new Int16Array(LENGTH));
  });
});

describe('saturation', () => {
  it('changes nothing below 3 dB under full scale', () => {
    expect(20 * Math.log10(KNEE / 32_768)).toBeCloseTo(-3, 2);
    for (let sum = -KNEE; sum <= KNEE; sum += 1) if (saturate(sum) !== sum) throw new Error(`changed ${sum}`);
  });

  it('is monotone and without steps, the same on both sides, and ends at full scale', () => {
    let before = saturate(0);
    for (let sum = 1; sum <= 400_000; sum += 1) {
      const out = saturate(sum);
      if (out < before || out > before + 1 || out > 32_767 || saturate(-sum) !== -out) throw new Error(`bad at ${sum}`);
      before = out;
    }
    expect(saturate(2 ** 31 - 1)).toBe(32_767);
    expect(saturate(-(2 ** 31))).toBe(-32_767);
  });
});
