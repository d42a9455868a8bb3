import { describe, expect, it } from 'vitest';
import { levelDbov, longestSilenceMs, SILENCE_DBOV, toneLevelDbov } from '../../kit/phone/judge.ts';
import { burstLatency, burstOnsets } from '../../kit/phone/judge-bursts.ts';
import { matchSpeech } from '../../kit/phone/judge-speech.ts';

function sine(freqHz: number, peak: number, length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => Math.round(peak * Math.sin((2 * Math.PI * freqHz * i) / 8000)));
}

function sum(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, i) => sample + (b[i] ?? 0));
}

describe('a level', () => {
  it('of a full-scale square wave is 0 dBov, of a full-scale sine -3.01 dBov', () => {
    expect(levelDbov(Int16Array.from({ length: 800 }, () => -32768))).toBe(0);
    expect(levelDbov(sine(1000, 32767, 800))).toBeCloseTo(-3.01, 2);
    expect(toneLevelDbov(sine(1000, 32767, 800), 1000)).toBeCloseTo(-3.01, 2);
  });

  it('of silence is the bottom of the scale', () => {
    expect(levelDbov(new Int16Array(80))).toBe(SILENCE_DBOV);
    expect(levelDbov(new Int16Array(0))).toBe(SILENCE_DBOV);
    expect(toneLevelDbov(new Int16Array(800), 440)).toBe(SILENCE_DBOV);
  });

  it.each([300, 440, 441, 1004, 3400])('of a tone of %i Hz is exact for any whole frequency', (freqHz) => {
    expect(toneLevelDbov(sine(freqHz, 3276.8, 1600), freqHz)).toBeCloseTo(-23.01, 1);
  });

  it('of one tone is not that of its louder neighbour', () => {
    const both = sum(sine(440, 327, 4000), sine(540, 16000, 4000));
    expect(toneLevelDbov(both, 440)).toBeCloseTo(-43.0, 0);
    expect(toneLevelDbov(both, 700)).toBeLessThan(-80);
  });
});

describe('silence', () => {
  it('is measured by its longest stretch', () => {
    const audio = new Int16Array(8000);
    audio.set(sine(500, 5000, 800), 0);
    audio.set(sine(500, 5000, 800), 4000);
    expect(longestSilenceMs(audio)).toBe(400);
    expect(longestSilenceMs(sine(500, 5000, 800))).toBe(0);
  });
});

describe('bursts', () => {
  it('are found to the sample', () => {
    const audio = new Int16Array(8000);
    for (const at of [801, 4567]) audio.fill(8000, at, at + 320);
    expect(burstOnsets(audio)).toEqual([801, 4567]);
  });

  it('have no onset when they run already', () => {
    expect(burstOnsets(new Int16Array(800).fill(8000))).toEqual([]);
  });

  it('are matched to the newest spoken one; missing ones are counted', () => {
    const latency = burstLatency([0, 1000, 2000], [30, 2050], { maxLatencyMs: 500 });
    expect(latency).toEqual({ latenciesMs: [30, 50], missed: 1, meanMs: 40, maxMs: 50 });
  });

  it('heard before the first spoken one belong to none', () => {
    expect(burstLatency([1000], [900, 1020], { maxLatencyMs: 500 })).toMatchObject({ latenciesMs: [20], missed: 0 });
    expect(burstLatency([1000], [], { maxLatencyMs: 500 })).toMatchObject({ latenciesMs: [], missed: 1 });
  });
});

describe('speech', () => {
  const speech = Int16Array.from({ length: 24_000 }, (_, i) => {
    const loudness = Math.max(0, Math.sin(i / 701) + Math.sin(i / 1303));
    return 5000 * loudness * Math.sin(i * i * 0.37);
  });

  it('is recognised at its delay, quieter and with noise', () => {
    const heard = new Int16Array(24_000 + 4000);
    for (let i = 0; i < speech.length; i++) {
      heard[i + 800] = 0.3 * (speech[i] as number) + 100 * Math.sin(i * i * 0.11);
    }
    const { match, delayMs } = matchSpeech(speech, heard, { maxDelayMs: 400 });
    expect(match).toBeGreaterThan(0.98);
    expect(delayMs).toBe(100);
  });

  it('is not recognised in silence or other sound', () => {
    expect(matchSpeech(speech, new Int16Array(28_000), { maxDelayMs: 400 })).toEqual({ match: 0, delayMs: 0 });
    const other = Int16Array.from({ length: 28_000 }, (_, i) => 5000 * Math.max(0, Math.sin(i / 211)));
    expect(matchSpeech(speech, other, { maxDelayMs: 400 }).match).toBeLessThan(0.4);
  });
});
