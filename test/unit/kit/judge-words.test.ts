import { describe, expect, it } from 'vitest';
import { similarity } from '../../kit/phone/judge-words.ts';
import { nextRatio, seededRandom } from '../../kit/random.ts';

/** Something like words: notes of a random pitch, loud and soft alike for all seeds. */
function words(seed: number): Int16Array {
  const random = seededRandom(seed);
  const pitches = Array.from({ length: 8 }, () => 100 + 600 * nextRatio(random));
  const wave = (i: number) => Math.sin((2 * Math.PI * i * (pitches[Math.floor(i / 1000)] ?? 0)) / 8000);
  return Int16Array.from({ length: 8000 }, (_, i) => 8000 * wave(i) * Math.sin((Math.PI * (i % 1000)) / 1000));
}

/** As it is heard: later, softer, and with a hole of so many samples in the middle. */
function heard(sound: Int16Array, hole = 0): Int16Array {
  const out = new Int16Array(sound.length + 6400);
  out.set(sound.subarray(0, 4000), 3000);
  out.set(sound.subarray(4000), 7000 + hole);
  return out.map((sample) => sample / 4);
}

describe('words', () => {
  it('are known again, however late and soft, and with a hole in them', () => {
    expect(similarity(words(1), heard(words(1)))).toBeGreaterThan(0.99);
    expect(similarity(words(1), heard(words(1), 480))).toBeGreaterThan(0.85);
  });

  it('are not taken for others that are as loud at the same times, nor for silence', () => {
    expect(similarity(words(1), heard(words(2)))).toBeLessThan(0.8);
    expect(similarity(words(1), new Int16Array(16_000))).toBe(0);
  });
});
