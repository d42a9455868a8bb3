import { describe, expect, it } from 'vitest';
import { type Codec, decodeG711Wrapped } from '../../kit/phone/g711.ts';
import { levelDbov, toneLevelDbov } from '../../kit/phone/judge.ts';
import { burstOnsets } from '../../kit/phone/judge-bursts.ts';
import { bursts, framesOf, nothing, type Sound, samples, silence, tone, tones } from '../../kit/phone/sound.ts';
import { parseWav } from '../../kit/phone/wav.ts';

const FRAME = 160;

/** A second of the sound as it is heard. */
function heard(sound: Sound, codec: Codec = 'PCMU'): Int16Array {
  const prepared = framesOf(sound, codec, FRAME);
  const out = new Int16Array(8000);
  for (let n = 0; prepared !== null && n < 50; n++) {
    const index = prepared.loop ? n % prepared.frames.length : n;
    decodeG711Wrapped(codec, prepared.frames[index] ?? prepared.silence, 0, FRAME, out, n * FRAME);
  }
  return out;
}

describe('a sound', () => {
  it.each([
    [440, 'PCMU'],
    [441, 'PCMU'],
    [1000, 'PCMA'],
  ] as const)('of %i Hz in %s has its level and no step where it repeats', (freqHz, codec) => {
    const audio = heard(tone(freqHz, -20), codec);
    expect(toneLevelDbov(audio, freqHz)).toBeCloseTo(-20, 0);
    expect(levelDbov(audio)).toBeCloseTo(-20, 0);
  });

  it('may be a sum of tones', () => {
    const audio = heard(
      tones([
        { freqHz: 350, levelDbov: -20 },
        { freqHz: 900, levelDbov: -30 },
      ]),
    );
    expect(toneLevelDbov(audio, 350)).toBeCloseTo(-20, 0);
    expect(toneLevelDbov(audio, 900)).toBeCloseTo(-30, 0);
  });

  it('may be bursts with onsets at even distances', () => {
    const onsets = burstOnsets(heard(bursts({ everyMs: 250 })));
    expect(onsets).toEqual([2000, 4000, 6000]);
  });

  it('is encoded once', () => {
    const sound = tone(440, -20);
    expect(framesOf(sound, 'PCMU', FRAME)).toBe(framesOf(sound, 'PCMU', FRAME));
    expect(framesOf(sound, 'PCMU', FRAME)?.frames).toHaveLength(5);
  });

  it('said once is followed by silence', () => {
    const audio = heard(samples(new Int16Array(400).fill(8000), { loop: false }));
    expect(levelDbov(audio.subarray(0, 400))).toBeGreaterThan(-14);
    expect(levelDbov(audio.subarray(400))).toBeLessThan(-70);
  });

  it('may be silence, or nothing at all', () => {
    expect(levelDbov(heard(silence(), 'PCMA'))).toBeLessThan(-70);
    expect(framesOf(nothing(), 'PCMU', FRAME)).toBeNull();
  });

  it.each([() => tone(440.5, -20), () => tone(4000, -20), () => tone(440, -2)])(
    'that cannot be said is refused (%#)',
    (make) => {
      expect(make).toThrow(expect.objectContaining({ code: 'bad-sound' }));
    },
  );
});

describe('a WAV file', () => {
  function wav(rateHz: number, pcm: readonly number[]): Buffer {
    const out = Buffer.alloc(54 + pcm.length * 2);
    out.write('RIFF', 0);
    out.write('WAVEfmt ', 8);
    out.writeUInt32LE(16, 16);
    out.writeUInt16LE(1, 20);
    out.writeUInt16LE(1, 22);
    out.writeUInt32LE(rateHz, 24);
    out.writeUInt16LE(16, 34);
    // An odd chunk that has to be stepped over, with its padding.
    out.write('LIST', 36);
    out.writeUInt32LE(1, 40);
    out.write('data', 46);
    out.writeUInt32LE(pcm.length * 2, 50);
    for (const [i, sample] of pcm.entries()) out.writeInt16LE(sample, 54 + i * 2);
    return out;
  }

  it('gives its samples', () => {
    expect(parseWav(wav(8000, [1, -2, 32767]))).toEqual(Int16Array.of(1, -2, 32767));
  });

  it('of another rate, or cut off, is null', () => {
    expect(parseWav(wav(16_000, [1]))).toBeNull();
    expect(parseWav(wav(8000, [1]).subarray(0, 30))).toBeNull();
  });
});
