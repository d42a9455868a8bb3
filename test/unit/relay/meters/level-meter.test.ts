import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelDbov } from '../../../../src/audio/level.ts';
import { LevelMeter } from '../../../../src/relay/meters/level-meter.ts';

const FRAME_MS = 20;
const FRAME_SAMPLES = 160;

/** A square wave of this level. */
function frame(dbov: number): Int16Array {
  const amplitude = dbov <= -127 ? 0 : Math.round(32_768 * 10 ** (dbov / 20));
  return Int16Array.from({ length: FRAME_SAMPLES }, (_, index) => (index % 2 === 0 ? amplitude : -amplitude));
}

/** What is told while frames of these levels come, with the time in ms. */
function told(levels: readonly number[], meter = new LevelMeter()): [atMs: number, levelDbov: number][] {
  return levels.flatMap((level, index) => {
    meter.push(frame(level), FRAME_SAMPLES);
    const news = meter.news(index * FRAME_MS);
    return news === null ? [] : [[index * FRAME_MS, news] as [number, number]];
  });
}

const repeat = (level: number, frames: number) => Array.from({ length: frames }, () => level);

describe('a level', () => {
  it('is that of the sound from its second frame on, however silent it was before', () => {
    const news = told([...repeat(-127, 50), ...repeat(-20, 50)]);
    expect(news).toHaveLength(2);
    expect(news[0]).toEqual([0, -127]);
    expect(news[1]?.[0]).toBe(51 * FRAME_MS);
    expect(news[1]?.[1]).toBeCloseTo(-20, 1);
  });

  it('is that of the loudest 100 ms since it was told', () => {
    const meter = new LevelMeter();
    for (const level of [...repeat(-30, 20), ...repeat(-20, 10), ...repeat(-30, 20)]) {
      meter.push(frame(level), FRAME_SAMPLES);
    }
    expect(meter.news(0)).toBeCloseTo(-20, 1);
  });

  it('of a click is not that of the click alone', () => {
    const meter = new LevelMeter();
    for (const level of [...repeat(-40, 20), -10, ...repeat(-40, 20)]) meter.push(frame(level), FRAME_SAMPLES);
    expect(meter.news(0)).toBeCloseTo(-10 + 10 * Math.log10(1 / 5), 0.5);
  });

  it('is told when it has changed by more than 1 dB, and when silence begins', () => {
    expect(told([...repeat(-20, 20), ...repeat(-20.9, 20)])).toHaveLength(1);
    expect(told([...repeat(-20, 20), ...repeat(-22, 20)]).at(-1)?.[1]).toBeLessThan(-21);
    expect(told([...repeat(-20, 20), ...repeat(-90, 20)]).at(-1)?.[1]).toBeLessThan(-70);
    expect(told([...repeat(-80, 20), ...repeat(-90, 20), ...repeat(-75, 20)])).toHaveLength(1);
  });

  it('is told at most ten times a second, and in the end is right to within 1 dB, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -69, max: -1 }), { maxLength: 100 }), (levels) => {
        const last = levels.at(-1) ?? -30;
        const news = told([...levels, ...repeat(last, 16)]);
        for (const [index, [atMs]] of news.entries()) {
          expect(atMs - (news[index - 1]?.[0] ?? -1000)).toBeGreaterThanOrEqual(100);
        }
        // Of the frame as it is: softer ones are coarse. A tenth is for rounding.
        expect(Math.abs((news.at(-1)?.[1] ?? 0) - levelDbov(frame(last)))).toBeLessThan(1.1);
      }),
    );
  });

  it('is told again to who does not know it', () => {
    const meter = new LevelMeter();
    expect(told(repeat(-20, 20), meter)).toHaveLength(1);
    meter.forget();
    expect(told(repeat(-20, 20), meter)).toHaveLength(1);
  });

  it('is not told where nothing comes', () => {
    expect(new LevelMeter().news(0)).toBeNull();
  });
});
